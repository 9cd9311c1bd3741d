//go:build js

// Command wasm is the viewer in the browser: it joins package viewer with the browser's key store (keys), decoders (decode), canvas
// (stage) and document (page). What owners do stands in one dialog (dialog): the list of devices (devices), letting screens in (screens),
// the recovery phrase (recovery), and what a person chooses on this device (settings). boot.js starts it. The reader of QR codes is a program of its own, fetched when somebody scans (scan).
//
// Everything runs on the page's one thread. Browser events arrive as callbacks, which must not block; what waits for a promise has
// a goroutine.
package main
