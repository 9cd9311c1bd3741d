//go:build e2e

package e2e

import (
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/test/browser"
)

// A second device becomes an owner by a link, and both see each other's changes.
func TestTrustSecondOwner(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	h := startLasting(t, n.address, t.TempDir(), nil, 1)
	first := own(t, b, h, 1)
	link := inviteLink(first, "Kitchen tablet", "owner")

	second := b.NewPage()
	second.Open(link)
	second.WaitTiles(1, patience, browser.In(browser.Live))
	if strings.Contains(second.Address(), "invite") {
		t.Errorf("the link stays in the address bar: %s", second.Address())
	}
	openDevices(second)
	waitRow(second, "Kitchen tablet", "data-role", "owner")
	if text := browser.Eval[string](second, row("Kitchen tablet")+".innerText"); !strings.Contains(text, "This device") {
		t.Errorf("the own row says %q", text)
	}

	openDevices(first)
	waitRow(first, "Kitchen tablet", "data-live", "true")
	second.WaitFor(row("Chrome on Linux"), patience)
	press(second, `[data-device="`+device(second, "Kitchen tablet")+`"] [data-action="rename"]`)
	write(second, "name", "Living room tablet")
	press(second, `[data-action="confirm"]`)
	waitRow(second, "Living room tablet", "data-state", "active")
	waitRow(first, "Living room tablet", "data-state", "active")

	third := b.NewPage()
	third.Open(link)
	third.WaitText("This invitation was used before", patience)
	third.Screenshot("used")
	again := b.NewPage(browser.SameProfile(second))
	again.Open(link) // whoever used it may open it again
	again.WaitTiles(1, patience, browser.In(browser.Live))
	noExceptions(t, first)
	noExceptions(t, second)
}

// A guest sees the chosen camera and no other, manages nothing, and follows what the owner changes without a click.
func TestTrustGuest(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	h := startLasting(t, n.address, t.TempDir(), nil, 1, 2)
	owner := own(t, b, h, 2)
	link := inviteLink(owner, "Ann", "guest", cameraName+" 2")
	guest := b.NewPage()
	guest.Open(link)
	tiles := guest.WaitTiles(1, patience, browser.In(browser.Live))
	if !strings.Contains(tiles[0].Text, cameraName+" 2") {
		t.Errorf("the guest's tile says %q", tiles[0].Text)
	}
	guest.Sample(true)
	wantPictures(t, guest.WaitSamples(patience, browser.Frames("", 20)), 2)
	if browser.Eval[bool](guest, `!document.getElementById("devices-open").hidden`) {
		t.Error("a guest has a button to manage devices")
	}

	openDevices(owner)
	waitRow(owner, "Ann", "data-role", "guest")
	press(owner, `[data-device="`+device(owner, "Ann")+`"] [data-action="change"]`)
	owner.Click(`#panel [name="all"]`)
	press(owner, `[data-action="confirm"]`)
	guest.WaitTiles(2, patience, browser.In(browser.Live))
	press(owner, `[data-action="journal"]`)
	owner.WaitFor(`[...document.querySelectorAll("[data-visit]")].some((visit) => visit.textContent.startsWith("Ann"))`, patience)
	owner.Screenshot("journal")
	noExceptions(t, guest)
	noExceptions(t, owner)
}

// A guest and a display of whose cameras none is left are told so, and whom to ask, also after a reload; a camera that is shared anew is there
// by itself.
func TestTrustNoCameraLeft(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	dir := t.TempDir()
	h := startLasting(t, n.address, dir, nil, 1, 2)
	owner := own(t, b, h, 2)
	guest, screen := b.NewPage(), b.NewPage()
	guest.Open(inviteLink(owner, "Ann", "guest", cameraName+" 2"))
	screen.Open(inviteLink(owner, "Hall", "viewer", cameraName+" 2"))
	for _, p := range []*browser.Page{guest, screen} {
		p.WaitTiles(1, patience, browser.In(browser.Live))
	}
	goTo(screen, "kiosk="+url.PathEscape(cameraName+" 2"))
	screen.WaitFor(hidden, patience)

	h.stop()
	startLasting(t, n.address, dir, nil, 1)
	for _, p := range []*browser.Page{guest, screen} {
		p.WaitTile("", patience, func(tile browser.Tile) bool {
			return tile.State == browser.Blank && strings.Contains(tile.Text, "no longer there, or no longer shared with this device. Ask its owner.")
		})
		p.Reload()
		p.WaitText("No camera is shared with this device just now. Ask the owner to share one", patience)
		p.WaitTiles(0, patience, nil)
	}
	guest.Screenshot("guest")
	screen.Screenshot("display")

	openDevices(owner)
	press(owner, `[data-device="`+device(owner, "Ann")+`"] [data-action="change"]`)
	owner.Click(`#panel [name="all"]`)
	press(owner, `[data-action="confirm"]`)
	guest.WaitTiles(1, patience, browser.In(browser.Live))
	noExceptions(t, guest)
	noExceptions(t, screen)
}

// Invitations that were taken back or have expired say so.
func TestTrustInviteSentences(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	var later atomic.Int64
	h := startLasting(t, n.address, t.TempDir(), func(c *camera.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	}, 1)
	owner := own(t, b, h, 1)
	back := inviteLink(owner, "Ben", "viewer")
	openDevices(owner)
	press(owner, `[data-invite] [data-action="withdraw"]`)
	press(owner, `[data-action="confirm"]`)
	owner.WaitFor(`document.getElementById("panel-title").textContent === "Devices" && !document.querySelector("#panel [data-invite]")`, patience)
	owner.Click("#panel-close")
	p := b.NewPage()
	p.Open(back)
	p.WaitText("This invitation was taken back", patience)
	p.Screenshot("taken-back")

	old := inviteLink(owner, "Cleo", "viewer")
	later.Store(int64(25 * time.Hour))
	p = b.NewPage()
	p.Open(old)
	p.WaitText("This invitation has expired", patience)
	p.Screenshot("expired")

	p = b.NewPage()
	p.Open(old[:len(old)-9] + "AAAAAAAAA")
	p.WaitText("This link is incomplete", patience)
}
