package reader

import (
	"errors"
	"math/rand/v2"
	"testing"

	"rsc.io/qr"
)

const link = "https://cams.example/#pair=v1.K7QF2MRPabcd.abcdefghijklmnopqrstuvwx"

// drawn returns the brightness of a picture with the code of a text: turned by a slope, uneven light and noise, as a camera sees it.
func drawn(t testing.TB, text string, side, module int, slope float64) []byte {
	t.Helper()
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	luma := make([]byte, side*side)
	margin := (side - code.Size*module) / 2
	if margin < 4*module {
		t.Fatalf("%d modules of %d pixels do not fit", code.Size, module)
	}
	for y := range side {
		for x := range side {
			cx, cy := float64(x-side/2), float64(y-side/2)
			mx, my := int(cx+slope*cy)+side/2-margin, int(cy-slope*cx)+side/2-margin
			light := 210
			if mx >= 0 && my >= 0 && code.Black(mx/module, my/module) {
				light = 60
			}
			luma[y*side+x] = byte(light - 40*x/side + random.IntN(13))
		}
	}
	return luma
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name         string
		side, module int
		slope        float64
	}{
		{"straight", 480, 8, 0},
		{"far away", 480, 4, 0},
		{"tilted", 480, 6, 0.2},
		{"the other way", 480, 6, -0.12},
	} {
		got, err := Find(drawn(t, link, c.side, c.module, c.slope), c.side, c.side)
		if err != nil || got != link {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

func TestFindNothing(t *testing.T) {
	noise := make([]byte, 320*240)
	random := rand.New(rand.NewPCG(3, 4))
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	covered := drawn(t, link, 480, 8, 0)
	for i := range covered {
		if x, y := i%480, i/480; x > 180 && x < 300 && y > 180 && y < 300 {
			covered[i] = 255
		}
	}
	for name, c := range map[string]struct {
		luma          []byte
		width, height int
		want          error
	}{
		"black":   {make([]byte, 320*240), 320, 240, ErrNone},
		"noise":   {noise, 320, 240, ErrNone},
		"covered": {covered, 480, 480, ErrNone},
		"no size": {nil, 0, 0, ErrPicture},
		"short":   {noise[1:], 320, 240, ErrPicture},
		"large":   {make([]byte, maxSide+1), maxSide + 1, 1, ErrPicture},
		"pixel":   {make([]byte, 1), 1, 1, ErrNone},
	} {
		if text, err := Find(c.luma, c.width, c.height); !errors.Is(err, c.want) {
			t.Errorf("%s: %q, %v, want %v", name, text, err, c.want)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	luma := drawn(b, link, 480, 6, 0.1)
	for b.Loop() {
		if _, err := Find(luma, 480, 480); err != nil {
			b.Fatal(err)
		}
	}
}
