//go:build e2e

package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/test/browser"
)

// watchBlank notes in the page when its tile stops showing pictures, by the machine's clock.
const watchBlank = `(() => {
	globalThis.blankAt = 0;
	const tile = document.querySelector("[data-tile]");
	new MutationObserver(() => { if (tile.dataset.state === "blank" && !blankAt) blankAt = performance.timeOrigin + performance.now(); })
		.observe(tile, { attributes: true });
	return true;
})()`

// A device that is watching sees nothing more once it is revoked, at once, and says why; a new invitation brings it back.
func TestTrustRevoke(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	h := startLasting(t, n.address, t.TempDir(), nil, 1)
	owner := own(t, b, h, 1)
	guest := b.NewPage()
	var took []time.Duration
	for range 5 {
		guest.Open(inviteLink(owner, "Ann", "viewer"))
		guest.WaitTiles(1, patience, browser.In(browser.Live))
		browser.Eval[bool](guest, watchBlank)
		openDevices(owner)
		waitRow(owner, "Ann", "data-live", "true")
		id := device(owner, "Ann")
		press(owner, `[data-device="`+id+`"] [data-action="revoke"]`)
		owner.WaitFor(`document.querySelector("#panel [data-action=confirm]")`, patience)
		pressed := browser.Eval[float64](owner, `(() => { const at = performance.timeOrigin + performance.now(); document.querySelector("#panel [data-action=confirm]").click(); return at; })()`)
		guest.WaitFor(`blankAt > 0`, patience)
		took = append(took, time.Duration((browser.Eval[float64](guest, "blankAt")-pressed)*float64(time.Millisecond)))
		if reason := guest.Tiles()[0].Reason; reason != "revoked" {
			t.Errorf("the reason is %q", reason)
		}
		guest.Sample(true)
		owner.WaitFor(`/confirmed it after/.test(document.querySelector("#panel [data-part=note]").textContent)`, patience)
		owner.WaitFor(`document.querySelector('#panel [data-device="`+id+`"]').dataset.state === "revoked"`, patience)
		owner.Click("#panel-close")
		for _, s := range guest.Samples() {
			if s.Err == nil {
				t.Error("a picture is drawn after the revocation")
			}
		}
	}
	guest.Screenshot("revoked")
	slices.Sort(took)
	t.Logf("from the click to the blank tile on the other page: median %v, all %v", took[len(took)/2], took)
	b.Record("revoke", map[string]any{"median_ms": took[len(took)/2].Milliseconds()})
	noExceptions(t, guest)
	noExceptions(t, owner)
}
