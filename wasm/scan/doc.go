// Package scan reads QR codes off the browser's camera. What finds them in its pictures is a WASM program of its own, which is fetched
// when somebody scans: most never do, and it would make the client a tenth larger.
//
// The program is an instance of Go beside the client's. Right after its start it calls the function globalThis.sealcamScanner, which the
// client set, with its only argument read, a function. read takes a Uint8Array of 480 × 480 bytes, the brightness of a picture's pixels,
// row by row from the top, and returns the text of the QR code in it, or null if it finds none. The program never ends by itself: the
// browser frees it when nobody holds read any more.
package scan
