//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/file"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/test/barcode"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// crowd makes many cameras, each with a sub-stream. They are slow ones: it is their number that is looked at, and the machine is small.
func crowd(t *testing.T, clock *source.Clock, many int) []camera.Camera {
	t.Helper()
	const rate = 3 // pictures a second
	var cameras []camera.Camera
	for i := range many {
		conf, err := clips.Make(t.Context(), clips.Camera(i%barcode.Cameras))
		if err != nil {
			t.Fatal(err)
		}
		src, err := file.FromBytes(fmt.Sprint("clip ", i), annexB(conf.Main), annexB(conf.Sub), rate, clock)
		if err != nil {
			t.Fatal(err)
		}
		cameras = append(cameras, camera.Camera{Name: fmt.Sprintf("%s %d", cameraName, i), Source: src})
	}
	return cameras
}

// annexB writes a clip of H.264 as a byte stream.
func annexB(c rtspcam.Clip) []byte {
	var b bytes.Buffer
	for _, unit := range c.Units {
		b.Write([]byte{0, 0, 0, 1, 9, 0xf0}) // access unit delimiter
		for _, nal := range unit {
			b.Write([]byte{0, 0, 0, 1})
			b.Write(nal)
		}
	}
	return b.Bytes()
}

// Sixty-four cameras have a tile each with a name and a state; each opens as itself, and when all are gone each says why.
func TestCrowd(t *testing.T) {
	const many = 64
	n := startServer(t, nil)
	clock := source.NewClock()
	h := startAgent(t, n.address, nil, clock, crowd(t, clock, many)...)
	p := claim(t, browser.Start(t), h, many, "", browser.Viewport(1280, 800))
	press(p, `[data-action="later"]`)
	p.WaitTiles(many, patience, browser.In(browser.Live))
	wantCrowd(t, p, many, 1280, 800)
	p.Screenshot("laptop")
	for _, i := range []int{0, 37, many - 1} {
		p.Click(fmt.Sprintf(`[data-tile]:nth-child(%d)`, i+1))
		p.WaitFor(`document.body.dataset.full && document.querySelector("[data-away]")`, patience)
		p.WaitTile(fullCamera(p), patience, browser.In(browser.Live))
		if name := browser.Eval[string](p, fullTile+`.querySelector(".name").textContent`); name != fmt.Sprintf("%s %d", cameraName, i) {
			t.Errorf("tile %d opens %q", i, name)
		}
		p.Sample(true)
		samples := browser.Of(p.WaitSamples(patience, browser.Frames(fullCamera(p), 4)), fullCamera(p))
		if err := browser.Check(samples, browser.Expect{Bits: i % barcode.Cameras, Repeat: true}); err != nil {
			t.Errorf("camera %d: %v", i, err)
		}
		p.Sample(false)
		p.Press(kb.Escape)
		p.WaitTiles(many, patience, browser.In(browser.Live))
	}
	p.Resize(390, 844)
	p.WaitTiles(many, patience, browser.In(browser.Live))
	wantCrowd(t, p, many, 390, 844)
	p.Screenshot("phone")

	h.stop()
	p.WaitTiles(many, patience, browser.In(browser.Blank))
	p.Screenshot("phone-blank")
	if faults := browser.Eval[[]string](p, smallFaults); len(faults) > 0 {
		t.Errorf("in small tiles %q", faults)
	}
	p.Resize(1280, 800)
	p.WaitTiles(many, patience, browser.In(browser.Blank))
	wantCrowd(t, p, many, 1280, 800)
	p.Screenshot("laptop-blank")
	noExceptions(t, p)
}

// wantCrowd checks that every tile has a name of its own and a place of its own in a window of this size, and says its state.
func wantCrowd(t *testing.T, p *browser.Page, many int, width, height float64) {
	t.Helper()
	tiles := p.WaitTiles(many, patience, func(tile browser.Tile) bool {
		return tile.Area.X+tile.Area.Width <= width+1 && tile.Area.Y+tile.Area.Height <= height+1
	})
	for i, tile := range tiles {
		if tile.Area.X < -1 || tile.Area.Y < 0 || tile.Area.Width < 40 || tile.Area.Height < 20 {
			t.Errorf("tile %d lies at %+v", i, tile.Area)
		}
		if want := fmt.Sprintf("%s %d", cameraName, i); !strings.HasPrefix(tile.Text, want) || len(tile.Text) < len(want)+6 {
			t.Errorf("tile %d says %q", i, tile.Text)
		}
		for j, other := range tiles[:i] {
			a, b := tile.Area, other.Area
			if a.X+1 < b.X+b.Width && b.X+1 < a.X+a.Width && a.Y+1 < b.Y+b.Height && b.Y+1 < a.Y+a.Height {
				t.Errorf("tiles %d and %d overlap", j, i)
			}
		}
	}
}
