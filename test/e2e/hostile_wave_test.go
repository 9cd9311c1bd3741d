//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/test/barcode"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/hostile"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/headless"
)

// How long a wave lasts at least, so that what must go on is seen to, and how many pictures count as going on.
const (
	waveAtLeast = 3 * time.Second
	clearly     = 10 // pictures
	aMoment     = 100 * time.Millisecond
)

// mostHeap is what the page's program may take of memory with a dozen cameras, in bytes, whatever it is sent.
const mostHeap = 400 << 20

// attack is a case under way.
type attack struct {
	c         *hostile.Case
	home      *battleHome
	knocks    int
	stop      func()
	fulfilled bool
	seen      []string // states and reasons, as they changed, for a failure's message
	failures  []string
}

func (a *attack) failf(format string, args ...any) {
	a.failures = append(a.failures, fmt.Sprintf(format, args...))
}

// fight runs as many of the cases as there are homes for, all at once, and returns the others: plays clean for a moment, lets the
// server misbehave until every case shows what its table says, stops, waits for the pictures to be back, and judges all that was drawn.
func (w *battle) fight(t *testing.T, cases []*hostile.Case) (rest []*hostile.Case) {
	t.Helper()
	if len(cases) == 0 {
		return nil
	}
	w.wave++
	attacks, rest := w.assign(cases)
	p := w.page
	p.Sample(true)
	browser.Eval[bool](p, "__tileRecorder.begin()")
	if !w.clean {
		p.WaitSamples(patience, func(s []browser.Sample) bool { return w.allAdvance(s, time.Time{}) })
	}
	w.clean = true // at the end of this wave all pictures go on, which is how the next one begins
	before := w.look(t)

	began := time.Now()
	for _, a := range attacks {
		a.knocks = w.server.Knocks(a.home.id)
		a.stop = a.c.On(w.target(slices.Index(w.homes, a.home)))
	}
	bystander := w.server.Knocks(w.homes[attacked].id)
	w.until(t, attacks, before, began)
	w.wantNothingDrawn(t, attacks, before)
	for _, a := range attacks {
		a.stop()
	}
	ended := time.Now()
	p.WaitTiles(len(w.cameras), patience, browser.In(browser.Live))
	samples := p.WaitSamples(patience, func(s []browser.Sample) bool { return w.allAdvance(s, ended) })
	t.Logf("wave %d: %d cases, %.1f s of misbehaviour, pictures back after %.1f s, %.0f MB of heap",
		w.wave, len(attacks), ended.Sub(began).Seconds(), time.Since(ended).Seconds(), w.look(t).heap/1e6)

	w.judgeAll(t, attacks, samples)
	for _, a := range attacks {
		t.Run(a.c.Name, func(t *testing.T) {
			switch again := w.server.Knocks(a.home.id) - a.knocks; {
			case a.c.Session == hostile.Kept && again > 0:
				t.Errorf("the session should go on, but the page knocked %d times", again)
			case a.c.Session == hostile.Remade && again == 0:
				t.Error("the page did not make another session")
			}
			t.Logf("seen: %s", strings.Join(a.seen, "; "))
			if !a.fulfilled {
				t.Errorf("want %s, counter %q", a.c.Shows(), a.c.Counter)
			}
			for _, f := range a.failures {
				t.Error(f)
			}
		})
	}
	if n := w.server.Knocks(w.homes[attacked].id) - bystander; n > 0 && attacks[0].c.Scope == hostile.OneHome {
		t.Errorf("wave %d: the home left alone lost its session", w.wave)
	}
	w.untilInMotion(t)
	return rest
}

// assign gives each case a home. The first home is left to those that need it, if there are any.
func (w *battle) assign(cases []*hostile.Case) (attacks []*attack, rest []*hostile.Case) {
	special := func(c *hostile.Case) bool { return c.Needs == hostile.TwoCameras || c.Needs == hostile.MainSeen }
	taken := make([]bool, attacked)
	reserved := slices.ContainsFunc(cases, special)
	for _, c := range cases {
		home := 0
		if !special(c) {
			home = slices.Index(taken, false)
			if home == 0 && reserved {
				home = 1 + slices.Index(taken[1:], false)
			}
		}
		if home < 0 || taken[home] {
			rest = append(rest, c)
			continue
		}
		taken[home] = true
		attacks = append(attacks, &attack{c: c, home: w.homes[home]})
	}
	return attacks, rest
}

// view is what the page says of its tiles at a moment.
type view struct {
	at    time.Time
	tiles map[string]browser.Tile
	stats map[string]map[string]any
	heap  float64
}

func (w *battle) look(t *testing.T) view {
	t.Helper()
	v := view{at: time.Now(), tiles: map[string]browser.Tile{}, stats: map[string]map[string]any{}}
	for _, tile := range w.page.Tiles() {
		v.tiles[tile.Camera] = tile
	}
	stats := browser.Eval[struct {
		Heap  float64          `json:"heap_reserved"`
		Tiles []map[string]any `json:"tiles"`
	}](w.page, "sealcam.stats()")
	v.heap = stats.Heap
	for _, s := range stats.Tiles {
		id, _ := s["camera"].(string)
		v.stats[id] = s
	}
	return v
}

// counter reads a number such as "resyncs" or "refusals/replayed"; 0 where it is not.
func (v *view) counter(camera, name string) float64 {
	group, name, nested := strings.Cut(name, "/")
	value := v.stats[camera][group]
	if nested {
		m, _ := value.(map[string]any)
		value = m[name]
	}
	n, _ := value.(float64)
	return n
}

// until looks at the page until each attack shows what is expected of it, or patience ends.
func (w *battle) until(t *testing.T, attacks []*attack, before view, began time.Time) {
	t.Helper()
	for {
		now, samples := w.look(t), w.page.Samples()
		open := 0
		for _, a := range attacks {
			if a.fulfilled = a.fulfilled || w.fulfils(a, &before, &now, samples, began); !a.fulfilled {
				open++
			}
		}
		if open == 0 && time.Since(began) > waveAtLeast || time.Since(began) > patience {
			return
		}
		select {
		case <-t.Context().Done():
			return
		case <-time.After(aMoment):
		}
	}
}

// fulfils reports whether all of a home's tiles are as the table says.
func (w *battle) fulfils(a *attack, before, now *view, samples []browser.Sample, began time.Time) bool {
	all := true
	for _, c := range a.home.cameras {
		tile := now.tiles[c.id]
		grown := now.counter(c.id, a.c.Counter) - before.counter(c.id, a.c.Counter)
		drawn := 0
		for _, s := range browser.Of(samples, c.id) {
			if s.Err == nil && s.At.After(began) && string(s.State) == a.c.State.String() {
				drawn++
			}
		}
		a.note(tile, grown, drawn, time.Since(began))
		good := string(tile.State) == a.c.State.String() || a.c.State == viewer.Stale && a.c.Draws == 0 && tile.State == browser.Blank
		good = good && (a.c.Counter == "" || grown > 0)
		if a.c.State == viewer.Live {
			good = good && drawn >= 3*clearly
		} else {
			good = good && drawn >= a.c.Draws && slices.ContainsFunc(a.c.Reasons, func(r viewer.Reason) bool { return r.String() == tile.Reason })
		}
		all = all && good
	}
	return all
}

// note adds what is seen of a tile, if it is something else than before.
func (a *attack) note(tile browser.Tile, grown float64, drawn int, at time.Duration) {
	what := fmt.Sprintf("%s, %s", tile.State, tile.Reason)
	if n := len(a.seen); n == 0 || !strings.HasPrefix(a.seen[n-1], what) {
		a.seen = append(a.seen, fmt.Sprintf("%s after %.1f s (counter +%v, %d pictures)", what, at.Seconds(), grown, drawn))
	}
}

// wantNothingDrawn looks at a screenshot, which is what a person sees: where a tile is blank, no strip is left.
func (w *battle) wantNothingDrawn(t *testing.T, attacks []*attack, before view) {
	t.Helper()
	first := w.look(t)
	shot := w.page.Screenshot(fmt.Sprintf("wave-%d", w.wave))
	second := w.look(t)
	for _, a := range attacks {
		for _, c := range a.home.cameras {
			if first.tiles[c.id].State != browser.Blank || second.tiles[c.id].State != browser.Blank {
				continue
			}
			p := before.tiles[c.id].Picture
			at := image.Rect(int(math.Round(p.X)), int(math.Round(p.Y)), int(math.Round(p.X+p.Width)), int(math.Round(p.Y+p.Height)))
			if r, err := barcode.DecodeImage(shot, at); !errors.Is(err, barcode.ErrNoStrip) {
				a.failf("the tile is blank, but the screen shows %+v (%v)", r, err)
			}
		}
	}
	if second.heap > mostHeap {
		t.Errorf("wave %d: the page's program holds %.0f MB", w.wave, second.heap/1e6)
	}
}

// allAdvance reports whether every tile drew some pictures since a time.
func (w *battle) allAdvance(samples []browser.Sample, since time.Time) bool {
	n := map[string]int{}
	for _, s := range samples {
		if s.Err == nil && s.State == browser.Live && s.At.After(since) {
			n[s.Camera]++
		}
	}
	for id := range w.cameras {
		if n[id] < clearly {
			return false
		}
	}
	return true
}

// untilInMotion waits until no tile is left at stills: a viewer who was sent frames late takes fewer of them for a while, and cases that
// play with the order of frames need frames that follow each other.
func (w *battle) untilInMotion(t *testing.T) {
	t.Helper()
	for began := time.Now(); ; {
		now, still := w.look(t), 0
		for id := range w.cameras {
			if now.counter(id, "stream") == float64(seal.Still) {
				still++
			}
		}
		if still == 0 {
			return
		}
		if time.Since(began) > 2*patience {
			t.Fatalf("%d tiles still show stills %v after the misbehaviour", still, 2*patience)
		}
		select {
		case <-t.Context().Done():
			return
		case <-time.After(aMoment):
		}
	}
}

// strangerViewer is another person's device, which claims a home with its link.
func strangerViewer(t *testing.T, address, link string, self identity.DeviceKey) *headless.Client {
	t.Helper()
	_, fragment, _ := strings.Cut(link, "#")
	agent, secret, err := pairing.ParseFragment(fragment)
	if err != nil {
		t.Fatal(err)
	}
	root, err := identity.GenerateRoot(nil)
	if err != nil {
		t.Fatal(err)
	}
	genesis, err := grant.Genesis(root, self.Public(), "Stranger", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return headless.New(viewer.Config{
		Dial: func(ctx context.Context) (*signal.Client, error) {
			return signal.Dial(ctx, signal.Options{URL: address, Role: signal.RoleViewer, Signer: self.Signer()})
		},
		Self: self.Signer(), DeviceName: "Stranger", Route: viewer.RelayOnly,
		Claim: &viewer.Claim{Agent: agent, Secret: secret, Genesis: genesis},
	}, headless.Options{Stream: seal.Sub})
}
