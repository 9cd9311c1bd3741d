//go:build js

package save

import (
	"context"
	"iter"
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/photo"
	"github.com/sealcam/sealcam/wasm/promise"
)

// Compress returns the zlib stream of data, of size bytes in all, which comes in parts. Between parts the page's thread is free. Browsers
// without CompressionStream (Compression Streams §5.1) get a larger stream that is not compressed.
func Compress(ctx context.Context, data iter.Seq[[]byte], size int) ([]byte, error) {
	kind := js.Global().Get("CompressionStream")
	if kind.Type() != js.TypeFunction {
		all := make([]byte, 0, size)
		for part := range data {
			all = append(all, part...)
		}
		return photo.Stored(all), nil
	}
	stream := kind.New("deflate") // which is zlib's format
	writer := stream.Get("writable").Call("getWriter")
	result := js.Global().Get("Response").New(stream.Get("readable")).Call("arrayBuffer")
	for part := range data {
		if _, err := promise.Await(ctx, writer.Call("write", bytes(part))); err != nil {
			return nil, err
		}
	}
	if _, err := promise.Await(ctx, writer.Call("close")); err != nil {
		return nil, err
	}
	buffer, err := promise.Await(ctx, result)
	if err != nil {
		return nil, err
	}
	array := js.Global().Get("Uint8Array").New(buffer)
	b := make([]byte, array.Length())
	js.CopyBytesToGo(b, array)
	return b, nil
}

// bytes copies b into a Uint8Array.
func bytes(b []byte) js.Value {
	array := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(array, b)
	return array
}
