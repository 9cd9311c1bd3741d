//go:build e2e

package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/test/browser"
)

const patience = 90 * time.Second

// counters are what the page counts, from the pixels that it and its frames drew.
type counters struct {
	Naive   struct{ Pictures, Wrong int }
	Sealcam struct {
		Pictures, Wrong, Refused int
		Reasons                  map[string]int
	}
	Network struct{ Bad, Mixed bool }
}

// Under one faulty cache the naive viewer shows strangers' rooms, and Sealcam none: it refuses them with a reason, shows its own picture
// or nothing, and goes on by itself.
func TestIncident(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	address := make(chan string, 1)
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := serve(ctx, 0, slog.New(slog.DiscardHandler), func(a string) { address <- a }); err != nil {
			t.Errorf("the replay: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		serving.Wait()
	})
	p := browser.Start(t).NewPage(browser.Viewport(1280, 800))
	p.Open(<-address + "/?network=hand")
	read := func() counters { return browser.Eval[counters](p, "incident") }
	live := `[...document.querySelectorAll("figure.sealcam")].every((f) => f.dataset.verdict === "right")`

	p.WaitFor(live, patience)
	p.WaitFor("incident.sealcam.pictures >= 20 && incident.naive.pictures >= 20", patience)
	if c := read(); c.Naive.Wrong != 0 || c.Sealcam.Wrong != 0 || c.Network.Bad {
		t.Fatalf("before anything went wrong: %+v", c)
	}
	p.Screenshot("incident-good")
	for round := range 2 { // the page begins anew each time it is opened
		p.WaitFor(live, patience)
		browser.Eval[bool](p, `!document.getElementById("network").click()`)
		p.WaitFor("incident.network.mixed", patience)
		p.WaitFor("incident.naive.wrong >= 20", patience)
		if round == 0 {
			p.Screenshot("incident-mixed")
		}
		p.WaitFor("incident.naive.wrong >= 60 && incident.sealcam.refused >= 60", patience)
		before := read()
		browser.Eval[bool](p, `!document.getElementById("network").click()`)
		p.WaitFor(live, patience)
		at := read().Sealcam.Pictures
		p.WaitFor(fmt.Sprintf("incident.sealcam.pictures >= %d", at+20), patience)
		p.Screenshot("incident-after")
		c := read()
		t.Logf("naive: %d of %d pictures wrong; Sealcam: %d of %d; refused %d (%v)",
			c.Naive.Wrong, c.Naive.Pictures, c.Sealcam.Wrong, c.Sealcam.Pictures, c.Sealcam.Refused, c.Sealcam.Reasons)
		if c.Sealcam.Wrong != 0 {
			t.Errorf("Sealcam drew %d pictures of another home", c.Sealcam.Wrong)
		}
		if before.Naive.Wrong < 60 || len(c.Sealcam.Reasons) == 0 {
			t.Errorf("the replay shows nothing: %+v", c)
		}
		if round == 0 {
			p.Reload()
		}
	}
}
