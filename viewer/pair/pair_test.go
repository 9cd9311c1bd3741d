package pair

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

func bubble(t *testing.T, f func(*testing.T, *rendezvous)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, &rendezvous{}) })
}

func TestApproval(t *testing.T) {
	for _, scanned := range []bool{false, true} {
		bubble(t, func(t *testing.T, r *rendezvous) {
			d := startDisplay(t, r)
			v := d.await(Offering)
			if v.Link.Server != "https://cams.example" || v.Link.Code != v.Code || time.Until(v.Until) != CodeLife {
				t.Errorf("offers %+v", v)
			}
			pin := pairing.Pin{}
			if scanned {
				pin = v.Link.Device
			}
			a, err := approver(t, r, v.Code, pin)
			if err != nil {
				t.Fatal(err)
			}
			if v = d.await(Comparing); v.Digits != a.Digits || len(a.Digits) != len("042 517") {
				t.Fatalf("the display shows %q, the approver %q", v.Digits, a.Digits)
			}
			if a.Device != d.key.Public() || a.Name != "Kitchen[2J" {
				t.Errorf("the approver sees %q and another key", a.Name)
			}
			if err := a.Approve(t.Context(), approved); !errors.Is(err, ErrEarly) {
				t.Errorf("before the display's person agreed: %v", err)
			}
			d.Confirm("000 000", false)
			d.Confirm("", true)
			d.await(Comparing)
			d.Confirm(v.Digits, true)
			if err := a.Confirmed(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.await(Waiting)
			d.Confirm(v.Digits, false) // too late to matter
			if err := a.Approve(t.Context(), approved); err != nil {
				t.Fatal(err)
			}
			if !d.over() || d.err != nil {
				t.Fatalf("the display waits on, or fails: %v", d.err)
			}
			want := viewer.Home{Agent: identity.AgentID{1}, Name: "Home", ID: identity.HomeID{2}, Knock: [16]byte{3}, Ephemeral: true}
			if d.home.Agent != want.Agent || d.home.Name != want.Name || d.home.ID != want.ID || d.home.Knock != want.Knock || !d.home.Ephemeral {
				t.Errorf("the display remembers %+v", d.home)
			}
			if err := a.Approve(t.Context(), approved); err == nil {
				t.Error("approved twice")
			}
		})
	}
}

func TestNobodyShowsThisCode(t *testing.T) {
	bubble(t, func(t *testing.T, r *rendezvous) {
		d := startDisplay(t, r)
		code := d.now().Code
		code[0] ^= 1
		if _, err := approver(t, r, code, pairing.Pin{}); !errors.Is(err, ErrNoScreen) {
			t.Error(err)
		}
	})
}

// A meeting fails by what a person says; both learn it.
func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		do             func(*display, *Approval)
		display, owner error
	}{
		"digits differ at the display": {func(d *display, a *Approval) { d.Confirm(a.Digits, false) }, ErrDiffer, ErrDiffer},
		"digits differ at the owner's": {func(_ *display, a *Approval) { a.Refuse(control.PairDigits) }, ErrDiffer, ErrDiffer},
		"cancelled at the owner's":     {func(_ *display, a *Approval) { a.Refuse(control.PairCancelled) }, ErrCancelled, ErrCancelled},
		"the owner's goes":             {func(_ *display, a *Approval) { a.Close() }, ErrCancelled, ErrCancelled},
		"the grant failed": {func(d *display, a *Approval) {
			d.Confirm(a.Digits, true)
			_ = a.Confirmed(context.Background())
			a.Refuse(control.PairFailed)
		}, ErrFailed, ErrFailed},
		"nobody at the display": {func(*display, *Approval) { time.Sleep(CompareTime + time.Second) }, ErrTime, ErrCancelled},
		"the owner never chooses": {func(d *display, a *Approval) {
			d.Confirm(a.Digits, true)
			_ = a.Confirmed(context.Background())
			time.Sleep(ChooseTime + time.Second)
		}, ErrTime, ErrCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rendezvous) {
				d := startDisplay(t, r)
				code := d.now().Code
				a, err := approver(t, r, code, pairing.Pin{})
				if err != nil {
					t.Fatal(err)
				}
				d.await(Comparing)
				test.do(d, a)
				err = a.Confirmed(t.Context())
				if err == nil {
					err = a.Approve(t.Context(), approved)
				}
				if !errors.Is(err, test.owner) {
					t.Errorf("the owner learns %v, want %v", err, test.owner)
				}
				if v := d.await(Offering); v.Sentence != Sentence(test.display) || v.Code != code {
					t.Errorf("the display says %q", v.Sentence)
				}
				time.Sleep(breath)
				synctest.Wait()
				if _, err := approver(t, r, code, pairing.Pin{}); err != nil {
					t.Errorf("again: %v", err)
				}
				d.await(Comparing)
			})
		})
	}
}

func TestCodeLife(t *testing.T) {
	bubble(t, func(t *testing.T, r *rendezvous) {
		d := startDisplay(t, r)
		first := d.now().Code
		time.Sleep(CodeLife - time.Second)
		if d.await(Offering).Code != first {
			t.Error("another code before its time")
		}
		// A meeting that began in time may end.
		a, err := approver(t, r, first, pairing.Pin{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		d.await(Comparing)
		a.Refuse(control.PairCancelled)
		time.Sleep(breath)
		second := d.await(Offering).Code
		if second == first {
			t.Error("the code is shown for ever")
		}
		if _, err := approver(t, r, first, pairing.Pin{}); !errors.Is(err, ErrNoScreen) {
			t.Errorf("by the old code: %v", err)
		}
		if _, err := approver(t, r, second, pairing.Pin{}); err != nil {
			t.Errorf("by the new code: %v", err)
		}
	})
}

// Five meetings end a code; the pause before the next grows, so that guessing at the digits gets nowhere.
func TestFiveMeetings(t *testing.T) {
	bubble(t, func(t *testing.T, r *rendezvous) {
		d := startDisplay(t, r)
		pause := firstPause
		for range 3 {
			code := d.await(Offering).Code
			for n := range MaxMeetings {
				if d.await(Offering).Code != code {
					t.Fatalf("another code after %d meetings", n)
				}
				enter(t, r).compare()
				d.await(Comparing)
				d.Confirm(d.now().Digits, false)
				synctest.Wait()
				if n < MaxMeetings-1 {
					time.Sleep(breath)
				}
			}
			v := d.await(Paused)
			if left := time.Until(v.Until); left != pause {
				t.Errorf("a pause of %v, want %v", left, pause)
			}
			time.Sleep(pause)
			if d.await(Offering).Code == code {
				t.Error("the same code again")
			}
			pause *= 2
		}
	})
}

func TestOneMeetingAtATime(t *testing.T) {
	bubble(t, func(t *testing.T, r *rendezvous) {
		d := startDisplay(t, r)
		code := d.now().Code
		if _, err := approver(t, r, code, pairing.Pin{}); err != nil {
			t.Fatal(err)
		}
		shown := d.await(Comparing).Digits
		if _, err := approver(t, r, code, pairing.Pin{}); err == nil {
			t.Error("two meetings at once")
		}
		stranger, far := pipe(t)
		r.last(t).visitors <- visit{far, [32]byte{9}}
		if _, err := stranger.Read(make([]byte, 1)); err == nil {
			t.Error("a knock that was not asked for is answered")
		}
		if v := d.await(Comparing); v.Digits != shown {
			t.Error("the first meeting is gone")
		}
	})
}

func TestServerGoes(t *testing.T) {
	bubble(t, func(t *testing.T, r *rendezvous) {
		d := startDisplay(t, r)
		code := d.now().Code
		r.mu.Lock()
		r.refuse = signal.ErrUnreachable
		r.mu.Unlock()
		r.last(t).end(signal.ErrLost)
		if v := d.await(Connecting); v.Sentence != Sentence(signal.ErrUnreachable)+" Trying again by itself." && v.Sentence != Sentence(signal.ErrLost)+" Trying again by itself." {
			t.Errorf("says %q", v.Sentence)
		}
		time.Sleep(2 * signal.MaxBackoff)
		if v := d.await(Offering); v.Code != code {
			t.Error("another code, though this one is still good")
		}
		// Somebody who knows the code logs in with it: it is of no use any more.
		r.last(t).end(&signal.Refusal{Code: signal.CodeReplaced})
		d.await(Paused)
		time.Sleep(firstPause)
		if v := d.await(Offering); v.Code == code {
			t.Error("the same code")
		}
	})
}

func TestScreenEnds(t *testing.T) {
	for name, reach := range map[string]func(*testing.T, *rendezvous, *display){
		"offering":  func(*testing.T, *rendezvous, *display) {},
		"comparing": func(t *testing.T, r *rendezvous, _ *display) { enter(t, r).compare() },
		"waiting": func(t *testing.T, r *rendezvous, d *display) {
			d.Confirm(enter(t, r).compare(), true)
			synctest.Wait()
			d.Confirm(d.now().Digits, true)
		},
		"connecting": func(_ *testing.T, r *rendezvous, _ *display) {
			r.mu.Lock()
			r.refuse = signal.ErrUnreachable
			r.mu.Unlock()
			r.last(t).end(signal.ErrLost)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rendezvous) {
				ctx, cancel := context.WithCancel(t.Context())
				s := NewScreen(ScreenConfig{Self: device(t).Signer(), Dial: func(context.Context, signal.Role, identity.Signer) (*signal.Client, error) { return nil, nil }})
				s.dial = r.open
				d := &display{Screen: s, t: t, done: make(chan struct{}), views: make([]View, 1)}
				s.cfg.Show = func(v View) {
					d.mu.Lock()
					defer d.mu.Unlock()
					d.views = append(d.views, v)
				}
				go func() {
					defer close(d.done)
					d.home, d.err = d.Run(ctx)
				}()
				synctest.Wait()
				reach(t, r, d)
				synctest.Wait()
				if d.over() {
					t.Fatal("over too early")
				}
				cancel()
				<-d.done
				if !errors.Is(d.err, context.Canceled) {
					t.Error(d.err)
				}
			})
		})
	}
	if _, err := NewScreen(ScreenConfig{}).Run(t.Context()); !errors.Is(err, ErrConfig) {
		t.Error(err)
	}
	if _, err := Dial(t.Context(), DialConfig{}); !errors.Is(err, ErrConfig) {
		t.Error(err)
	}
}
