// Gives the page the appearance that was chosen on this device, before anything is drawn: light or dark, else what the device asks for.
'use strict';
(() => {
  const root = document.documentElement;
  const place = 'sealcam.appearance';
  const grounds = { dark: '#0b0e11', light: '#f2f4f6' }; // --ground of style/palette.css
  const bars = [...document.querySelectorAll('meta[name="theme-color"]')].map((meta) => [meta, meta.content]);

  const chosen = () => {
    try {
      const saved = localStorage.getItem(place);
      return saved in grounds ? saved : '';
    } catch {
      return ''; // storage is blocked
    }
  };

  const use = (appearance) => {
    if (appearance) root.dataset.appearance = appearance;
    else delete root.dataset.appearance;
    for (const [meta, own] of bars) meta.content = grounds[appearance] || own;
  };

  // choose shows an appearance and keeps it; empty leaves it to the device. It returns whether it could be kept.
  const choose = (appearance) => {
    use(appearance);
    try {
      if (appearance) localStorage.setItem(place, appearance);
      else localStorage.removeItem(place);
      return true;
    } catch {
      return false;
    }
  };

  use(chosen());
  globalThis.sealcam = Object.assign(globalThis.sealcam || {}, { appearance: { chosen, choose } });
})();
