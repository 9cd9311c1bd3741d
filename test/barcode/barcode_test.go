package barcode

import (
	"errors"
	"image"
	"image/color"
	"image/draw"
	"testing"

	"pgregory.net/rapid"
)

// strip draws a picture that carries r, in two greys.
func strip(r Reading, width, height int, white, black uint8) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{Y: 90}), image.Point{}, draw.Src)
	bits := 1 | r.Number<<2 | r.Camera<<14
	for i := range Cells {
		grey := black
		if bits>>i&1 == 1 {
			grey = white
		}
		cell := image.Rect(i*width/Columns, 0, (i+1)*width/Columns, height/Rows)
		draw.Draw(img, cell, image.NewUniform(color.Gray{Y: grey}), image.Point{}, draw.Src)
	}
	return img
}

func TestReadsWhatWasDrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Reading{rapid.IntRange(0, Numbers-1).Draw(t, "number"), rapid.IntRange(0, Cameras-1).Draw(t, "camera")}
		width := rapid.IntRange(200, 2000).Draw(t, "width")
		black := rapid.Uint8Range(0, 60).Draw(t, "black")
		white := rapid.Uint8Range(black+minContrast, 255).Draw(t, "white")
		img := strip(want, width, width*9/16, white, black)
		got, err := DecodeImage(img, img.Bounds())
		if err != nil || got != want {
			t.Errorf("image: got %v, %v, want %v", got, err, want)
		}
		y := img.Bounds().Dy() / Rows / 2
		got, err = DecodeRow(img.Pix[y*img.Stride:][:img.Stride])
		if err != nil || got != want {
			t.Errorf("row: got %v, %v, want %v", got, err, want)
		}
	})
}

func TestRefuses(t *testing.T) {
	good := make([]int, Cells)
	good[0], good[1], good[5] = 235, 16, 235
	change := func(cell, luma int) []int {
		c := append([]int(nil), good...)
		c[cell] = luma
		return c
	}
	for name, c := range map[string]struct {
		lumas []int
		want  error
	}{
		"good":             {good, nil},
		"none":             {nil, ErrNoStrip},
		"one cell short":   {good[:Cells-1], ErrNoStrip},
		"one cell more":    {append(good[:Cells:Cells], 0), ErrNoStrip},
		"grey, no picture": {make([]int, Cells), ErrNoStrip},
		"black first":      {change(0, 10), ErrNoStrip},
		"white second":     {change(1, 230), ErrNoStrip},
		"blended bit":      {change(5, 125), ErrUnclear},
		"nearly white":     {change(6, 190), nil},
		"nearly black":     {change(6, 60), nil},
	} {
		if _, err := Decode(c.lumas); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := DecodeRow(make([]byte, 4*(2*Columns-1))); !errors.Is(err, ErrNoStrip) {
		t.Errorf("narrow row: %v", err)
	}
	img := strip(Reading{}, 480, 270, 255, 0)
	if _, err := DecodeImage(img, img.Bounds().Add(image.Pt(1, 0))); !errors.Is(err, ErrNoStrip) {
		t.Errorf("rectangle outside of the image: %v", err)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct{ from, to, want int }{
		{0, 0, 0},
		{0, 1, 1},
		{1, 0, -1},
		{Numbers - 1, 0, 1},
		{0, Numbers - 1, -1},
		{100, 100 + Numbers/2 - 1, Numbers/2 - 1},
		{0, Numbers / 2, -Numbers / 2},
	} {
		if got := Distance(c.from, c.to); got != c.want {
			t.Errorf("Distance(%d, %d) = %d, want %d", c.from, c.to, got, c.want)
		}
	}
}
