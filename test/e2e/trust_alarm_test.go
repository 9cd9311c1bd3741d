//go:build e2e

package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/test/browser"
)

// An old copy of the agent's state raises an alarm on the owner's page, which says what differs, shows no picture, and gives the agent back
// what it lacks.
func TestTrustRollback(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	dir, old := t.TempDir(), t.TempDir()
	h := startLasting(t, n.address, dir, nil, 1)
	owner := own(t, b, h, 1, browser.Viewport(1280, 800))
	h.stop()
	if err := os.CopyFS(old, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	h = startLasting(t, n.address, dir, nil, 1)
	owner.WaitTiles(1, patience, browser.In(browser.Live))
	guest := b.NewPage()
	guest.Open(inviteLink(owner, "Ann", "viewer"))
	guest.WaitTiles(1, patience, browser.In(browser.Live))
	openDevices(owner)
	waitRow(owner, "Ann", "data-live", "true")
	press(owner, `[data-device="`+device(owner, "Ann")+`"] [data-action="revoke"]`)
	press(owner, `[data-action="confirm"]`)
	guest.WaitTile("", patience, func(tile browser.Tile) bool { return tile.Reason == "revoked" })
	owner.WaitFor(`document.querySelector('#panel [data-device][data-state="revoked"]')`, patience)
	owner.Click("#panel-close")
	h.stop()

	startLasting(t, n.address, old, nil, 1)
	owner.WaitFor(`!document.getElementById("alarm").hidden`, patience)
	owner.WaitTile("", patience, func(tile browser.Tile) bool { return tile.State == browser.Blank && tile.Reason == "rollback" })
	owner.Screenshot("alarm")
	if alarm := browser.Eval[string](owner, `sealcam.stats().homes[0].alarm`); !strings.Contains(alarm, "Ann") {
		t.Errorf("the alarm says %q", alarm)
	}
	owner.Click("#alarm-open")
	owner.WaitFor(`document.querySelectorAll("#panel .differences li").length === 3`, patience)
	differences := browser.Eval[string](owner, `document.querySelector("#panel .differences").innerText`)
	for _, words := range []string{"an invitation for “Ann”", "“Ann” let in", "“Ann” revoked"} {
		if !strings.Contains(differences, words) {
			t.Errorf("the alarm does not name %q but says:\n%s", words, differences)
		}
	}
	owner.Screenshot("differences")
	press(owner, `[data-action="repair"]`)
	owner.WaitFor(opened("Mended"), patience)
	press(owner, `[data-action="done"]`)
	owner.WaitFor(`document.getElementById("alarm").hidden`, patience)
	owner.WaitTile("", patience, browser.In(browser.Live))
	guest.WaitTile("", patience, func(tile browser.Tile) bool { return tile.State == browser.Blank && tile.Reason == "revoked" })
	noExceptions(t, owner)
}
