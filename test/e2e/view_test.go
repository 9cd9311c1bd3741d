//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/sealcam/sealcam/test/browser"
)

// `sealcam view` serves the page from this machine: all that the page loads comes from there, it is let in at the server all the same, and
// the links that it makes name the server.
func TestView(t *testing.T) {
	n := startServer(t, nil)
	h := startLasting(t, n.address, t.TempDir(), nil, 4)
	link := startProgram(t, "view", "--port", "0", h.link(t))
	here, fragment, _ := strings.Cut(link, "/#")
	if here == n.address || !strings.HasPrefix(here, "http://localhost:") || !strings.HasPrefix(fragment, "claim=") {
		t.Fatalf("view opens %s/ with a fragment of %d bytes", here, len(fragment))
	}
	b := browser.Start(t)
	owner := b.NewPage(browser.Viewport(1280, 800))
	owner.Open(link)
	owner.WaitFor(opened("Recovery phrase"), patience)
	if link := browser.Eval[string](owner, `document.querySelector("#panel [name=link]").value`); !strings.HasPrefix(link, n.address+"/#recover=") {
		t.Errorf("the words are to be typed at %s", link)
	}
	press(owner, `[data-action="later"]`)
	owner.WaitTiles(1, patience, browser.In(browser.Live))
	owner.Sample(true)
	wantPictures(t, owner.WaitSamples(patience, browser.Frames("", 30)), 4)
	owner.Screenshot("view")
	if strings.Contains(owner.Address(), "claim") {
		t.Errorf("the link stays in the address bar: %s", owner.Address())
	}
	foreign := browser.Eval[[]string](owner, `performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith(origin + "/") && !name.startsWith("blob:") && !name.startsWith("data:"))`)
	if len(foreign) > 0 {
		t.Errorf("the page loaded %q", foreign)
	}

	// An invitation made here opens at the server itself.
	invitation := inviteLink(owner, "Ann", "viewer")
	if !strings.HasPrefix(invitation, n.address+"/#invite=") {
		t.Fatalf("the invitation is for %s", strings.SplitN(invitation, "#", 2)[0])
	}
	ann := b.NewPage()
	ann.Open(invitation)
	ann.WaitTiles(1, patience, browser.In(browser.Live))

	// A screen meets its owner through the program too.
	screen, code := display(t, b, here+"/")
	openDevices(owner)
	press(owner, `[data-action="screen"]`)
	write(owner, "code", code)
	press(owner, `[data-action="confirm"]`)
	compare(t, owner, screen)
	press(owner, `[data-action="confirm"]`)
	screen.Click("#screen-ok")
	owner.WaitFor(opened("What may it show?"), patience)
	press(owner, `[data-action="confirm"]`)
	screen.WaitTiles(1, patience, browser.In(browser.Live))
	for _, p := range []*browser.Page{owner, ann, screen} {
		noExceptions(t, p)
	}
}
