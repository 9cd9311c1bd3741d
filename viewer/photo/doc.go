// Package photo makes a PNG file of a decoded picture, at its full resolution, with what is known of it in the file's text chunks
// (W3C Portable Network Graphics, third edition).
//
// It does not compress: the browser does that better than Go could. [Picture.Scanlines] gives what goes into the compressor, [File] takes
// what comes out. It imports viewer/gate for the layout of pixels, viewer/words, and the standard library.
package photo
