//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// Where the page asks for stills, the agent makes them of the camera's key frames: the right ones, in order, each shown with its true age.
func TestStills(t *testing.T) {
	for _, test := range []struct {
		name, query string
		script      string
		streams     float64 // of video. Until the agent has seen that it can make stills, each may be tried, and refused, once
		decoder     string
	}{
		{"of the main stream", "decoder=still", "", 1, "image"},
		{"of the sub-stream, relayed", "decoder=still&transport=relay", "", 2, "image"},
		{"without the browser's image decoders", "decoder=still", "delete globalThis.ImageDecoder; delete globalThis.createImageBitmap", 1, "go"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := startServer(t, nil)
			clock := source.NewClock()
			cam := play(t, clips.Camera(6), nil)
			use := rtsp.Config{Main: cam.MainURL(), Clock: clock}
			if test.streams > 1 {
				use.Sub = cam.SubURL()
			}
			h := startAgent(t, n.address, nil, clock, reached(t, cameraName, use))
			p := claim(t, browser.Start(t), h, 1, test.query, browser.Script(test.script))
			p.WaitFor(`sealcam.stats().tiles[0].stream === 2 && sealcam.stats().tiles[0].codec === "JPEG"`, patience)
			p.Sample(true)
			samples := p.WaitSamples(patience, func(s []browser.Sample) bool { return distinct(s) >= 4 })
			wantPictures(t, samples, 6)
			if d := diagnose(p); d.Decoder != test.decoder || d.Stream != seal.Still || d.Width != 640 || d.Height != 360 ||
				d.Failures > test.streams || d.Refused != 0 || d.GateRefused != 0 {
				t.Errorf("%+v", d)
			}
			wantTrueAges(t, p, cam)
			if title := browser.Eval[string](p, `document.querySelector("[data-tile] .way").title`); !strings.Contains(title, "Stills only") {
				t.Errorf("the tile says %q", title)
			}
			p.Screenshot("still")
			noExceptions(t, p)
		})
	}
}

// distinct counts the pictures that were read.
func distinct(samples []browser.Sample) int {
	numbers := map[int]bool{}
	for _, s := range samples {
		if s.Err == nil {
			numbers[s.Reading.Number] = true
		}
	}
	return len(numbers)
}

// wantTrueAges compares the age that the tile states, and the state that goes with it, with when the camera took the picture that is drawn.
func wantTrueAges(t *testing.T, p *browser.Page, cam *rtspcam.Camera) {
	t.Helper()
	type stated struct {
		Age, At float64 // ms
		Serial  float64
		State   string
	}
	look := func() stated {
		return browser.Eval[stated](p, `(() => {
			const t = sealcam.stats().tiles[0];
			return { Age: t.age_ms, At: performance.timeOrigin + performance.now(), Serial: t.serial, State: t.state };
		})()`)
	}
	compared := 0
	for range 4 {
		p.Sample(true)
		samples := p.WaitSamples(patience, browser.Frames("", 1)) // the stage draws when there is another picture
		number := samples[len(samples)-1].Reading.Number
		young := look()
		p.WaitFor(`sealcam.stats().tiles[0].age_ms > 1000`, patience)
		old := look()
		for _, s := range []stated{young, old} {
			if s.Serial != young.Serial {
				continue // the next picture came meanwhile
			}
			compared++
			at := time.UnixMicro(int64(s.At * 1000))
			sent, ok := cam.SentAt(number, at)
			if !ok {
				t.Fatalf("picture %d was never sent", number)
			}
			age, truth := time.Duration(s.Age*float64(time.Millisecond)), at.Sub(sent)
			if d := age - truth; d < -150*time.Millisecond || d > 500*time.Millisecond {
				t.Errorf("picture %d is %v old, and said to be %v", number, truth, age)
			}
			if s.State != "live" && s.State != "stale" || s.State == "live" && age > 2100*time.Millisecond {
				t.Errorf("%v old and %s", age, s.State)
			}
		}
	}
	if compared < 5 {
		t.Errorf("only %d ages were compared", compared)
	}
}
