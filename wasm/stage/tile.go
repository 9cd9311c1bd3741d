//go:build js

package stage

import (
	"image"
	"math"

	"github.com/hajimehoshi/ebiten/v2"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/viewer"
)

// Tile is what one tile shows.
type Tile struct {
	Key     viewer.TileKey
	Box     image.Rectangle // in canvas pixels
	Radius  float64         // of the corners, in canvas pixels
	Picture *viewer.Picture // nil leaves the tile empty
	Fade    float32         // 0 for a live picture, up to 1
	Frame   image.Rectangle // where the whole picture would lie, also beyond Box; empty: as large as it fits in Box
	Over    bool            // it lies over the tiles that are not
}

// Place returns where a picture of this size lies.
func (t *Tile) Place(width, height int) image.Rectangle {
	if !t.Frame.Empty() {
		return t.Frame
	}
	return Letterbox(t.Box, width, height)
}

// Letterbox returns the largest rectangle of the picture's shape in the middle of box, in whole pixels.
func Letterbox(box image.Rectangle, width, height int) image.Rectangle {
	if width <= 0 || height <= 0 || box.Empty() {
		return image.Rectangle{Min: box.Min, Max: box.Min}
	}
	scale := math.Min(float64(box.Dx())/float64(width), float64(box.Dy())/float64(height))
	w := max(1, min(box.Dx(), int(math.Round(float64(width)*scale))))
	h := max(1, min(box.Dy(), int(math.Round(float64(height)*scale))))
	at := box.Min.Add(image.Pt((box.Dx()-w)/2, (box.Dy()-h)/2))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
}

// drawn is a tile that is on the canvas, and its texture.
type drawn struct {
	tile     Tile
	serial   uint64
	captured codec.Timestamp
	planes   planes // without bytes
	uniforms map[string]any
	texture  *ebiten.Image
	frame    image.Rectangle
	dirty    bool
}

// put takes the tile's state over. It reports whether the whole canvas has to be drawn anew.
func (d *drawn) put(t Tile) (all bool) {
	if t.Box != d.tile.Box || t.Radius != d.tile.Radius || t.Over != d.tile.Over {
		all, d.dirty = true, true
	}
	if t.Fade != d.tile.Fade || t.Frame != d.tile.Frame {
		d.dirty = true
	}
	if (t.Picture == nil) != (d.texture == nil) {
		all = true
	}
	if t.Picture == nil {
		d.drop()
	} else if d.texture == nil || t.Picture.Serial() != d.serial {
		d.serial, d.captured = t.Picture.Serial(), t.Picture.Captured()
		d.upload(planesOf(t.Picture))
		d.dirty = true
	}
	d.tile = t
	d.tile.Picture = nil // its bytes are the viewer's again
	return all
}

// upload copies the bytes into the texture.
func (d *drawn) upload(p planes) {
	width, height := p.texels()
	if d.texture == nil || d.texture.Bounds().Dx() != width || d.texture.Bounds().Dy() != height {
		d.drop()
		d.texture = ebiten.NewImageWithOptions(image.Rect(0, 0, width, height), &ebiten.NewImageOptions{Unmanaged: true})
	}
	d.texture.WritePixels(p.bytes)
	p.bytes = nil
	if d.uniforms == nil || !d.planes.same(&p) {
		d.planes, d.uniforms = p, p.uniforms()
	}
}

// drop frees the texture.
func (d *drawn) drop() {
	if d.texture != nil {
		d.texture.Deallocate()
		d.texture = nil
	}
}

func (p *planes) same(q *planes) bool {
	return p.layout == q.layout && p.width == q.width && p.height == q.height && p.full == q.full && p.matrix == q.matrix
}

// draw draws the tile over what is there; smooth is for pictures that are scaled.
func (d *drawn) draw(screen target, shaders shaders, smooth smoothing) error {
	d.dirty = false
	if d.texture == nil || d.tile.Box.Empty() {
		d.frame = image.Rectangle{}
		return nil
	}
	d.frame = d.tile.Place(d.planes.width, d.planes.height)
	if d.frame.Dx() == d.planes.width && d.frame.Dy() == d.planes.height {
		smooth = sharp
	}
	if smooth == smoothLuma && 2*d.frame.Dx() <= d.planes.width {
		smooth = sharp // between pixels that are left out anyway nothing is to be smoothed
	}
	shader, err := shaders.get(variant{d.planes.layout, smooth})
	if err != nil {
		return err
	}
	d.uniforms["Tile"] = rectangle(d.tile.Box)
	d.uniforms["Frame"] = rectangle(d.frame)
	d.uniforms["Radius"] = float32(d.tile.Radius)
	d.uniforms["Fade"] = d.tile.Fade
	op := &ebiten.DrawTrianglesShaderOptions{Uniforms: d.uniforms, Blend: ebiten.BlendCopy}
	if d.tile.Over {
		op.Blend = ebiten.BlendSourceOver // what lies beneath shows beside its round corners
	}
	op.Images[0] = d.texture
	b, s := d.tile.Box, d.texture.Bounds()
	corner := func(x, y, u, v int) ebiten.Vertex {
		// The shader finds the target's pixel in the colour.
		return ebiten.Vertex{DstX: float32(x), DstY: float32(y), SrcX: float32(u), SrcY: float32(v), ColorR: float32(x), ColorG: float32(y)}
	}
	screen.DrawTrianglesShader([]ebiten.Vertex{
		corner(b.Min.X, b.Min.Y, 0, 0), corner(b.Max.X, b.Min.Y, s.Dx(), 0),
		corner(b.Min.X, b.Max.Y, 0, s.Dy()), corner(b.Max.X, b.Max.Y, s.Dx(), s.Dy()),
	}, []uint16{0, 1, 2, 1, 2, 3}, shader, op)
	return nil
}

func rectangle(r image.Rectangle) []float32 {
	return []float32{float32(r.Min.X), float32(r.Min.Y), float32(r.Dx()), float32(r.Dy())}
}
