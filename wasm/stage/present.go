//go:build js

package stage

import (
	"image"
	"syscall/js"
	"time"

	"github.com/hajimehoshi/ebiten/v2"
)

// There are two ways to the display. Tiles are drawn on ebiten's offscreen image, which keeps those that did not change, and that is copied to
// the display; or all are drawn on the display directly, which is cheaper when most of them change in each frame anyway.
const (
	directFrom  = 0.75 // of the tiles' area changes in a frame, on average: go over to drawing directly
	directUntil = 0.5  // less than that: go back
)

// choose decides on the way for the next frame, in which all or the dirty tiles change. The caller holds mu.
func (s *Stage) choose(all bool) {
	changed, whole := 0, 0
	for _, d := range s.tiles {
		if d.texture == nil {
			continue
		}
		area := d.tile.Box.Dx() * d.tile.Box.Dy()
		whole += area
		if all || d.dirty {
			changed += area
		}
	}
	if whole == 0 {
		return
	}
	s.churn += (float64(changed)/float64(whole) - s.churn) / 8
	switch {
	case s.churn > directFrom:
		s.direct = true
	case s.churn < directUntil:
		s.direct = false
	}
}

// target is what tiles are drawn on.
type target interface {
	DrawTrianglesShader([]ebiten.Vertex, []uint16, *ebiten.Shader, *ebiten.DrawTrianglesShaderOptions)
}

// drawTiles draws all tiles or those that changed. The caller holds mu.
func (s *Stage) drawTiles(on target, all bool) (drew bool) {
	for _, over := range []bool{false, true} {
		beneath := drew // something that those over it may cover
		for _, d := range s.tiles {
			if d.tile.Over == over && (all || d.dirty || over && beneath) {
				drew = true
				if err := d.draw(on, s.shaders, s.graphics.smooth); err != nil {
					s.failed = err
				}
			}
		}
	}
	return drew
}

// DrawFinalScreen fills the display, which ebiten has cleared.
func (g *game) DrawFinalScreen(screen ebiten.FinalScreen, offscreen *ebiten.Image, _ ebiten.GeoM) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.direct {
		(*Stage)(g).drawTiles(screen, true)
		return
	}
	screen.DrawImage(offscreen, &ebiten.DrawImageOptions{Blend: ebiten.BlendCopy})
}

// touch makes ebiten present a frame though nothing is drawn on its offscreen image: pixels that are written go to the graphics only when
// somebody draws with the image.
func touch(offscreen *ebiten.Image) {
	offscreen.SubImage(image.Rect(0, 0, 1, 1)).(*ebiten.Image).WritePixels(make([]byte, 4))
}

// watchCost learns what a frame costs: a message that is sent in it comes when the browser has taken the canvas over.
func (s *Stage) watchCost() {
	channel := js.Global().Get("MessageChannel").New()
	s.port = channel.Get("port2")
	channel.Get("port1").Set("onmessage", js.FuncOf(func(js.Value, []js.Value) any {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pace.Drew(s.began, time.Now())
		return nil
	}))
}

// May reports whether pictures may be placed now: where drawing is slow, the page's other work comes in between.
func (s *Stage) May(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pace.May(now)
}
