//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sealcam/sealcam/test/barcode"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/viewer/gate"
)

// tileRecorder notes each change of a tile's state at the moment of the change, and when the page was too busy to change anything.
const tileRecorder = `(() => {
	const STALL = 250;
	const now = () => performance.timeOrigin + performance.now();
	const r = globalThis.__tileRecorder = { changes: [], stalls: [], last: new Map() };
	const look = () => {
		for (const tile of document.querySelectorAll("[data-tile]")) {
			const { camera, state } = tile.dataset;
			if (r.last.get(camera) === state) continue;
			r.last.set(camera, state);
			r.changes.push({ T: now(), Camera: camera, State: state });
		}
	};
	r.begin = () => {
		r.changes = [];
		r.stalls = [];
		r.last.clear();
		look();
		return true;
	};
	new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
	let beat = now();
	setInterval(() => {
		const t = now();
		if (t - beat > STALL) r.stalls.push({ From: beat, To: t });
		beat = t;
	}, 50);
})()`

// record is what tileRecorder noted, in ms since 1970.
type record struct {
	Now     float64
	Changes []struct {
		T             float64
		Camera, State string
	}
	Stalls []stall
}

type stall struct{ From, To float64 }

// tolerance is how much later than it should a state may change: the page looks four times a second.
const tolerance = 500 * time.Millisecond

// judgeAll holds every tile's pictures of a wave against what its camera sent.
func (w *battle) judgeAll(t *testing.T, attacks []*attack, samples []browser.Sample) {
	t.Helper()
	r := browser.Eval[record](w.page, "({ Now: performance.timeOrigin + performance.now(), Changes: __tileRecorder.changes, Stalls: __tileRecorder.stalls })")
	for id, c := range w.cameras {
		report := func(format string, args ...any) {
			t.Errorf("wave %d, camera %d: "+format, append([]any{w.wave, c.number}, args...)...)
		}
		for _, a := range attacks {
			if a.home == c.home {
				report = a.failf
			}
		}
		for what, n := range judge(browser.Of(samples, id), c.number, c.SentAt, r.of(id), r.longestStall()) {
			report("%d pictures %s", n.count, what+", the first: "+n.first)
		}
	}
}

type offence struct {
	count int
	first string
}

// span is a time during which a tile was in one state.
type span struct {
	from, to time.Time
	state    browser.State
}

// of returns the states of a camera's tile, in order.
func (r *record) of(camera string) (spans []span) {
	for _, c := range r.Changes {
		if c.Camera != camera {
			continue
		}
		if len(spans) > 0 {
			spans[len(spans)-1].to = millis(c.T)
		}
		spans = append(spans, span{millis(c.T), millis(r.Now), browser.State(c.State)})
	}
	return spans
}

func (r *record) longestStall() (d time.Duration) {
	for _, s := range r.Stalls {
		d = max(d, time.Duration((s.To-s.From)*float64(time.Millisecond)))
	}
	return d
}

func millis(t float64) time.Time { return time.UnixMicro(int64(t * 1000)) }

// judge names what must never happen: a foreign, mixed or invented picture, one in a tile without picture, and one that is called
// live while it is more than two seconds old.
func judge(samples []browser.Sample, camera int, sentAt func(int, time.Time) (time.Time, bool), states []span, stall time.Duration) map[string]offence {
	slack := tolerance + stall
	offences := map[string]offence{}
	note := func(what, format string, args ...any) {
		o := offences[what]
		if o.count++; o.count == 1 {
			o.first = fmt.Sprintf(format, args...)
		}
		offences[what] = o
	}
	for i, s := range samples {
		switch {
		case errors.Is(s.Err, barcode.ErrNoStrip) && (s.State == browser.Blank || s.State == browser.Waiting):
			continue
		case s.Err != nil:
			note("unreadable", "%v in state %s", s.Err, s.State)
			continue
		case s.Reading.Camera != camera:
			note("of another camera", "camera %d's", s.Reading.Camera)
			continue
		case s.State == browser.Blank || s.State == browser.Waiting:
			note("in a tile without picture", "number %d in state %s", s.Reading.Number, s.State)
			continue
		}
		// Main and sub-stream need not be sent in step, and the time of the main stream's is asked for.
		sent, ok := sentAt(s.Reading.Number, s.At.Add(time.Second))
		if !ok {
			note("that were never sent", "number %d", s.Reading.Number)
			continue
		}
		gone := time.Now()
		if i+1 < len(samples) {
			gone = samples[i+1].At
		}
		if age := longestLive(s.At, gone, sent, states, slack); age > gate.LiveFor+slack {
			note("called live when they were old", "number %d, %.1f s after it was sent (longest stall of the page: %v)", s.Reading.Number, age.Seconds(), stall)
		}
	}
	return offences
}

// longestLive returns how old a picture became, from when it was sent, while it was on the screen and its tile said live. It was there
// from drawn on until the tile gave up or another replaced it. A tile that turns live draws its new picture in the same go, but that is
// seen a little later.
func longestLive(drawn, replaced, sent time.Time, states []span, slack time.Duration) (age time.Duration) {
	for _, s := range states {
		switch {
		case !s.to.After(drawn):
			continue
		case !s.from.Before(replaced), s.from.After(drawn) && s.state != browser.Live && s.state != browser.Stale:
			return age
		case s.state != browser.Live, s.from.After(drawn) && replaced.Sub(s.from) < slack:
			continue
		}
		until := s.to
		if replaced.Before(until) {
			until = replaced
		}
		age = max(age, until.Sub(sent))
	}
	return age
}

// The judge finds what it is there to find, and nothing else.
func TestJudge(t *testing.T) {
	begin := time.Now().Add(-time.Minute)
	at := func(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }
	// Number n was sent in second n.
	sentAt := func(number int, before time.Time) (time.Time, bool) {
		return at(float64(number)), number < 40 && !at(float64(number)).After(before)
	}
	shows := func(seconds float64, camera, number int, state browser.State) browser.Sample {
		return browser.Sample{At: at(seconds), State: state, Reading: barcode.Reading{Camera: camera, Number: number}}
	}
	calm := []span{{at(0), at(8), browser.Live}, {at(8), at(16), browser.Stale}, {at(16), at(30), browser.Blank}, {at(30), at(32), browser.Live}}
	next := shows(30.1, 3, 30, browser.Live)
	for _, c := range []struct {
		name    string
		samples []browser.Sample
		states  []span
		want    string // offence; empty: none
	}{
		{"as it should be", []browser.Sample{shows(6.1, 3, 6, browser.Live), next, shows(31, 3, 31, browser.Live)}, calm, ""},
		{"nothing drawn in a blank tile", []browser.Sample{shows(6.1, 3, 6, browser.Live), {At: at(17), State: browser.Blank, Err: barcode.ErrNoStrip}, next}, calm, ""},
		{"another camera", []browser.Sample{shows(6.1, 4, 6, browser.Live)}, calm, "of another camera"},
		{"two pictures in one", []browser.Sample{{At: at(6), State: browser.Live, Err: barcode.ErrUnclear}}, calm, "unreadable"},
		{"no strip in a live tile", []browser.Sample{{At: at(6), State: browser.Live, Err: barcode.ErrNoStrip}}, calm, "unreadable"},
		{"a number that was never sent", []browser.Sample{shows(6.1, 3, 45, browser.Live)}, calm, "that were never sent"},
		{"a picture in a blank tile", []browser.Sample{shows(17, 3, 15, browser.Blank)}, calm, "in a tile without picture"},
		{"old when it was drawn", []browser.Sample{shows(6.1, 3, 2, browser.Live), shows(6.2, 3, 6, browser.Live), next}, calm, "called live when they were old"},
		{"live for too long", []browser.Sample{shows(3.1, 3, 3, browser.Live), next}, calm, "called live when they were old"},
		{"old again after the tile was blank", []browser.Sample{shows(6.1, 3, 6, browser.Live), shows(30.1, 3, 7, browser.Live)}, calm, "called live when they were old"},
		{
			"stale, then live with the same picture",
			[]browser.Sample{shows(6.1, 3, 6, browser.Live), shows(15, 3, 15, browser.Live)},
			[]span{{at(0), at(8), browser.Live}, {at(8), at(12), browser.Stale}, {at(12), at(20), browser.Live}},
			"called live when they were old",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := judge(c.samples, 3, sentAt, c.states, 0)
			if _, found := got[c.want]; c.want != "" && !found || len(got) > 0 && c.want == "" || len(got) > 1 {
				t.Errorf("found %v, want %q", got, c.want)
			}
		})
	}
}
