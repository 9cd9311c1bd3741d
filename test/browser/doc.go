// Package browser drives the viewer's page in headless Chromium (package chromium) or in Firefox (package firefox) for end-to-end
// tests and measurements, and reads back what was really drawn. A Page knows no browser; the files chromium.go and firefox.go do.
//
// # What the page offers
//
//   - The stage is the only canvas of the document and draws with WebGL in requestAnimationFrame callbacks.
//   - Each tile has an element [data-tile] that covers the tile exactly, with the attributes data-camera (the camera's id in
//     hex), data-home, data-state (waiting, live, stale or blank), data-reason (why, in words, unless live) and data-picture,
//     "x,y,width,height": where the tile's picture lies, in CSS pixels from the upper left corner of the viewport. An empty
//     data-picture says that there is none.
//
// # What is read
//
// While sampling is on, right after each animation frame one row of pixels of each picture is read from the drawing buffer.
// It crosses the barcode (package barcode). A Sample is taken when the cells change, so there is one for each new picture.
package browser
