//go:build js

package stage

import (
	"strings"
	"syscall/js"
)

// graphics is what this device can draw.
type graphics struct {
	maxTexture int       // side of a texture, texels
	smooth     smoothing // for scaled pictures
}

// probeGraphics asks a context of its own, since ebiten's exists only once it runs.
func probeGraphics() graphics {
	g := graphics{maxTexture: 2048, smooth: smoothColour} // OpenGL ES 3.0 §6.2 guarantees as much
	gl := js.Global().Get("document").Call("createElement", "canvas").Call("getContext", "webgl2")
	if !gl.Truthy() {
		return g
	}
	g.maxTexture = max(g.maxTexture, gl.Call("getParameter", gl.Get("MAX_TEXTURE_SIZE")).Int())
	const unmaskedRenderer = 0x9246 // WEBGL_debug_renderer_info
	if gl.Call("getExtension", "WEBGL_debug_renderer_info").Truthy() && isSoftware(gl.Call("getParameter", unmaskedRenderer).String()) {
		// One colour sample a pixel instead of four: half as many frames again where the processor draws.
		g.smooth = smoothLuma
	}
	if lose := gl.Call("getExtension", "WEBGL_lose_context"); lose.Truthy() {
		lose.Call("loseContext")
	}
	return g
}

// isSoftware knows the renderers that draw on the processor: Chromium's, Mesa's, Windows's and Apple's.
func isSoftware(renderer string) bool {
	renderer = strings.ToLower(renderer)
	for _, name := range []string{"swiftshader", "llvmpipe", "softpipe", "basic render", "software"} {
		if strings.Contains(renderer, name) {
			return true
		}
	}
	return false
}
