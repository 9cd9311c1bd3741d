// Starts the client: takes a link's secret out of the address, checks what the browser can do, loads the WebAssembly with its
// progress shown, and explains on the page whatever goes wrong. The client finds its half of this in globalThis.sealcam.boot.
'use strict';
(() => {
  const { t, number, ready, language } = globalThis.sealcam.words;
  const byId = (id) => document.getElementById(id);
  const sheet = byId('sheet');

  // A link's secret must leave the address bar and the history before anything else runs.
  let link = '';
  let opened = null;
  const takeFragment = () => {
    const fragment = location.hash.slice(1);
    if (!/^(?:(?:claim|invite|pair|recover|camera)=|(?:display|recover|devices)$)/.test(fragment)) return false;
    history.replaceState(null, '', location.pathname + location.search + (fragment.startsWith('camera=') ? '#camera' : ''));
    link = fragment;
    return true;
  };
  // On #camera another program runs, with which this device is a camera; the address stays, so that a reload brings it back.
  const wantsCamera = () => /^#camera(?:=|$)/.test(location.hash);
  const isCamera = wantsCamera();
  takeFragment();
  addEventListener('hashchange', () => {
    if (wantsCamera() !== isCamera) location.reload(); // which takes the link then
    else if (takeFragment() && opened) opened();
  });

  // A link of a display holds no secret and stays in the address; a display that was let in may come without it.
  const isDisplay = () => {
    if (isCamera) return false;
    try {
      return /^#kiosk(?:[=&]|$)/.test(location.hash) || localStorage.getItem('sealcam display') === 'on';
    } catch {
      return false;
    }
  };

  const setText = (id, text) => {
    const node = byId(id);
    if (node.textContent !== text) node.textContent = text;
    return node;
  };

  // progress shows what the page waits for. fraction is 0 to 1, or negative where there is no measure.
  const progress = (text, fraction, detail) => {
    watch.beat('start');
    document.body.dataset.phase = 'boot';
    sheet.dataset.kind = 'progress';
    setText('sheet-title', 'Sealcam');
    setText('sheet-text', text);
    setText('sheet-detail', detail || '');
    for (const id of ['sheet-code', 'sheet-more', 'sheet-action', 'sheet-choices']) byId(id).hidden = true;
    const bar = byId('sheet-progress');
    bar.hidden = fraction < 0;
    if (fraction >= 0) bar.value = fraction;
  };

  // message fills the page with a sentence that says what to do. An empty action shows no button; the button reloads. choices shows what
  // a device without cameras may become.
  const message = (title, text, code, more, action, choices) => {
    document.body.dataset.phase = 'boot';
    sheet.dataset.kind = 'message';
    setText('sheet-title', title);
    setText('sheet-text', text);
    setText('sheet-code', code || '').hidden = !code;
    setText('sheet-more', more || '').hidden = !more;
    setText('sheet-action', action || '').hidden = !action;
    byId('sheet-choices').hidden = !choices;
    setText('say', title + '. ' + text + (code ? ' ' + code : ''));
  };
  byId('sheet-action').addEventListener('click', () => location.reload());

  // notice shows a sentence beside the cameras, until it is closed; with the text of an action there is a button that calls act. The latest
  // is shown, and when it is closed those before it are again. It returns a function that takes this one back; without a text all are.
  let notes = [];
  let fading = 0;
  const noted = (list) => {
    notes = list;
    const { text, action } = notes[notes.length - 1] || {};
    // Nobody closes one on a display to see the next.
    setText('notice-text', watch.guarding() ? notes.map((n) => n.text).join(' ') : text || '');
    setText('notice-action', action || '').hidden = !action;
    byId('notice').hidden = !text;
  };
  const notice = (text, action, act) => {
    const note = { text, action, act };
    clearTimeout(fading);
    if (text && watch.guarding()) fading = setTimeout(() => noted([]), 60000);
    noted(text ? [...notes.filter((n) => n.text !== text), note] : []);
    return () => noted(notes.filter((n) => n !== note));
  };
  byId('notice-action').addEventListener('click', () => {
    const { act } = notes[notes.length - 1];
    noted(notes.slice(0, -1));
    if (act) act();
  });
  byId('notice-close').addEventListener('click', () => noted(watch.guarding() ? [] : notes.slice(0, -1)));

  let stopped = false;
  const stop = (title, text, more, why) => {
    if (stopped) return;
    stopped = true;
    notice(''); // it would lie over this
    message(title, text, '', more, t('Reload'), false);
    watch.restart(why || 'crash');
  };
  const crashed = () => stop(isCamera ? t('The camera stopped') : t('The viewer stopped'),
    isCamera ? t('Something went wrong in this page, and it no longer sends pictures. Reload it to go on.')
      : t('Something went wrong in this page, and it no longer shows live pictures. Reload it to go on.'),
    t('If it happens again, please report it with the browser’s name and version.'));

  const assets = JSON.parse(byId('assets').textContent);

  // said is what a page that was loaded by itself says of that.
  const said = ({ at, why, detail }) => {
    const time = new Date(at).toLocaleTimeString(language(), { hour: '2-digit', minute: '2-digit' });
    switch (why) {
      case 'crash': return t('Reloaded by itself at %s, because the viewer stopped with an error.', time);
      case 'graphics': return t('Reloaded by itself at %s, because the graphics were interrupted.', time);
      case 'still': return t('Reloaded by itself at %s, because the page stood still for %s s.', time, Number(detail));
      case 'pictures': return t('Reloaded by itself at %s, because pictures came, but none could be drawn for %s s.', time, Number(detail));
      case 'load': return t('Reloaded by itself at %s, because the viewer did not load.', time);
      case 'lack': return t('Reloaded by itself at %s, because the browser could not run the viewer.', time);
      case 'version': return t('Reloaded by itself at %s, because the server has a new version.', time);
      default: return '';
    }
  };

  // told shows what the watch tells. A picture that has stopped is covered.
  const told = (what, seconds) => {
    if (what === 'still') {
      byId('still').hidden = !seconds;
      return;
    }
    const text = what === 'server' ? t('Waiting for the server, then starting again by itself.') : t('Starting again by itself in %s s.', seconds);
    if (stopped) {
      setText('sheet-more', text).hidden = false;
      return;
    }
    notice('');
    message(t('One moment'), text);
  };
  const watch = globalThis.sealcamWatch(globalThis, assets, told);
  if (isDisplay()) {
    watch.guard(60); // until the client has read the link
    // A page that comes back at night must not light up the room.
    if (!document.documentElement.dataset.appearance) document.documentElement.dataset.appearance = 'dark';
  }
  const boot = {
    assets,
    progress,
    message,
    notice,
    // reached is called when the server answers for the first time.
    reached: () => {},
    stop,
    watch,
    say: (text) => setText('say', text),
    // takeLink returns the fragment of the link that was opened, once.
    takeLink: () => {
      const fragment = link;
      link = '';
      return fragment;
    },
    // onLink calls f when another link is opened in this tab.
    onLink: (f) => {
      opened = f;
    },
  };
  // For tests and measurements the client adds sealcam.stats(), and calls sealcam.onframe(tiles), if somebody sets it, right after
  // each drawn frame: only until that call returns can the canvas be read.
  globalThis.sealcam.boot = boot;

  // missing names what the browser lacks, or is empty.
  const missing = () => {
    const current = t('Open the link in a current Chrome, Edge, Firefox or Safari.');
    if (typeof WebAssembly !== 'object' || !WebAssembly.instantiateStreaming) {
      return [t('This browser cannot run Sealcam'), t('It has no WebAssembly, or its settings switch it off, and pictures are opened by WebAssembly on this device.'), current];
    }
    if (typeof WebSocket !== 'function') {
      return [t('This browser cannot connect'), t('It has no WebSocket, or an extension blocks it. Allow WebSockets for this site and reload.'), current];
    }
    if (isCamera) return null; // it draws nothing
    const probe = document.createElement('canvas').getContext('webgl2');
    if (!probe) {
      return [t('This browser cannot draw the pictures'), t('WebGL 2 is missing or switched off. Turn on hardware acceleration (or “graphics acceleration”) in the browser’s settings and start it again.'), current];
    }
    const lose = probe.getExtension('WEBGL_lose_context');
    if (lose) lose.loseContext();
    return null;
  };

  const megabytes = (n) => number(n / 1e6, 1);

  // count reads one branch of the response to measure it; the other is compiled while it arrives. The original response goes to
  // the compiler, because browsers keep compiled code for responses that came from the network.
  const count = async (response, total) => {
    const reader = response.body.getReader();
    let got = 0;
    let shown = 0;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      got += value.byteLength;
      const now = performance.now();
      if (now - shown > 50 || got >= total) {
        shown = now;
        progress(t('Loading the viewer'), Math.min(1, got / total), t('%s of %s MB', megabytes(got), megabytes(total)));
      }
    }
  };

  const load = async (url) => {
    const early = globalThis.sealcam.client; // of index.html, if the server let it run
    delete globalThis.sealcam.client;
    const response = await (early || fetch(url));
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response;
  };

  const start = async () => {
    if (missing()) {
      await ready;
      stop(...missing(), 'lack');
      return;
    }
    const asset = assets[isCamera ? 'camera.wasm' : 'sealcam.wasm'];
    progress(t('Loading the viewer'), 0, '');
    let go;
    let program;
    try {
      const response = await load(asset.url);
      if (typeof Go !== 'function') await new Promise((resolve) => addEventListener('DOMContentLoaded', resolve));
      go = new Go();
      const counting = count(response.clone(), asset.bytes);
      program = await WebAssembly.instantiateStreaming(response, go.importObject);
      await counting;
      await ready; // the client's first sentence is in the language of the rest
    } catch (error) {
      console.error(error);
      stop(t('The viewer did not load'), t('The server did not answer, or the connection broke. Check the connection and reload.'), '', 'load');
      return;
    }
    progress(t('Starting'), 1, '');
    // Go ends with an exit code after a panic; calls into it after that throw.
    addEventListener('error', (event) => {
      if (event.error instanceof WebAssembly.RuntimeError || /Go program has already exited/.test(event.message)) crashed();
    });
    try {
      await go.run(program.instance);
    } catch (error) {
      console.error(error);
    }
    crashed();
  };
  if (watch.last) ready.then(() => notice(said(watch.last)));
  start();
})();
