'use strict';

(() => {
  const rooms = { 0: 'Anna’s nursery', 1: 'Ben’s living room' };
  const naiveEvery = 125; // ms between pictures, as often as the cameras take them
  const goodFor = 7000, badFor = 20000; // ms, by turns, until somebody clicks

  // What the counters say, for tests as well.
  const counts = globalThis.incident = {
    naive: { pictures: 0, wrong: 0 }, sealcam: { pictures: 0, wrong: 0, refused: 0, reasons: {} }, network: { bad: false, mixed: false },
  };
  const byId = (id) => document.getElementById(id);
  const refusals = new Map(); // frame -> counts of its client

  const show = () => {
    byId('naive-wrong').textContent = counts.naive.wrong;
    byId('sealcam-wrong').textContent = counts.sealcam.wrong;
    byId('sealcam-refused').textContent = counts.sealcam.refused;
    byId('sealcam-reasons').textContent = Object.keys(counts.sealcam.reasons).join(', ');
  };

  const judge = (figure, verdict, words) => {
    figure.dataset.verdict = verdict;
    figure.querySelector('figcaption').textContent = words;
  };

  // The naive viewer: it draws what the server sends.
  const naive = (figure) => {
    const home = Number(figure.dataset.home);
    const canvas = figure.querySelector('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    let last = '';
    const draw = async () => {
      try {
        const answer = await fetch(`/clear/${home}`, { cache: 'no-store' });
        if (!answer.ok) throw new Error(answer.statusText);
        const picture = await createImageBitmap(await answer.blob());
        context.drawImage(picture, 0, 0, canvas.width, canvas.height);
        picture.close();
        const strip = readStrip(canvas, 0, 0, canvas.width, canvas.height);
        const seen = strip && `${strip.home}/${strip.number}`;
        if (seen && seen !== last) {
          last = seen;
          counts.naive.pictures++;
          if (strip.home === home) {
            judge(figure, 'right', rooms[home]);
          } else {
            counts.naive.wrong++;
            judge(figure, 'wrong', `${rooms[strip.home]} on ${figure.dataset.person}’s screen`);
          }
          show();
        }
      } catch {
        judge(figure, 'waiting', 'the server does not answer');
      }
      setTimeout(draw, naiveEvery);
    };
    draw();
  };

  // Sealcam: its frames tell what was read from their canvas.
  const sealcam = new Map([...document.querySelectorAll('figure.sealcam')].map((figure) => [figure.querySelector('iframe').contentWindow, figure]));
  addEventListener('message', (event) => {
    const figure = sealcam.get(event.source);
    const message = event.data;
    if (!figure || !message) return;
    const home = Number(figure.dataset.home);
    if (message.incident === 'drawn' && message.strip) {
      counts.sealcam.pictures++;
      if (message.strip.home !== home) {
        counts.sealcam.wrong++;
        figure.dataset.foreign = message.strip.home;
      }
    }
    if (message.incident === 'state') {
      refusals.set(figure, message.counts);
      const tile = message.tiles[0];
      const words = {
        live: ['right', rooms[home]],
        stale: ['held', `${rooms[home]}, marked as old`],
        blank: ['held', 'Blank rather than wrong'],
      }[tile && tile.state] ?? ['waiting', 'opening'];
      if (figure.dataset.foreign !== undefined) words.splice(0, 2, 'wrong', rooms[figure.dataset.foreign]);
      judge(figure, words[0], words[1]);
      total();
    }
    show();
  });

  const total = () => {
    const sum = { refused: 0, reasons: {} };
    for (const tiles of refusals.values()) {
      for (const tile of tiles) {
        sum.refused += tile.refused + tile.unknown;
        if (tile.unknown) sum.reasons['unknown key'] = (sum.reasons['unknown key'] ?? 0) + tile.unknown;
        const known = Object.entries(tile.reasons);
        for (const [reason, n] of known.length ? known : [['not authentic', tile.refused]]) {
          if (n > 0) sum.reasons[reason] = (sum.reasons[reason] ?? 0) + n;
        }
      }
    }
    Object.assign(counts.sealcam, sum);
  };

  // The network: by itself good and bad by turns, by hand after a click.
  let auto = 0;
  const network = async (state) => {
    const answer = await fetch(state ? `/network/${state}` : '/network', { method: state ? 'POST' : 'GET', cache: 'no-store' });
    counts.network = await answer.json();
    const { bad, mixed } = counts.network;
    document.body.dataset.network = mixed ? 'mixed' : bad ? 'bad' : 'good';
    byId('network-state').textContent = mixed ? 'The cache mixes the homes up' : bad ? 'The network is bad' : 'The network is good';
    byId('network-more').textContent = bad ? 'Click to mend the network' : 'Click to make it bad';
  };
  const turns = (bad) => {
    network(bad ? 'bad' : 'good').catch(() => {});
    auto = setTimeout(turns, bad ? badFor : goodFor, !bad);
  };
  byId('network').addEventListener('click', () => {
    clearTimeout(auto);
    network(counts.network.bad ? 'good' : 'bad').catch(() => {});
  });
  setInterval(() => network().catch(() => {}), 200);

  for (const figure of document.querySelectorAll('figure.naive')) naive(figure);
  for (const figure of document.querySelectorAll('figure.sealcam')) judge(figure, 'waiting', 'opening');
  if (new URLSearchParams(location.search).get('network') !== 'hand') turns(false);
})();
