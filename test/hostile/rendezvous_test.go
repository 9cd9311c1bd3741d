package hostile

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/internal/pause"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/pair"
)

// display is a screen that waits to be approved.
type display struct {
	screen *pair.Screen
	key    identity.DeviceKey
	stop   func()

	mu   sync.Mutex
	view pair.View
	home viewer.Home
	news chan struct{}
}

func (w *town) dialAs(ctx context.Context, role signal.Role, self identity.Signer) (*signal.Client, error) {
	return signal.Dial(ctx, signal.Options{URL: w.server.Address(), Role: role, Signer: self})
}

func (w *town) display() *display {
	w.t.Helper()
	d := &display{key: newDevice(w.t), news: make(chan struct{}, 1)}
	d.screen = pair.NewScreen(pair.ScreenConfig{
		Server: w.server.Address(), Dial: w.dialAs, Self: d.key.Signer(), Name: "Hall display",
		Show: func(v pair.View) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.view = v
			put(d.news)
		},
	})
	d.stop = w.runUntil("display", func(ctx context.Context) error {
		home, err := d.screen.Run(ctx)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.home = home
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	})
	return d
}

// until waits for what the display is to show.
func (d *display) until(t *testing.T, state pair.State) pair.View {
	t.Helper()
	late := time.After(within)
	for {
		d.mu.Lock()
		v := d.view
		d.mu.Unlock()
		if v.State == state {
			return v
		}
		select {
		case <-d.news:
		case <-late:
			t.Fatalf("the display shows %v (%s), not %v", v.State, v.Sentence, state)
		}
	}
}

// meets meets a display.
func (w *town) meets(ctx context.Context, c pair.DialConfig) *pair.Approval {
	w.t.Helper()
	a, err := calls(ctx, c)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// calls calls a display, which may not be at the server yet, or not over its last meeting.
func calls(ctx context.Context, c pair.DialConfig) (*pair.Approval, error) {
	for {
		a, err := pair.Dial(ctx, c)
		if !errors.Is(err, pair.ErrGone) && !errors.Is(err, pair.ErrNoScreen) || !pause.For(ctx, filmEvery) {
			return a, err
		}
	}
}

// between has the server stand in the middle of each meeting with a display, with keys of its own towards both, and pass on what they say.
func (w *town) between() (stop func()) {
	own := newDevice(w.t)
	return w.server.Use(&Script{FromViewer: func(way *Way, e signal.Envelope) bool {
		k, ok := e.(*signal.Knock)
		if !ok {
			return false
		}
		s := way.conn.server
		screen, doors := s.agentConn(k.Agent), s.ledger.hashes[k.Agent]
		if screen == nil || len(doors) == 0 { // not there yet: nobody gets past
			way.Back().Deliver(&signal.Unavailable{Request: k.Request})
			return true
		}
		near, far := way.conn.answer(k), screen.enterAs(doors[0])
		s.tasks.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), within)
			defer cancel()
			defer near.Close()
			defer far.Close()
			approver, err := session.PairServer(ctx, near, own.Signer())
			if err != nil {
				return
			}
			screen, err := session.PairClient(ctx, far, own.Signer(), func(identity.DevicePublic) error { return nil })
			if err != nil {
				return
			}
			var both sync.WaitGroup
			for _, way := range [][2]*session.Conn{{approver, screen}, {screen, approver}} {
				both.Go(func() {
					defer way[1].Close()
					for {
						b, err := way[0].ReadMessage()
						if err != nil || way[1].WriteMessage(b) != nil {
							return
						}
					}
				})
			}
			both.Wait()
		})
		return true
	}})
}

// The server terminates both halves of a meeting, with all that a rendezvous knows: the two people see other digits.
func TestServerBetweenOwnerAndDisplay(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	r, owner := w.claimed(nil, "porch")
	d := w.display()
	code := d.until(t, pair.Offering)
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	approver := pair.DialConfig{Dial: w.dialAs, Self: owner.key.Signer(), Code: code.Code}

	stop := w.between()
	meeting := w.meets(ctx, approver)
	shown := d.until(t, pair.Comparing)
	if meeting.Digits == shown.Digits {
		t.Errorf("both show %s with somebody in between", shown.Digits)
	}
	if meeting.Device == d.key.Public() {
		t.Error("the display's key came through")
	}
	meeting.Refuse(control.PairDigits)
	meeting.Close()
	d.screen.Confirm(shown.Digits, false)

	// Who scanned the code is not even shown digits.
	code = d.until(t, pair.Offering)
	approver.Code, approver.Pin = code.Code, pairing.PinOf(d.key.Public())
	if meeting, err := calls(ctx, approver); !errors.Is(err, pairing.ErrPin) {
		t.Errorf("with a scanned code: %v", err)
		if err == nil {
			meeting.Close()
		}
	}
	stop()
	if list := owner.list(r); len(list.Devices) != 1 {
		t.Errorf("%d devices are let in", len(list.Devices))
	}

	// And without anybody in between the digits are the same.
	code = d.until(t, pair.Offering)
	approver.Code, approver.Pin = code.Code, pairing.Pin{}
	meeting = w.meets(ctx, approver)
	defer meeting.Close()
	if shown := d.until(t, pair.Comparing); shown.Digits != meeting.Digits {
		t.Errorf("the owner sees %s, the display shows %s", meeting.Digits, shown.Digits)
	}
}
