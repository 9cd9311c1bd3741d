// Package decode turns access units into pictures: with the browser's decoders where it has them, WebCodecs VideoDecoder for H.264 and
// H.265, ImageDecoder or createImageBitmap for JPEG (W3C WebCodecs), and else with the decoders in Go, packages h264 and jpeg, which need
// nothing of the browser. Ladder chooses, by asking the browser about each configuration, and implements viewer.DecoderFactory.
//
// Nothing here blocks. Pictures are copied out of the decoder's frame into recycled buffers, so that a stream that plays makes
// no garbage but the browser's own objects; promises are followed by callbacks that live as long as the decoder. The Go decoders share the
// page's one thread with everything else, so they take turns between its events and stay within a part of its time.
package decode
