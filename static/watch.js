// Watches over the page from outside of its WebAssembly. Wherever the viewer stands still the page is told within seconds, for a picture
// that has stopped must not pass for a live one. On a display that nobody stands in front of the page is also loaded again: only once the
// server answers, more and more rarely if that does not help, and what led to it is remembered, so that the page can say so afterwards.
'use strict';

// sealcamWatch makes the watch. page is the browser's window, or a test's stand-in; assets are the files of the running client. tell is
// called with what people should know: ('still', seconds) while the viewer stands still and with 0 seconds when it goes on, ('wait',
// seconds) and ('server') before the page is loaded again.
globalThis.sealcamWatch = (page, assets, tell) => {
  const second = 1000;
  // How long to wait before the page is loaded again, by how often it was within the last hour.
  const waits = [0, 5, 30, 120, 600].map((n) => n * second);
  const hour = 3600 * second;
  const story = 'sealcam restarts'; // [{at, why, detail}], the last one last
  const startLimit = 60; // seconds without progress of loading
  const stillAfter = 3; // seconds until a viewer that draws nothing is said to stand still

  const recall = () => {
    try {
      const list = JSON.parse(page.sessionStorage.getItem(story) || '[]');
      return Array.isArray(list) ? list.filter((r) => r && Number.isFinite(r.at) && typeof r.why === 'string').slice(-20) : [];
    } catch {
      return null; // no storage: nobody knows how often it was
    }
  };
  const recent = (span) => (recall() || []).filter((r) => Math.abs(page.Date.now() - r.at) < span);

  // What led to this page, if it was loaded by itself.
  let last = null;
  try {
    last = JSON.parse(page.sessionStorage.getItem(story + ' last') || 'null');
    page.sessionStorage.removeItem(story + ' last');
  } catch { /* no storage */ }

  let limit = 0; // seconds; 0: nobody watches
  let restarting = false;
  const parts = new Map([['start', { beats: 0, seen: 0, quiet: 0 }]]);

  // beat tells that a part of the page is alive. Who has beaten once must go on; the start ends with the first beat of another part.
  const beat = (part) => {
    if (part !== 'start') parts.delete('start');
    else if (!parts.has(part)) return;
    const p = parts.get(part);
    if (p) p.beats++;
    else parts.set(part, { beats: 1, seen: 0, quiet: 0 });
  };
  // rest tells that a part has nothing to do any more.
  const rest = (part) => parts.delete(part);

  // The browser draws nothing for a page that cannot be seen, such as one in a frame that was scrolled away, and then the viewer has
  // nothing to answer for. A page of its own window that says it is visible should be drawn, though.
  let drawn = false;
  const draw = () => {
    drawn = true;
  };
  const answerable = () => {
    const was = drawn;
    drawn = false;
    page.requestAnimationFrame(draw);
    return page.document.visibilityState !== 'hidden' && (was || page.top === page);
  };

  // Each look counts for a second at most, however late it comes: a device that slept is not a page that stands still.
  let still = 0;
  const look = () => {
    if (restarting) return;
    const counts = answerable();
    for (const [name, p] of parts) {
      const alive = p.beats !== p.seen;
      p.seen = p.beats;
      p.quiet = alive ? 0 : p.quiet + (counts || name === 'start' ? 1 : 0);
      if (name === 'frame') {
        const now = p.quiet >= stillAfter ? p.quiet : 0;
        if (now || still) tell('still', now);
        still = now;
      }
      const most = name === 'start' ? Math.max(limit, startLimit) : limit;
      if (limit && p.quiet >= most) {
        restart({ start: 'load', pictures: 'pictures' }[name] || 'still', most);
        return;
      }
    }
  };
  page.setInterval(look, second);

  const pause = (ms) => new Promise((resolve) => page.setTimeout(resolve, ms));

  // answers resolves once the server does: a page that is loaded again without it would be gone for good.
  const answers = async () => {
    for (;;) {
      try {
        const options = { cache: 'no-store' };
        if (page.AbortSignal && page.AbortSignal.timeout) options.signal = page.AbortSignal.timeout(10 * second);
        const response = await page.fetch('/healthz', options);
        if (response.status < 500) return;
      } catch { /* not yet */ }
      tell('server');
      await pause(5 * second + page.Math.random() * 5 * second);
    }
  };

  const reload = (why, detail) => {
    const entry = { at: page.Date.now(), why, detail };
    try {
      page.sessionStorage.setItem(story, JSON.stringify([...(recall() || []), entry].slice(-20)));
      page.sessionStorage.setItem(story + ' last', JSON.stringify(entry));
    } catch { /* then it is not said */ }
    page.location.reload();
  };

  // restart loads the page again by itself, later if need be, and returns true; or returns false where a person is to do it. why is crash,
  // graphics, still, pictures, load, lack or version; detail a number of seconds or nothing. Lost graphics are a matter of course on laptops, so
  // there it is done everywhere, but not for ever.
  const restart = (why, detail) => {
    if (restarting) return true;
    if (!limit && (why !== 'graphics' || recall() === null || recent(120 * second).filter((r) => r.why === why).length >= 3)) return false;
    restarting = true;
    const known = recall();
    const wait = !known ? (limit ? waits[waits.length - 1] : 0) : limit ? waits[Math.min(recent(hour).length, waits.length - 1)] : 0;
    (async () => {
      if (wait) tell('wait', wait / second);
      await pause(wait);
      if (limit) await answers();
      reload(why, detail);
    })();
    return true;
  };

  // A display follows the server's version, once an hour at most, so that servers of two versions behind one name cannot make it blink.
  const newer = async () => {
    if (!limit || restarting || recent(hour).some((r) => r.why === 'version')) return;
    try {
      const response = await page.fetch('/', { cache: 'no-cache' });
      const html = response.ok ? await response.text() : '';
      if (/id="assets"/.test(html) && !html.includes(JSON.stringify(assets['sealcam.wasm'].url)) && limit && !restarting) restart('version');
    } catch { /* another time */ }
  };
  page.setInterval(newer, 600 * second);

  return {
    beat,
    rest,
    restart,
    last,
    // guard makes the watch act by itself when the page stands still for so many seconds; 0 ends that.
    guard: (seconds) => {
      limit = seconds;
      for (const p of parts.values()) p.quiet = 0;
    },
    guarding: () => limit > 0,
    restarts: () => recall() || [],
  };
};
