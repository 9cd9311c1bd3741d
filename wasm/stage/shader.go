//go:build js

package stage

import (
	"embed"
	"fmt"

	"github.com/hajimehoshi/ebiten/v2"

	"github.com/sealcam/sealcam/viewer"
)

//go:embed shader/*.kage
var shaderFiles embed.FS

// smoothing says how a picture that is scaled is sampled.
type smoothing int

const (
	sharp        smoothing = 0 // pixel for pixel
	smoothLuma   smoothing = 1
	smoothColour smoothing = 2
)

// variant names a shader. There is one for each way of drawing instead of one that asks uniforms: software renderers run both sides
// of every branch, which took three times as long.
type variant struct {
	layout viewer.PixelLayout
	smooth smoothing
}

// shaders are compiled when they are first needed.
type shaders map[variant]*ebiten.Shader

func (s shaders) get(v variant) (*ebiten.Shader, error) {
	if shader := s[v]; shader != nil {
		return shader, nil
	}
	source, err := v.source()
	if err != nil {
		return nil, err
	}
	shader, err := ebiten.NewShader(source)
	if err != nil {
		return nil, fmt.Errorf("stage: shader %v: %w", v, err)
	}
	s[v] = shader
	return shader, nil
}

// source puts the shader's parts together.
func (v variant) source() ([]byte, error) {
	names := []string{"frame", "rgba", fmt.Sprintf("rgba-%d", min(v.smooth, smoothLuma))}
	switch v.layout {
	case viewer.LayoutI420:
		names = []string{"frame", "i420", "yuv-convert", fmt.Sprintf("yuv-%d", v.smooth)}
	case viewer.LayoutNV12:
		names = []string{"frame", "nv12", "yuv-convert", fmt.Sprintf("yuv-%d", v.smooth)}
	}
	var source []byte
	for _, name := range names {
		part, err := shaderFiles.ReadFile("shader/" + name + ".kage")
		if err != nil {
			return nil, fmt.Errorf("stage: %w", err)
		}
		source = append(source, part...)
	}
	return source, nil
}
