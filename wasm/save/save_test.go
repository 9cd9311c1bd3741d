//go:build js

package save_test

import (
	stdbytes "bytes"
	"compress/zlib"
	"context"
	"io"
	"slices"
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/wasm/promise"
	"github.com/sealcam/sealcam/wasm/save"
)

func unpack(t *testing.T, stream []byte) []byte {
	t.Helper()
	r, err := zlib.NewReader(stdbytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCompress(t *testing.T) {
	parts := [][]byte{stdbytes.Repeat([]byte("a"), 300000), []byte("b"), stdbytes.Repeat([]byte("cd"), 70000)}
	all := slices.Concat(parts...)
	small, err := save.Compress(t.Context(), slices.Values(parts), len(all))
	if err != nil || !stdbytes.Equal(unpack(t, small), all) || len(small) > len(all)/10 {
		t.Errorf("%d bytes became %d, %v", len(all), len(small), err)
	}
	kind := js.Global().Get("CompressionStream")
	js.Global().Set("CompressionStream", js.Undefined())
	defer js.Global().Set("CompressionStream", kind)
	large, err := save.Compress(t.Context(), slices.Values(parts), len(all))
	if err != nil || !stdbytes.Equal(unpack(t, large), all) {
		t.Errorf("without compression: %d bytes, %v", len(large), err)
	}
}

// A download is a click on a link to the file's bytes under its name.
func TestDownload(t *testing.T) {
	clicked := make(chan js.Value, 1)
	prototype := js.Global().Get("HTMLAnchorElement").Get("prototype")
	original := prototype.Get("click")
	click := js.FuncOf(func(this js.Value, _ []js.Value) any {
		clicked <- this
		return nil
	})
	prototype.Set("click", click)
	defer click.Release()
	defer prototype.Set("click", original)
	f := save.File{Name: "門口 2026-11-30.png", Type: "image/png", Data: []byte("bytes")}
	if err := f.Download(); err != nil {
		t.Fatal(err)
	}
	link := <-clicked
	if got := link.Get("download").String(); got != f.Name {
		t.Errorf("named %q", got)
	}
	response, err := promise.Await(t.Context(), js.Global().Call("fetch", link.Get("href")))
	if err != nil {
		t.Fatal(err)
	}
	text, err := promise.Await(t.Context(), response.Call("text"))
	if err != nil || text.String() != "bytes" {
		t.Errorf("%v, %v", text, err)
	}
	if link.Get("isConnected").Bool() {
		t.Error("the link stays in the page")
	}
}

func TestCopyWithoutClipboard(t *testing.T) {
	define := js.Global().Get("Object").Get("defineProperty")
	navigator := js.Global().Get("navigator")
	define.Invoke(navigator, "clipboard", map[string]any{"value": js.Undefined(), "configurable": true})
	defer navigator.Delete("clipboard")
	if err := save.Copy(context.Background(), "text"); err == nil {
		t.Error("no error without a clipboard")
	}
}
