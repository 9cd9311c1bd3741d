//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/test/browser"
)

// A page that nobody sees asks for less at once and for nothing after a while; its pictures are back as soon as somebody sees it. A headless
// page is always visible, so it is told otherwise.
func TestHiddenPage(t *testing.T) {
	n := startServer(t, nil)
	clock := source.NewClock()
	cam, _ := rtspCamera(t, 6, clock, nil)
	h := startAgent(t, n.address, nil, clock, cam)
	p := claim(t, browser.Start(t), h, 1, "transport=relay")
	see := func(state string) {
		browser.Eval[bool](p, fmt.Sprintf(`
			Object.defineProperty(document, "visibilityState", { configurable: true, get: () => %q });
			document.dispatchEvent(new Event("visibilitychange")) // true`, state))
	}
	p.Resize(800, 500)
	p.WaitFor(`sealcam.stats().tiles[0].stream === 0`, patience)
	see("hidden")
	p.WaitFor(`sealcam.stats().tiles[0].stream === 1`, patience)
	see("visible")
	p.WaitFor(`sealcam.stats().tiles[0].stream === 0`, patience)

	see("hidden")
	p.WaitFor(`(() => {
		const relayed = sealcam.stats().tiles[0].relayed
		if (relayed !== globalThis.before) [globalThis.before, globalThis.since] = [relayed, Date.now()]
		return Date.now() - globalThis.since > 3000
	})()`, patience)
	see("visible")
	seen := time.Now()
	p.WaitTiles(1, patience, browser.In(browser.Live))
	p.WaitFor(`sealcam.stats().tiles[0].stream === 0 && sealcam.stats().tiles[0].state === "live"`, patience)
	t.Logf("live %v after it was seen again", time.Since(seen).Round(10*time.Millisecond))
	noExceptions(t, p)
}
