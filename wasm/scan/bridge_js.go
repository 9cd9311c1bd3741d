package scan

import (
	"context"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/promise"
)

const (
	// side is that of the square that is searched, in pixels: a code that fills half of it has five pixels a module.
	side = 480
	// handOver is the global function that takes read.
	handOver = "sealcamScanner"
	// startTimeout is how long a program that has arrived may take to hand read over. It takes milliseconds.
	startTimeout = 10 * time.Second
)

// ErrReader stands for a program that could not be fetched, is not the one meant, or crashed.
var ErrReader = words.Error("the part of the page that reads codes did not load: check the connection and try again, or type the code")

// Serve is the program's half. It does not return. find is called with pictures of the size that the package's documentation names.
func Serve(find func(luma []byte, width, height int) (text string, err error)) {
	luma := make([]byte, side*side)
	read := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if len(args) != 1 || js.CopyBytesToGo(luma, args[0]) != len(luma) {
			return nil
		}
		text, err := find(luma, side, side)
		if err != nil {
			return nil
		}
		return text
	})
	js.Global().Call(handOver, read)
	select {}
}

// remote is the client's half.
type remote struct{ read, picture js.Value }

// load fetches the program and starts it, with these variables in its environment. Errors are ErrReader or ctx's.
func load(ctx context.Context, program string, environment map[string]any) (*remote, error) {
	instance := js.Global().Get("Go").New()
	instance.Set("env", environment)
	var compiling js.Value
	if err := promise.Try(func() {
		compiling = js.Global().Get("WebAssembly").Call("instantiateStreaming", js.Global().Call("fetch", program), instance.Get("importObject"))
	}); err != nil {
		return nil, ErrReader
	}
	compiled, err := promise.Await(ctx, compiling)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, ErrReader
	}
	handed := make(chan js.Value, 1)
	take := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if len(args) == 1 && args[0].Type() == js.TypeFunction {
			select {
			case handed <- args[0]:
			default:
			}
		}
		return nil
	})
	defer take.Release()
	js.Global().Set(handOver, take)
	defer js.Global().Delete(handOver)
	if err := promise.Try(func() { instance.Call("run", compiled.Get("instance")) }); err != nil {
		return nil, ErrReader
	}
	late := time.NewTimer(startTimeout)
	defer late.Stop()
	select {
	case read := <-handed:
		return &remote{read: read, picture: js.Global().Get("Uint8Array").New(side * side)}, nil
	case <-late.C:
		return nil, ErrReader
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find returns the text of the code in a picture of side × side pixels; found is false if there is none. The error is ErrReader.
func (r *remote) find(luma []byte) (text string, found bool, err error) {
	js.CopyBytesToJS(r.picture, luma)
	var answer js.Value
	if err := promise.Try(func() { answer = r.read.Invoke(r.picture) }); err != nil {
		return "", false, ErrReader
	}
	if answer.Type() != js.TypeString {
		return "", false, nil
	}
	return answer.String(), true, nil
}
