// Package decode turns access units into pictures with the browser's decoders: WebCodecs VideoDecoder for H.264 and H.265, and
// ImageDecoder or createImageBitmap for JPEG (W3C WebCodecs). It implements viewer.DecoderFactory.
//
// Nothing here blocks. Pictures are copied out of the browser's frame into recycled buffers, so that a stream that plays makes
// no garbage but the browser's own objects; promises are followed by callbacks that live as long as the decoder.
package decode
