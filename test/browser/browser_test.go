//go:build e2e

package browser

import (
	"errors"
	"image"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/test/barcode"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(Sharing(m))
}

const wait = 20 * time.Second

// engines are the browsers that all tests here run in.
var engines = map[string]func(*testing.T) *Browser{
	"chromium": func(t *testing.T) *Browser { return Start(t) },
	"firefox":  func(t *testing.T) *Browser { return StartFirefox(t, nil) },
}

// inEach runs a test in each browser.
func inEach(t *testing.T, test func(t *testing.T, b *Browser)) {
	for name, start := range engines {
		t.Run(name, func(t *testing.T) { test(t, start(t)) })
	}
}

func serve(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.FileServer(http.Dir("testdata")))
	t.Cleanup(s.Close)
	return s.URL
}

func TestSamplesAreReadFromTheDrawnStage(t *testing.T) {
	inEach(t, func(t *testing.T, b *Browser) {
		address := serve(t)
		for name, c := range map[string]struct {
			options []Option
			query   string
			tiles   int
		}{
			"one tile":              {nil, "", 1},
			"nine tiles":            {nil, "?columns=3", 9},
			"two pixels a point":    {[]Option{Scale(2), Viewport(320, 240)}, "?columns=2", 4},
			"a large odd view port": {[]Option{Viewport(1003, 601)}, "?columns=2", 4},
		} {
			t.Run(name, func(t *testing.T) {
				p := b.NewPage(c.options...)
				defer p.Close()
				p.Open(address + "/stage.html" + c.query)
				p.WaitTiles(c.tiles, wait, In(Live))
				p.Sample(true)
				began := time.Now()
				samples := p.WaitSamples(wait, func(samples []Sample) bool { return Frames("c0", 8)(samples) })
				last := map[string]Sample{}
				for _, s := range samples {
					if s.Err != nil || s.Home != "h" || s.State != Live {
						t.Fatalf("sample %+v", s)
					}
					if want := "c" + string(rune('0'+s.Reading.Camera)); s.Camera != want {
						t.Fatalf("the strip of %s is in the tile of %s", want, s.Camera)
					}
					if before, ok := last[s.Camera]; ok {
						if barcode.Distance(before.Reading.Number, s.Reading.Number) != 1 || s.At.Before(before.At) {
							t.Errorf("%d at %v follows %d at %v", s.Reading.Number, s.At, before.Reading.Number, before.At)
						}
					}
					if s.At.Before(began.Add(-time.Second)) || s.At.After(time.Now().Add(time.Second)) {
						t.Errorf("sampled at %v, now %v", s.At, time.Now())
					}
					last[s.Camera] = s
				}
				if len(last) != c.tiles {
					t.Errorf("samples of %d tiles, want %d", len(last), c.tiles)
				}
				if load := p.Load(); load.Frames < 8 || load.Drawn <= 0 || load.Tasks != 0 && load.Tasks < load.Drawn/2 {
					t.Errorf("load %+v", load)
				}
			})
		}
	})
}

func TestBlankTileHasNoStrip(t *testing.T) {
	inEach(t, func(t *testing.T, b *Browser) {
		p := b.NewPage()
		p.Open(serve(t) + "/stage.html?columns=2")
		p.Sample(true)
		p.WaitSamples(wait, Frames("c2", 2))
		Eval[int](p, "globalThis.blank = 2")
		tile := p.WaitTile("c2", wait, In(Blank))
		if tile.Reason != "on purpose" || tile.Text != "camera 2" || tile.Area != (Rect{0, 180, 320, 180}) {
			t.Errorf("tile %+v", tile)
		}
		var at time.Time
		samples := p.WaitSamples(wait, func(samples []Sample) bool {
			for _, s := range samples {
				if s.Camera == "c2" && errors.Is(s.Err, barcode.ErrNoStrip) {
					at = s.At
				}
			}
			return !at.IsZero()
		})
		for _, s := range samples {
			if s.Camera == "c2" && s.At.After(at) {
				t.Errorf("drawn after it was blank: %+v", s)
			}
		}
		p.Sample(false)
		p.Samples()
		n := len(p.Samples())
		Eval[bool](p, "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
		if got := len(p.Samples()); got != n {
			t.Errorf("%d samples while sampling was off", got-n)
		}
	})
}

func TestScreenshotShowsTheStage(t *testing.T) {
	inEach(t, func(t *testing.T, b *Browser) {
		t.Setenv(artifactsVariable, t.TempDir())
		p := b.NewPage()
		p.Open(serve(t) + "/stage.html")
		tile := p.WaitTile("", wait, In(Live))
		shot := p.Screenshot("the stage")
		r := image.Rect(int(tile.Picture.X), int(tile.Picture.Y), int(tile.Picture.X+tile.Picture.Width), int(tile.Picture.Y+tile.Picture.Height))
		if got, err := barcode.DecodeImage(shot, r); err != nil || got.Camera != 0 {
			t.Errorf("strip in the screenshot: %+v, %v", got, err)
		}
		if _, err := os.Stat(p.browser.Artifact("the-stage.png")); err != nil {
			t.Error(err)
		}
	})
}

func TestPagesAreSeparate(t *testing.T) {
	inEach(t, func(t *testing.T, b *Browser) {
		address := serve(t) + "/stage.html"
		first, second := b.NewPage(), b.NewPage()
		first.Open(address)
		second.Open(address)
		Eval[bool](first, "(localStorage.word = 'mine') !== ''")
		if got := Eval[string](second, "localStorage.word ?? 'none'"); got != "none" {
			t.Errorf("another profile sees %q", got)
		}
		tab := b.NewPage(SameProfile(first))
		tab.Open(address)
		if got := Eval[string](tab, "localStorage.word ?? 'none'"); got != "mine" {
			t.Errorf("another tab of the profile sees %q", got)
		}
		for i, p := range []*Page{first, second, tab} { // none hides another
			if got := Eval[string](p, "new Promise((drawn) => requestAnimationFrame(() => drawn(document.visibilityState)))"); got != "visible" {
				t.Errorf("page %d is %s", i, got)
			}
		}
	})
}

func TestMissingParts(t *testing.T) {
	inEach(t, func(t *testing.T, b *Browser) {
		address := serve(t) + "/stage.html"
		p := b.NewPage(WithoutWebGL())
		p.Open(address)
		p.WaitFor("document.readyState === 'complete'", wait)
		if got := p.Exceptions(); len(got) != 1 || !strings.Contains(got[0], "no WebGL2") {
			t.Errorf("exceptions %q", got)
		}
		p = b.NewPage(WithoutWebSocket())
		p.Open(address)
		if !Eval[bool](p, "new Promise((done) => { const ws = new WebSocket(location.href.replace('http', 'ws')); ws.onerror = () => done(ws instanceof WebSocket); ws.onopen = () => done(false) })") {
			t.Error("a WebSocket opened")
		}
		p.SetOffline(true)
		if Eval[bool](p, "fetch(location.href, {cache: 'no-store'}).then(() => true, () => false)") {
			t.Error("fetched while offline")
		}
		p.SetOffline(false)
		if !Eval[bool](p, "fetch(location.href, {cache: 'no-store'}).then(() => true, () => false)") {
			t.Error("not fetched after being offline")
		}
	})
}

// candidates counts what a peer connection gathers.
const candidates = `new Promise(async (done) => {
	const peer = new RTCPeerConnection({ iceServers: [] });
	peer.createDataChannel("x");
	await peer.setLocalDescription(await peer.createOffer());
	if (peer.iceGatheringState !== "complete") {
		await new Promise((complete) => peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && complete());
	}
	done(peer.localDescription.sdp.split("a=candidate:").length - 1);
})`

func TestWithoutPeers(t *testing.T) {
	inEach(t, func(t *testing.T, b *Browser) {
		address := serve(t) + "/stage.html"
		for _, c := range []struct {
			options []Option
			some    bool
		}{
			{nil, true},
			{[]Option{WithoutPeers()}, false},
		} {
			p := b.NewPage(c.options...)
			p.Open(address)
			if n := Eval[int](p, candidates); (n > 0) != c.some {
				t.Errorf("%d candidates with %d options", n, len(c.options))
			}
		}
	})
}

func TestRunReportsFailures(t *testing.T) {
	var order []string
	err := Run(t.Context(), "measure", slog.New(slog.DiscardHandler), func(tb TB) {
		tb.Cleanup(func() { order = append(order, "first") })
		tb.Cleanup(func() { tb.Fatalf("in a clean-up") })
		tb.Errorf("not so good")
		tb.Fatalf("bad: %d", 7)
		order = append(order, "after Fatalf")
	})
	if err == nil || err.Error() != "not so good\nbad: 7\nin a clean-up" {
		t.Errorf("error %v", err)
	}
	if strings.Join(order, ",") != "first" {
		t.Errorf("order %q", order)
	}
	if err := Run(t.Context(), "measure", slog.New(slog.DiscardHandler), func(TB) {}); err != nil {
		t.Error(err)
	}
}

// A screenshot must not let anybody in who sees it.
func TestScreenshotHidesSecrets(t *testing.T) {
	t.Setenv(artifactsVariable, t.TempDir())
	address := serve(t)
	inEach(t, func(t *testing.T, b *Browser) {
		p := b.NewPage()
		p.Open(address + "/stage.html")
		Eval[bool](p, `(document.body.innerHTML = '<ol class="words"><li id="word"></li></ol><p id="other"></p>', true)`)
		Eval[bool](p, `["word", "other"].forEach((id, i) => document.getElementById(id).style = "position: fixed; left: 0; width: 64px; height: 64px; margin: 0;" +
			"top: " + 100 * i + "px; background: repeating-conic-gradient(#000 0 25%, #fff 0 50%) 0 0 / 8px 8px") ?? true`)
		shot := p.Screenshot("secret")
		contrast := func(top int) uint32 {
			darkest, lightest := uint32(0xffff), uint32(0)
			for y := top + 24; y < top+40; y++ {
				for x := 24; x < 40; x++ {
					luma, _, _, _ := shot.At(x, y).RGBA()
					darkest, lightest = min(darkest, luma), max(lightest, luma)
				}
			}
			return lightest - darkest
		}
		if seen := contrast(0); seen > 0x1800 {
			t.Errorf("the secret is seen with a contrast of %#x", seen)
		}
		if seen := contrast(100); seen < 0xc000 {
			t.Errorf("what is no secret is seen with a contrast of %#x only: the test is worth nothing", seen)
		}
	})
}
