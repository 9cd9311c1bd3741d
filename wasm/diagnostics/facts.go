//go:build js

package diagnostics

import (
	"fmt"
	"runtime"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/viewer/diagnosis"
	"github.com/sealcam/sealcam/wasm/promise"
)

// Browser asks the browser for what it tells of itself. renderer is as Renderer returned it.
func Browser(renderer string, now time.Time) diagnosis.Facts {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	global := js.Global()
	navigator := global.Get("navigator")
	return diagnosis.Facts{
		Browser: text(navigator.Get("userAgent")), Languages: text(navigator.Get("languages").Call("join", ", ")), Renderer: renderer,
		Screen: fmt.Sprintf("%d×%d at %g", global.Get("innerWidth").Int(), global.Get("innerHeight").Int(), global.Get("devicePixelRatio").Float()),
		Secure: global.Get("isSecureContext").Truthy(), Decoder: global.Get("VideoDecoder").Truthy(),
		Online:    !navigator.Get("onLine").Equal(js.ValueOf(false)),
		Installed: global.Call("matchMedia", "(display-mode: standalone)").Get("matches").Truthy(),
		Heap:      memory.HeapAlloc, Reserved: memory.HeapSys, Now: now,
	}
}

func text(v js.Value) string {
	if v.Type() != js.TypeString {
		return ""
	}
	return v.String()
}

// Renderer returns the name of the graphics, as far as the browser tells (WEBGL_debug_renderer_info).
func Renderer() (name string) {
	_ = promise.Try(func() {
		context := js.Global().Get("document").Call("createElement", "canvas").Call("getContext", "webgl2")
		if !context.Truthy() {
			return
		}
		parameter := context.Get("RENDERER")
		if info := context.Call("getExtension", "WEBGL_debug_renderer_info"); info.Truthy() {
			parameter = info.Get("UNMASKED_RENDERER_WEBGL")
		}
		name = text(context.Call("getParameter", parameter))
		if lose := context.Call("getExtension", "WEBGL_lose_context"); lose.Truthy() {
			lose.Call("loseContext")
		}
	})
	return name
}
