//go:build js

package stage

import "github.com/sealcam/sealcam/viewer"

// planes are a picture's bytes and what the shader must know of them.
type planes struct {
	layout        viewer.PixelLayout
	width, height int // pixels
	bytes         []byte
	full          bool
	matrix        viewer.Matrix
}

func planesOf(p *viewer.Picture) planes {
	return planes{
		layout: p.Layout(), width: p.Width(), height: p.Height(), bytes: p.Bytes(), full: p.FullRange(), matrix: p.Matrix(),
	}
}

// texels returns the size of the image that takes the bytes as they are, four a texel.
func (p *planes) texels() (width, height int) {
	stride := (p.width + 7) &^ 7
	rows := (p.height + 1) / 2
	switch p.layout {
	case viewer.LayoutI420:
		return stride / 4, p.height + (rows+1)&^1
	case viewer.LayoutNV12:
		return stride / 4, p.height + rows
	}
	return p.width, p.height
}

// uniforms returns the shader's uniforms that depend on the picture alone.
func (p *planes) uniforms() map[string]any {
	width, _ := p.texels()
	rows := (p.height + 1) / 2
	u := map[string]any{
		"Size":   []float32{float32(p.width), float32(p.height)},
		"Stride": float32(width),
		"Rows":   []float32{float32(p.height), float32(p.height + (rows+1)/2)},
	}
	kr, kb := 0.299, 0.114 // ITU-R BT.601 §2.5.1
	if p.matrix == viewer.BT709 {
		kr, kb = 0.2126, 0.0722 // ITU-R BT.709 §3.2
	}
	kg := 1 - kr - kb
	chroma := 255.0 / 224
	luma := []float32{16.0 / 255, 255.0 / 219}
	if p.full {
		chroma = 1
		luma = []float32{0, 1}
	}
	u["Luma"] = luma
	u["Chroma"] = []float32{
		float32(chroma * 2 * (1 - kr)), float32(chroma * 2 * kb * (1 - kb) / kg),
		float32(chroma * 2 * kr * (1 - kr) / kg), float32(chroma * 2 * (1 - kb)),
	}
	return u
}
