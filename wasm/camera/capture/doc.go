//go:build js

// Package capture makes a camera of the device: pictures from getUserMedia, encoded by the browser's VideoEncoder in two sizes as H.264 in
// Annex B, or VP8 where it has no H.264 or one that keeps pictures back. It is a source.Source of an agent (package camera). While nobody
// watches, it encodes one key picture a second in each size, so that whoever comes sees a picture at once and the device stays cool.
package capture
