// Reads the strip of package barcode from an image: which home's camera took the picture, and which picture it is.
'use strict';

(() => {
  const CELLS = 18, COLUMNS = 48, ROWS = 27, NUMBER_BITS = 12;
  const small = document.createElement('canvas');
  small.width = CELLS;
  small.height = 1;
  const context = small.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingEnabled = false;

  // readStrip returns {home, number}, or null where there is no strip. (x, y, width, height) is the whole picture within the source.
  globalThis.readStrip = (source, x, y, width, height) => {
    const cell = width / COLUMNS;
    for (let i = 0; i < CELLS; i++) {
      context.drawImage(source, x + (i + 0.3) * cell, y + 0.3 * height / ROWS, 0.4 * cell, 0.4 * height / ROWS, i, 0, 1, 1);
    }
    const pixels = context.getImageData(0, 0, CELLS, 1).data;
    const luma = Array.from({ length: CELLS }, (_, i) => 0.2126 * pixels[4 * i] + 0.7152 * pixels[4 * i + 1] + 0.0722 * pixels[4 * i + 2]);
    const white = luma[0], black = luma[1];
    if (white - black < 64) return null;
    let bits = 0;
    for (let i = 2; i < CELLS; i++) {
      const position = 3 * (luma[i] - black);
      if (position >= 2 * (white - black)) bits |= 1 << (i - 2);
      else if (position > white - black) return null;
    }
    return { home: (bits >> NUMBER_BITS) - 1, number: bits & ((1 << NUMBER_BITS) - 1) };
  };
})();
