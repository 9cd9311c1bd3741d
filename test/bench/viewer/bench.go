package main

import (
	_ "embed"
	"fmt"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/program"
	"github.com/sealcam/sealcam/test/rtspcam"
)

//go:embed watch.js
var watchJS string

// patience bounds a failure; it measures nothing.
const patience = 2 * time.Minute

// large is the camera with 1080p at MainRate; the others have 640×360 at SubRate.
const cameras, large = 10, 10

// inputEvery is a little more than the page needs between two inputs, and no multiple of the cameras' periods.
const inputEvery = 311 * time.Millisecond

// bench is one run.
type bench struct {
	browser.TB
	result *result
	page   *browser.Page
	opened time.Time
	memory int64 // bytes at the first reading
}

// open starts cameras, server, agent and page, and checks with the barcodes that each tile shows its camera.
func (b *bench) open() {
	var cams []*rtspcam.Camera
	for number := 1; number <= cameras; number++ {
		cams = append(cams, b.camera(number))
	}
	home := program.StartHome(b, program.Options{}, cams...)
	b.page = browser.Start(b, chromedp.Flag("js-flags", "--expose-gc")).NewPage(browser.Script(watchJS), browser.ThreadTime())
	b.page.Open(home.Link)
	tiles := b.page.WaitTiles(cameras, patience, browser.In(browser.Live))
	program.DeclineWords(b.page)
	b.opened = time.Now()
	b.result.Streams = cameras
	b.result.ClientBytes = browser.Eval[int64](b.page, `performance.getEntries().reduce((sum, e) => sum + (e.encodedBodySize ?? 0), 0)`)
	b.page.Sample(true)
	samples := b.page.WaitSamples(patience, func(s []browser.Sample) bool {
		seen := map[string]bool{}
		for _, one := range s {
			seen[one.Camera] = seen[one.Camera] || one.Err == nil
		}
		return len(seen) == cameras
	})
	b.page.Sample(false)
	for _, tile := range tiles {
		var number int
		if _, err := fmt.Sscanf(tile.Text, "Camera %d,", &number); err != nil {
			b.Fatalf("tile %q: %v", tile.Text, err)
		}
		if number == large {
			number = clips.Latency().Camera
		}
		if err := browser.Check(browser.Of(samples, tile.Camera), browser.Expect{Bits: number, Repeat: true}); err != nil {
			b.Fatalf("%v", err)
		}
	}
}

// camera starts one that sends a single stream.
func (b *bench) camera(number int) *rtspcam.Camera {
	spec := clips.Camera(number)
	if number == large {
		spec = clips.Latency()
	}
	config, err := clips.Make(b.Context(), spec)
	if err != nil {
		b.Fatalf("%v", err)
	}
	if number != large {
		config.Main = config.Sub
	}
	config.Sub = rtspcam.Clip{}
	cam, err := rtspcam.Start(config)
	if err != nil {
		b.Fatalf("%v", err)
	}
	b.Cleanup(cam.Close)
	return cam
}

// rest waits until the page has been open for so long.
func (b *bench) rest(d time.Duration) {
	select {
	case <-time.After(time.Until(b.opened.Add(d))):
	case <-b.Context().Done():
		b.Fatalf("%v", b.Context().Err())
	}
}

// heap is what is left after collecting garbage.
func (b *bench) heap() int64 {
	b.look() // forgets what was measured before
	browser.Eval[any](b.page, "gc()")
	return b.page.Load().Heap
}

// first and last read the memory.
func (b *bench) first() {
	b.memory = b.heap()
	b.result.MemoryAfter = round(time.Since(b.opened).Seconds())
}

func (b *bench) last() {
	b.result.Growth = round(100 * (float64(b.heap())/float64(b.memory) - 1))
	b.result.MemoryUntil = round(time.Since(b.opened).Seconds())
}

// watched is what watch.js has found since it was last asked.
type watched struct {
	Drawn  map[string]int `json:"drawn"`
	Decode []float64      `json:"decode"` // ms
	Input  []float64      `json:"input"`  // ms
	Now    float64        `json:"now"`    // ms of the page's clock
	Frames float64        `json:"frames"`
	Draw   float64        `json:"draw"`
}

func (b *bench) look() watched {
	return browser.Eval[watched](b.page, `(() => {
		const { drawn, decode, input } = __watch;
		Object.assign(__watch, { drawn: {}, decode: [], input: [] });
		const stats = sealcam.stats();
		return { drawn, decode, input, now: performance.now(), frames: stats.frames, draw: stats.main_thread_ms.draw };
	})()`)
}

// watch measures for the time that was asked for, the first half untouched, the second with keys pressed.
func (b *bench) watch() {
	r, half := b.result, time.Duration(b.result.Seconds)*time.Second/2
	b.Logf("watching for %v", half)
	begin, load := b.look(), b.page.Load()
	b.wait(half)
	after, quiet := b.page.Load(), b.look()
	elapsed := (quiet.Now - begin.Now) / 1000
	r.FPSMin = 1
	streams := browser.Eval[map[string]int](b.page, `Object.fromEntries(sealcam.stats().tiles.map((t) => [t.camera, t.height]))`)
	for camera, height := range streams {
		rate := float64(clips.SubRate)
		if height > 1000 {
			rate = clips.MainRate
			r.FPS = round(float64(quiet.Drawn[camera]) / elapsed)
		}
		share := float64(quiet.Drawn[camera]) / elapsed / rate
		b.Logf("%s: %d pictures of %d lines, %.2f of all", camera[:8], quiet.Drawn[camera], height, share)
		r.FPSMin = min(r.FPSMin, round(share))
	}
	r.Draws = round((quiet.Frames - begin.Frames) / elapsed)
	r.DrawMS = round(quiet.Draw)
	r.MainThread = round(100 * (after.Tasks - load.Tasks).Seconds() / elapsed)
	r.DecodeP95 = percentile(quiet.Decode, 95)

	b.Logf("pressing keys for %v", half)
	b.page.Press(kb.ArrowRight)                   // the first tile
	keys := []string{kb.ArrowRight, kb.ArrowLeft} // the focus goes to the next tile and back
	for i, until := 0, time.Now().Add(half); time.Now().Before(until); i++ {
		before := browser.Eval[string](b.page, focused)
		b.page.Press(keys[i%2])
		if before == browser.Eval[string](b.page, focused) {
			b.Fatalf("a key did nothing")
		}
		b.wait(inputEvery)
	}
	answers := b.look().Input
	r.Inputs, r.InputP95 = len(answers), percentile(answers, 95)
	if len(answers) == 0 || len(quiet.Decode) == 0 {
		b.Fatalf("%d keys were answered, %d large pictures decoded", len(answers), len(quiet.Decode))
	}
}

const focused = `document.activeElement.dataset.camera ?? ""`

func (b *bench) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-b.Context().Done():
		b.Fatalf("%v", b.Context().Err())
	}
}

func percentile(ms []float64, p float64) float64 {
	all := make([]time.Duration, len(ms))
	for i, v := range ms {
		all[i] = time.Duration(v * float64(time.Millisecond))
	}
	if len(all) == 0 {
		return 0
	}
	return round(float64(browser.Percentile(all, p)) / float64(time.Millisecond))
}

func round(v float64) float64 {
	if v < 0 {
		return float64(int(v*100-.5)) / 100
	}
	return float64(int(v*100+.5)) / 100
}
