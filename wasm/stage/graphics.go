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

// unknownGraphics is assumed until ebiten has its context: OpenGL ES 3.0 §6.2 guarantees textures of 2048.
var unknownGraphics = graphics{maxTexture: 2048, smooth: smoothColour}

// probe asks a WebGL2 context.
func probe(gl js.Value) graphics {
	g := unknownGraphics
	g.maxTexture = max(g.maxTexture, gl.Call("getParameter", gl.Get("MAX_TEXTURE_SIZE")).Int())
	const unmaskedRenderer = 0x9246 // WEBGL_debug_renderer_info
	if gl.Call("getExtension", "WEBGL_debug_renderer_info").Truthy() && isSoftware(gl.Call("getParameter", unmaskedRenderer).String()) {
		// One colour sample a pixel instead of four: half as many frames again where the processor draws.
		g.smooth = smoothLuma
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
