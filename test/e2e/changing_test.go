//go:build e2e

package e2e

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/program"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// makeClip makes the clip of a camera in another size or coding.
func makeClip(t *testing.T, change func(*clips.Spec)) rtspcam.Config {
	t.Helper()
	spec := clips.Camera(6)
	change(&spec)
	conf, err := clips.Make(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

// changing is a page of one camera that is about to change what it sends.
func changing(t *testing.T, query string) (*browser.Page, *rtspcam.Camera) {
	t.Helper()
	n := startServer(t, nil)
	clock := source.NewClock()
	cam, err := rtspcam.Start(makeClip(t, func(*clips.Spec) {}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cam.Close)
	src, err := rtsp.New(rtsp.Config{Main: cam.MainURL(), Sub: cam.SubURL(), Clock: clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h := startAgent(t, n.address, nil, clock, camera.Camera{Name: cameraName, Source: src})
	p := claim(t, browser.Start(t), h, 1, query, browser.Viewport(800, 500)) // wide enough for the main stream
	program.DeclineWords(p)
	wantStream(t, p, seal.Main)
	return p, cam
}

// wantStream waits for live pictures of a stream, and checks that all that are drawn are the camera's.
func wantStream(t *testing.T, p *browser.Page, stream seal.Stream) {
	t.Helper()
	p.WaitFor(fmt.Sprintf(`sealcam.stats().tiles[0].stream === %d && sealcam.stats().tiles[0].state === "live"`, stream), patience)
	p.Sample(true)
	if err := browser.Check(p.WaitSamples(patience, browser.Frames("", 20)), browser.Expect{Bits: 6, Repeat: true}); err != nil {
		t.Error(err)
	}
	p.Sample(false)
}

// A camera that changes its size in the middle of its stream, and is even turned, goes on: each picture is drawn in its own shape.
func TestCameraChangesSize(t *testing.T) {
	for _, query := range []string{"transport=relay", "transport=p2p"} {
		t.Run(query, func(t *testing.T) {
			p, cam := changing(t, query)
			p.Press("1") // in full size the main stream is watched whatever its shape
			p.WaitFor(`document.body.dataset.full`, patience)
			for _, size := range []struct {
				name          string
				width, height int
			}{
				{"camera-06-small", 768, 432},
				{"camera-06-turned", 432, 756},
				{"camera-06", 1152, 648},
			} {
				clip := makeClip(t, func(s *clips.Spec) { s.Name, s.Width, s.Height = size.name, size.width, size.height })
				// What is drawn meanwhile is the camera's, in whichever size.
				p.Sample(true)
				if err := cam.Turn(clip.Main); err != nil {
					t.Fatal(err)
				}
				p.WaitFor(fmt.Sprintf(`sealcam.stats().tiles[0].width === %d && sealcam.stats().tiles[0].height === %d`, size.width, size.height), patience)
				if err := browser.Check(p.WaitSamples(patience, browser.Frames("", 20)), browser.Expect{Bits: 6, Repeat: true}); err != nil {
					t.Errorf("%s: %v", size.name, err)
				}
				wantStream(t, p, seal.Main)
				area := fullPicture(p)
				if got, want := area.Width/area.Height, float64(size.width)/float64(size.height); math.Abs(got/want-1) > 0.02 {
					t.Errorf("%s: drawn at %+v", size.name, area)
				}
				p.Screenshot(size.name)
			}
			if d := diagnose(p); d.Refused != 0 || d.GateRefused != 0 || d.Failures != 0 {
				t.Errorf("%+v", d)
			}
			noExceptions(t, p)
		})
	}
}

// A camera whose streams differ in shape is watched in one of them, and not in both in turns because the tile's size changes with its shape.
func TestStreamsOfTwoShapes(t *testing.T) {
	p, cam := changing(t, "")
	turned := makeClip(t, func(s *clips.Spec) { s.Name, s.Width, s.Height = "camera-06-turned", 432, 756 })
	if err := cam.Turn(turned.Main); err != nil {
		t.Fatal(err)
	}
	p.WaitFor(`sealcam.stats().tiles[0].width < sealcam.stats().tiles[0].height`, patience)
	wantStream(t, p, seal.Sub) // the tile is narrow now
	p.Sample(true)
	if err := browser.Check(p.WaitSamples(patience, browser.Frames("", 90)), browser.Expect{Bits: 6, Repeat: true}); err != nil {
		t.Error(err)
	}
	if d := diagnose(p); d.Stream != seal.Sub {
		t.Errorf("%+v", d)
	}
	p.Screenshot("two-shapes")
	noExceptions(t, p)
}

// A camera that is set to a coding which this browser cannot play is shown in its other stream, or a sentence says what to do; set back, it
// is shown as before. Nobody has to do anything in the page.
func TestCameraChangesCoding(t *testing.T) {
	p, cam := changing(t, "")
	old := makeClip(t, func(*clips.Spec) {})
	modern := makeClip(t, func(s *clips.Spec) { s.Codec = codec.H265 })
	change := func(main, sub rtspcam.Clip) {
		t.Helper()
		if err := cam.Change(main, sub); err != nil {
			t.Fatal(err)
		}
	}
	change(modern.Main, old.Sub)
	wantStream(t, p, seal.Sub)
	p.Screenshot("sub-stream")
	change(old.Main, old.Sub)
	wantStream(t, p, seal.Main)

	change(modern.Main, modern.Sub)
	tile := p.WaitTile("", patience, func(tile browser.Tile) bool {
		return tile.State == browser.Blank && strings.Contains(tile.Text, "Set the camera to H.264")
	})
	if tile.Picture.Width > 0 {
		t.Error("a picture is drawn in a blank tile")
	}
	p.Screenshot("unplayable")
	change(old.Main, old.Sub)
	wantStream(t, p, seal.Main)
	noExceptions(t, p)
}
