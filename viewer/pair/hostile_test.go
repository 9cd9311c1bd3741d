package pair

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
)

func pipe(t *testing.T) (near, far net.Conn) {
	t.Helper()
	near, far = newPipe()
	t.Cleanup(func() {
		near.Close()
		far.Close()
	})
	return near, far
}

// middle stands at the rendezvous with keys of its own: it is a display to the approver and an approver to the display, and passes on
// what both say.
type middle struct {
	toApprover, toDisplay *session.Conn
	running               sync.WaitGroup
}

// between runs the middle. rewrite may change what goes to the approver (down false) or to the display (down true); nil drops it.
func between(t *testing.T, r *rendezvous, rewrite func(m control.Message, down bool) control.Message) (a *Approval, err error) {
	t.Helper()
	near, far := pipe(t)
	m := &middle{}
	ready := make(chan error, 1)
	m.running.Go(func() {
		var err error
		m.toApprover, err = session.PairServer(t.Context(), far, device(t).Signer())
		if err == nil {
			m.toDisplay, err = session.PairClient(t.Context(), r.last(t).visit(), device(t).Signer(), nil)
		}
		ready <- err
		if err != nil {
			return
		}
		var down sync.WaitGroup
		down.Go(func() {
			carry(m.toDisplay, m.toApprover, func(x control.Message) control.Message { return rewrite(x, true) })
		})
		carry(m.toApprover, m.toDisplay, func(x control.Message) control.Message { return rewrite(x, false) })
		down.Wait()
	})
	t.Cleanup(m.running.Wait)
	a, err = meetAt(t.Context(), knockAt{r, near}, DialConfig{Self: device(t).Signer(), Code: r.last(t).code})
	if err == nil {
		t.Cleanup(a.Close)
		err = <-ready
	}
	return a, err
}

// carry passes messages from one session to another until either ends.
func carry(to, from *session.Conn, rewrite func(control.Message) control.Message) {
	defer to.Close()
	for {
		b, err := from.ReadMessage()
		if err != nil {
			return
		}
		m, err := control.Decode(b)
		if err != nil {
			return
		}
		if m = rewrite(m); m == nil {
			continue
		}
		if b, err = control.Encode(m); err != nil || to.WriteMessage(b) != nil {
			return
		}
	}
}

func faithful(m control.Message, _ bool) control.Message { return m }

// Whoever stands between the two makes the digits differ, and then nothing is approved.
func TestManInTheMiddle(t *testing.T) {
	bubble(t, func(t *testing.T, r *rendezvous) {
		d := startDisplay(t, r)
		a, err := between(t, r, faithful)
		if err != nil {
			t.Fatal(err)
		}
		v := d.await(Comparing)
		if v.Digits == a.Digits {
			t.Fatalf("both show %s", a.Digits)
		}
		if a.Device == d.key.Public() {
			t.Error("the man in the middle has the display's key")
		}
		d.Confirm(v.Digits, false)
		if err := a.Confirmed(t.Context()); !errors.Is(err, ErrDiffer) {
			t.Errorf("the owner learns %v", err)
		}
		if err := a.Approve(t.Context(), approved); !errors.Is(err, ErrDiffer) {
			t.Errorf("approving: %v", err)
		}
		d.await(Offering)
		if d.over() {
			t.Error("the display was let in somewhere")
		}
	})
}

// The two sessions of a man in the middle have different secrets, so that the digits differ though he passes every nonce on; over many
// meetings they agree no more often than by chance.
func TestDigitsOfManyMeetings(t *testing.T) {
	const meetings = 12
	bubble(t, func(t *testing.T, r *rendezvous) {
		d := startDisplay(t, r)
		for range meetings {
			a, err := between(t, r, faithful)
			if err != nil {
				t.Fatal(err)
			}
			if v := d.await(Comparing); v.Digits == a.Digits {
				t.Fatalf("both show %s", a.Digits)
			}
			a.Close()
			time.Sleep(mostPause + breath)
			for d.now().State != Offering {
				time.Sleep(time.Second)
			}
		}
	})
}

// He may say in the display's name that its person agreed; he cannot make the display believe the approval.
func TestForgedConfirmation(t *testing.T) {
	bubble(t, func(t *testing.T, r *rendezvous) {
		d := startDisplay(t, r)
		a, err := between(t, r, faithful)
		if err != nil {
			t.Fatal(err)
		}
		d.await(Comparing)
		if err := a.Approve(t.Context(), approved); !errors.Is(err, ErrEarly) {
			t.Errorf("approved without a confirmation: %v", err)
		}
		a.line.send(&approved) // what an owner's device never does; he would send it of himself
		if v := d.await(Offering); v.Sentence != Sentence(ErrCheated) {
			t.Errorf("the display says %q", v.Sentence)
		}
		if d.over() {
			t.Error("the display believes an approval to which its person did not agree")
		}
	})
}

// A scanned code names the display's key, so the man in the middle is found before anything is said.
func TestScannedCodeFindsTheMiddle(t *testing.T) {
	bubble(t, func(t *testing.T, r *rendezvous) {
		d := startDisplay(t, r)
		near, far := pipe(t)
		caught := make(chan error, 1)
		go func() {
			conn, err := session.PairServer(t.Context(), far, device(t).Signer())
			if err == nil {
				conn.Close()
			}
			caught <- err
		}()
		_, err := meetAt(t.Context(), knockAt{r, near}, DialConfig{Self: device(t).Signer(), Code: d.now().Code, Pin: d.now().Link.Device})
		if !errors.Is(err, pairing.ErrPin) {
			t.Errorf("got %v", err)
		}
		if err := <-caught; err == nil {
			t.Error("he learnt the owner's key")
		}
	})
}

// What a visitor does wrong ends its meeting with a sentence, and no other.
func TestHostileVisitors(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*rogue)
		says error
	}{
		"silent": {func(*rogue) { time.Sleep(messageTime) }, ErrTime},
		"garbage": {func(r *rogue) {
			_ = r.conn.WriteMessage([]byte{0xff, 0})
		}, ErrCheated},
		"a message of another kind of session": {func(r *rogue) { r.say(&control.Hello{Version: control.Version}) }, ErrCheated},
		"other version":                        {func(r *rogue) { r.say(&control.PairCommit{Version: control.Version + 1}) }, ErrCheated},
		"no reveal": {func(r *rogue) {
			r.say(&control.PairCommit{Version: control.Version})
			r.hear()
			time.Sleep(messageTime)
		}, ErrTime},
		"another nonce revealed": {func(r *rogue) {
			own := nonce(r.t)
			r.say(&control.PairCommit{Version: control.Version, Commitment: own.Commitment()})
			r.hear()
			own[31] ^= 1
			r.say(&control.PairReveal{Nonce: own})
		}, ErrCheated},
		"the commitment of its own commitment": {func(r *rogue) {
			r.say(&control.PairCommit{Version: control.Version})
			r.hear()
			r.say(&control.PairReveal{})
		}, ErrCheated},
		"approved before the person agreed": {func(r *rogue) {
			r.compare()
			r.say(&approved)
		}, ErrCheated},
		"confirmed in the display's place": {func(r *rogue) {
			r.compare()
			r.say(&control.PairConfirmed{})
		}, ErrCheated},
		"gone with the digits": {func(r *rogue) {
			r.compare()
			r.conn.Close()
		}, ErrGone},
		"cut off": {func(r *rogue) {
			r.compare()
			r.cut()
		}, ErrGone},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rendezvous) {
				d := startDisplay(t, r)
				near := r.last(t).visit()
				conn, err := session.PairClient(t.Context(), near, device(t).Signer(), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				test.do(&rogue{t, conn, near.Close})
				if v := d.await(Offering); v.Sentence != Sentence(test.says) {
					t.Errorf("says %q, want %q", v.Sentence, Sentence(test.says))
				}
				if d.over() {
					t.Error("the display gave up or believes something")
				}
			})
		})
	}
	t.Run("no TLS", func(t *testing.T) {
		bubble(t, func(t *testing.T, r *rendezvous) {
			d := startDisplay(t, r)
			near := r.last(t).visit()
			go func() { _, _ = near.Write([]byte("GET / HTTP/1.1\r\n\r\n")) }()
			drain(near)
			if v := d.await(Offering); v.Sentence != Sentence(ErrGone) {
				t.Errorf("says %q", v.Sentence)
			}
		})
	})
}

func drain(c net.Conn) {
	b := make([]byte, 1024)
	for {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}

// What a display does wrong is an error of the owner's device.
func TestHostileDisplays(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*rogue)
		says error
	}{
		"silent":  {func(*rogue) { time.Sleep(messageTime) }, ErrTime},
		"garbage": {func(r *rogue) { _ = r.conn.WriteMessage([]byte{33, 0xa0, 0}) }, ErrCheated},
		"confirmed before the digits": {func(r *rogue) {
			r.hear()
			r.say(&control.PairConfirmed{})
		}, ErrCheated},
		"gone": {func(r *rogue) { r.conn.Close() }, ErrGone},
		"two nonces": {func(r *rogue) {
			r.hear()
			r.say(&control.PairNonce{Nonce: nonce(r.t)})
			r.hear()
			r.say(&control.PairNonce{Nonce: nonce(r.t)})
		}, ErrCheated},
		"approves of itself": {func(r *rogue) {
			r.hear()
			r.say(&control.PairNonce{Nonce: nonce(r.t)})
			r.hear()
			r.say(&approved)
		}, ErrCheated},
		"confirms and is cut off": {func(r *rogue) {
			r.hear()
			r.say(&control.PairNonce{Nonce: nonce(r.t)})
			r.hear()
			r.say(&control.PairConfirmed{})
			r.hear()
			r.cut()
		}, ErrUnsure},
		"never confirms": {func(r *rogue) {
			r.hear()
			r.say(&control.PairNonce{Nonce: nonce(r.t)})
			r.hear()
			r.hear()
		}, ErrTime},
		"confirms and answers wrongly": {func(r *rogue) {
			r.hear()
			r.say(&control.PairNonce{Nonce: nonce(r.t)})
			r.hear()
			r.say(&control.PairConfirmed{}, &control.PairConfirmed{})
			r.hear()
		}, ErrUnsure},
		"confirms and says nothing": {func(r *rogue) {
			r.hear()
			r.say(&control.PairNonce{Nonce: nonce(r.t)})
			r.hear()
			r.say(&control.PairConfirmed{})
			r.hear()
			time.Sleep(messageTime)
		}, ErrUnsure},
		"confirms and refuses": {func(r *rogue) {
			r.hear()
			r.say(&control.PairNonce{Nonce: nonce(r.t)})
			r.hear()
			r.say(&control.PairConfirmed{})
			r.hear()
			r.say(&control.PairRefused{Reason: control.PairCancelled})
		}, ErrCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rendezvous) {
				near, far := pipe(t)
				var display sync.WaitGroup
				display.Go(func() {
					conn, err := session.PairServer(t.Context(), far, device(t).Signer())
					if err != nil {
						t.Error(err)
						return
					}
					defer conn.Close()
					test.do(&rogue{t, conn, far.Close})
					synctest.Wait()
				})
				a, err := meetAt(t.Context(), knockAt{r, near}, DialConfig{Self: device(t).Signer()})
				if err == nil {
					if err = a.Confirmed(t.Context()); err == nil {
						err = a.Approve(t.Context(), approved)
					}
					a.Close()
				}
				if !errors.Is(err, test.says) {
					t.Errorf("got %v, want %v", err, test.says)
				}
				display.Wait()
			})
		})
	}
}

// knockAt is a server that leads every knock to one pipe.
type knockAt struct {
	*rendezvous
	pipe net.Conn
}

func (k knockAt) Knock(context.Context, identity.AgentID, [16]byte) (net.Conn, error) {
	return k.pipe, nil
}
