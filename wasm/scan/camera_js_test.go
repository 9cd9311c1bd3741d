package scan

import (
	"context"
	"errors"
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/qrcode"
)

const link = "https://cams.example/#pair=v1.K7QF2MRPabcd.abcdefghijklmnopqrstuvwx"

// self is the address of this test program (test/wasmexec).
const self = "program.wasm"

// act loads this test program once more, to be something else.
func act(as string) func(context.Context) (*remote, error) {
	return func(ctx context.Context) (*remote, error) { return load(ctx, self, map[string]any{actAs: as}) }
}

// lend makes getUserMedia be f for the test's time.
func lend(t *testing.T, f string) {
	t.Helper()
	devices := js.Global().Get("navigator").Get("mediaDevices")
	if !devices.Truthy() {
		t.Fatal("the test's page has no mediaDevices")
	}
	devices.Set("getUserMedia", js.Global().Get("Function").New("return ("+f+")").Invoke())
	t.Cleanup(func() { devices.Delete("getUserMedia") })
}

func video(t *testing.T) dom.Node {
	t.Helper()
	v := dom.Make("video")
	v.Set("muted", true)
	js.Global().Get("document").Get("body").Call("append", v.Value)
	t.Cleanup(func() { v.Call("remove") })
	return v
}

// What qrcode draws is read off a camera's picture, and the camera is off afterwards.
func TestCameraReadsWhatIsDrawn(t *testing.T) {
	holder := dom.Make("div")
	if err := qrcode.Draw(holder, link); err != nil {
		t.Fatal(err)
	}
	svg := holder.Find("svg")
	for name, value := range map[string]string{"width": "440", "height": "440", "style": "background: #fff", "xmlns": "http://www.w3.org/2000/svg"} {
		svg.SetAttr(name, value)
	}
	js.Global().Set("held", holder.Get("innerHTML"))
	defer js.Global().Delete("held")
	lend(t, `async () => {
		const canvas = document.createElement("canvas");
		canvas.width = 960; canvas.height = 540;
		const paint = canvas.getContext("2d"), image = new Image();
		image.src = "data:image/svg+xml," + encodeURIComponent(held);
		await image.decode();
		let n = 0;
		const clock = setInterval(() => {
			paint.fillStyle = n++ % 2 ? "#888" : "#898989";
			paint.fillRect(0, 0, 960, 540);
			if (n > 3) paint.drawImage(image, 250, 60, 400, 400);
		}, 30);
		globalThis.stream = canvas.captureStream(30);
		stream.getTracks()[0].addEventListener("ended", () => clearInterval(clock));
		return stream;
	}`)
	var texts []string
	err := camera(t.Context(), video(t), act("reader"), func(text string) bool {
		texts = append(texts, text)
		return len(texts) == 2 // the first is not what is looked for
	})
	if err != nil || len(texts) != 2 || texts[0] != link || texts[1] != link {
		t.Errorf("read %q, %v", texts, err)
	}
	if state := js.Global().Get("stream").Call("getTracks").Index(0).Get("readyState").String(); state != "ended" {
		t.Errorf("the camera is %s", state)
	}
}

func TestCameraRefused(t *testing.T) {
	for name, want := range map[string]error{"NotAllowedError": ErrDenied, "NotFoundError": ErrNoCamera, "NotReadableError": ErrNoCamera} {
		lend(t, `async () => { throw new DOMException("no", "`+name+`"); }`)
		if err := Camera(t.Context(), video(t), self, func(string) bool { return true }); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

// black is a camera whose lens is covered.
const black = `async () => {
	const canvas = document.createElement("canvas");
	const paint = canvas.getContext("2d");
	const clock = setInterval(() => paint.fillRect(0, 0, 300, 150), 30);
	globalThis.stream = canvas.captureStream(30);
	stream.getTracks()[0].addEventListener("ended", () => clearInterval(clock));
	return stream;
}`

// A reader that cannot be had is a sentence, and the camera goes off.
func TestCameraWithoutReader(t *testing.T) {
	for name, load := range map[string]func(context.Context) (*remote, error){
		"not there": func(ctx context.Context) (*remote, error) { return load(ctx, "nowhere.wasm", map[string]any{}) },
		"no WASM":   func(ctx context.Context) (*remote, error) { return load(ctx, "run.js", map[string]any{}) },
		"crashes":   act("crashing reader"),
	} {
		lend(t, black)
		if err := camera(t.Context(), video(t), load, func(string) bool { return true }); !errors.Is(err, ErrReader) {
			t.Errorf("%s: %v", name, err)
		}
		if state := js.Global().Get("stream").Call("getTracks").Index(0).Get("readyState").String(); state != "ended" {
			t.Errorf("%s: the camera is %s", name, state)
		}
	}
	if js.Global().Get(handOver).Truthy() {
		t.Error("the global function stays")
	}
}

func TestCameraEndsWithItsContext(t *testing.T) {
	lend(t, black)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- camera(ctx, video(t), act("reader"), func(string) bool { return false }) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
