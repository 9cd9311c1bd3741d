//go:build e2e

package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/program"
	"github.com/sealcam/sealcam/test/rtspcam"
	"github.com/sealcam/sealcam/viewer/gate"
)

// firstSight notes what the tile says in the first frame that is drawn after the page came into sight again.
const firstSight = `(() => {
	globalThis.__sights = [];
	document.addEventListener("visibilitychange", () => {
		if (document.visibilityState !== "visible") return;
		requestAnimationFrame(() => __sights.push({ T: performance.timeOrigin + performance.now(), State: document.querySelector("[data-tile]").dataset.state }));
	});
})()`

// throttled is a page with one camera whose time the browser takes away.
type throttled struct {
	*browser.Page
	t      *testing.T
	cam    *rtspcam.Camera
	number int
}

func startThrottled(t *testing.T, address, query string) *throttled {
	t.Helper()
	const number = 6
	clock := source.NewClock()
	cam := play(t, battleClip(number), nil)
	h := startAgent(t, address, nil, clock, reached(t, cameraName, rtsp.Config{Main: cam.MainURL(), Sub: cam.SubURL(), Clock: clock}))
	p := &throttled{claim(t, browser.Start(t), h, 1, query, browser.Script(tileRecorder), browser.Script(firstSight)), t, cam, number}
	program.DeclineWords(p.Page)
	browser.Eval[bool](p.Page, "__tileRecorder.begin()")
	p.Sample(true)
	p.goesOn(time.Now())
	return p
}

// goesOn waits until pictures that were sent since then are drawn, live.
func (p *throttled) goesOn(since time.Time) {
	p.t.Helper()
	p.WaitSamples(patience, func(samples []browser.Sample) bool {
		n := 0
		for _, s := range samples {
			if sent, ok := p.cam.SentAt(s.Reading.Number, s.At); s.Err == nil && ok && sent.After(since) && s.State == browser.Live {
				n++
			}
		}
		return n >= clearly
	})
}

// pass lets so much time go by, by the page's clock, which goes on in a frozen page as well.
func (p *throttled) pass(d time.Duration) {
	p.t.Helper()
	browser.Eval[bool](p.Page, "(globalThis.__until = Date.now() + "+itoa(int(d.Milliseconds()))+", true)")
	p.WaitFor("Date.now() > __until", patience)
}

// judge holds what was drawn since then against what the camera sent.
func (p *throttled) judge(since time.Time) {
	p.t.Helper()
	r := browser.Eval[record](p.Page, "({ Now: performance.timeOrigin + performance.now(), Changes: __tileRecorder.changes, Stalls: __tileRecorder.stalls })")
	r.Stalls = slices.DeleteFunc(r.Stalls, func(s stall) bool { return millis(s.From).Before(since) })
	samples := slices.DeleteFunc(p.Samples(), func(s browser.Sample) bool { return s.At.Before(since) })
	for what, n := range judge(samples, p.number, p.cam.SentAt, r.of(p.Tiles()[0].Camera), r.longestStall()) {
		p.t.Errorf("%d pictures %s, the first: %s", n.count, what, n.first)
	}
}

// A page on a slow device, or one that the browser slows down, calls nothing live that is old, and is live again once it has time.
func TestSlowedPage(t *testing.T) {
	// The least of some, since whatever else the machine does makes it longer.
	const work = `Math.min(...[1, 2, 3, 4].map(() => {
		const began = performance.now();
		for (let i = 0, x = 1; i < 1e6; i++) x = (x * 48271) % 2147483647;
		return performance.now() - began;
	}))`
	p := startThrottled(t, startServer(t, nil).address, "")
	begun := time.Now()
	quick := browser.Eval[float64](p.Page, work)
	p.Slow(8)
	if slow := browser.Eval[float64](p.Page, work); slow < 3*quick {
		t.Errorf("the page needs %.0f ms for what took %.0f before: it is not slowed down", slow, quick)
	}
	p.pass(4 * time.Second)
	t.Logf("slowed: %.1f pictures a second", browser.Rate(p.Samples()))
	p.Slow(30) // more than any page can bear
	p.WaitTile("", patience, browser.In(browser.Stale, browser.Blank))
	p.Slow(1)
	freed := time.Now()
	p.goesOn(freed)
	t.Logf("live %v after it had time again", time.Since(freed).Round(10*time.Millisecond))
	p.judge(begun)
	noExceptions(t, p.Page)
}

// A page that the browser froze shows nothing of before as live when it is seen again, and is live again by itself: after a moment, and when
// its connections have gone meanwhile.
func TestFrozenPage(t *testing.T) {
	address := freeAddress(t)
	n := startServer(t, func(c *server.Config) { c.Listen = address })
	p := startThrottled(t, n.address, "")

	p.Freeze()
	p.pass(gate.LiveFor + time.Second)
	p.comesBack("a moment")

	p.Freeze()
	n.stop()
	startServer(t, func(c *server.Config) { c.Listen = address })
	p.pass(gate.LiveFor + time.Second)
	p.comesBack("its connections have gone")
	noExceptions(t, p.Page)
}

// comesBack lets a page that was frozen for longer than a picture is live go on.
func (p *throttled) comesBack(after string) {
	p.t.Helper()
	browser.Eval[bool](p.Page, "(__sights.length = 0, __tileRecorder.begin())")
	thawed := time.Now()
	p.Thaw()
	p.WaitFor("__sights.length > 0", patience)
	p.goesOn(thawed)
	p.t.Logf("after %s: live %v after it went on", after, time.Since(thawed).Round(10*time.Millisecond))
	p.judge(thawed)

	sight := browser.Eval[[]struct {
		T     float64
		State browser.State
	}](p.Page, "__sights")[0]
	drawn := p.Samples()
	for len(drawn) > 0 && (drawn[len(drawn)-1].Err != nil || drawn[len(drawn)-1].At.After(millis(sight.T))) {
		drawn = drawn[:len(drawn)-1]
	}
	last := drawn[len(drawn)-1]
	sent, ok := p.cam.SentAt(last.Reading.Number, last.At)
	age := millis(sight.T).Sub(sent)
	p.t.Logf("after %s: at first sight it says %s, over a picture %.1f s old", after, sight.State, age.Seconds())
	if !ok || sight.State == browser.Live && age > gate.LiveFor+tolerance {
		p.t.Errorf("after %s: at first sight the tile says %s, while the last picture is %.1f s old", after, sight.State, age.Seconds())
	}
}
