// Tells the page around this frame what the real client has drawn: read from its canvas, not asked of its program.
'use strict';

(() => {
  const tell = (message) => parent.postMessage(message, '*');
  const last = new Map(); // tile -> strip that was told

  const drawn = (tiles) => {
    const canvas = document.querySelector('canvas');
    for (const tile of tiles) {
      const strip = readStrip(canvas, tile.x, tile.y, tile.width, tile.height);
      const seen = strip ? `${strip.home}/${strip.number}` : '';
      if (seen === last.get(tile.camera)) continue;
      last.set(tile.camera, seen);
      tell({ incident: 'drawn', strip });
    }
  };

  setInterval(() => {
    const client = globalThis.sealcam;
    if (!client) return;
    client.onframe = drawn;
    if (!client.stats) return;
    const tiles = [...document.querySelectorAll('[data-tile]')].map((tile) => ({ state: tile.dataset.state, reason: tile.dataset.reason ?? '' }));
    const counts = client.stats().tiles.map((tile) => ({ refused: tile.refused, unknown: tile.unknown, reasons: tile.refusals ?? {} }));
    tell({ incident: 'state', tiles, counts });
  }, 250);
})();
