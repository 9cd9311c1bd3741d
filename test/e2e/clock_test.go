//go:build e2e

package e2e

import (
	"testing"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/test/browser"
)

// wrongClock sets the page's clock a day ahead, until __clock is 0.
const wrongClock = `(() => {
	globalThis.__clock = 24 * 3600 * 1000;
	const now = Date.now, Real = Date;
	globalThis.Date = class extends Real {
		constructor(...args) { args.length ? super(...args) : super(now() + __clock); }
		static now() { return now() + __clock; }
	};
})()`

// A device whose clock is off by a day says so, and goes on by itself once it is set; the age of its pictures is right from the first on.
func TestClockOffByADay(t *testing.T) {
	n := startServer(t, nil)
	clock := source.NewClock()
	cam, _ := rtspCamera(t, 6, clock, nil)
	h := startAgent(t, n.address, nil, clock, cam)
	p := browser.Start(t).NewPage(browser.Script(wrongClock))
	p.Open(withQuery(h.link(t), "transport=relay"))
	p.WaitFor(`document.getElementById("sheet-text").textContent.includes("This device's clock is wrong: set date and time")`, patience)
	browser.Eval[bool](p, `(__clock = 0, true)`)
	p.WaitTiles(1, patience, browser.In(browser.Live))
	p.WaitFor(`sealcam.stats().tiles[0].age_ms < 2000`, patience)

	// Set wrong again it changes nothing of the pictures, which are judged by the agent's clock.
	browser.Eval[bool](p, `(__clock = -24 * 3600 * 1000, true)`)
	p.WaitFor(`document.getElementById("notice-text").textContent.includes("differ by 24 h")`, patience)
	p.Sample(true)
	for _, s := range p.WaitSamples(patience, browser.Frames("", 2*clearly)) {
		if s.State != browser.Live {
			t.Errorf("a picture is drawn as %s", s.State)
		}
	}
	noExceptions(t, p)
}
