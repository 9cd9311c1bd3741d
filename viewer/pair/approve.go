package pair

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/signal"
)

// DialConfig is what the owner's device needs to meet a display.
type DialConfig struct {
	Dial DialFunc
	Self identity.Signer // the owner's device key
	Code pairing.Code    // as the display shows it
	// Pin is the display's as scanned; zero if the code was typed. Another device than that is refused with pairing.ErrPin.
	Pin pairing.Pin
	Log *slog.Logger // nil: none
}

// Approval is a meeting with a display, seen from the owner's device. Digits are to be compared with those on the display: nothing
// else says that Device is its key.
type Approval struct {
	Digits string
	Name   string // what the display calls itself
	Device identity.DevicePublic

	line   *line
	door   door
	since  time.Time
	closed sync.Once

	mu        sync.Mutex
	confirmed bool
	over      error // why the meeting ended
}

// door is what Dial needs of a signal.Client.
type door interface {
	Knock(ctx context.Context, agent identity.AgentID, token [16]byte) (net.Conn, error)
	Close() error
}

type clientDoor struct{ *signal.Client }

func (d clientDoor) Knock(ctx context.Context, agent identity.AgentID, token [16]byte) (net.Conn, error) {
	pipe, _, err := d.Client.Knock(ctx, agent, token)
	if err != nil {
		return nil, err // not a nil *Pipe in an interface
	}
	return pipe, nil
}

// Dial meets the display that shows the code, and returns when there are digits to compare. Errors are sentences (see [Sentence]), or
// the context's.
func Dial(ctx context.Context, cfg DialConfig) (*Approval, error) {
	if cfg.Dial == nil || cfg.Self == nil {
		return nil, ErrConfig
	}
	c, err := cfg.Dial(ctx, signal.RoleViewer, cfg.Self)
	if err != nil {
		return nil, err
	}
	return meetAt(ctx, clientDoor{c}, cfg)
}

// meetAt owns d.
func meetAt(ctx context.Context, d door, cfg DialConfig) (*Approval, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	a, err := meet(ctx, d, cfg)
	if err != nil {
		d.Close()
		cfg.Log.Info("pair: a meeting failed", "error", err)
		return nil, err
	}
	return a, nil
}

func meet(ctx context.Context, d door, cfg DialConfig) (*Approval, error) {
	within, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	pipe, err := d.Knock(within, cfg.Code.Key().Public().ID(), cfg.Code.Token())
	switch {
	case ctx.Err() != nil:
		if err == nil {
			pipe.Close()
		}
		return nil, ctx.Err()
	case errors.Is(err, signal.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return nil, ErrNoScreen
	case err != nil:
		return nil, err
	}
	conn, err := session.PairClient(ctx, pipe, cfg.Self, func(device identity.DevicePublic) error {
		if cfg.Pin == (pairing.Pin{}) {
			return nil
		}
		return cfg.Pin.Check(device)
	})
	if err != nil {
		return nil, meetingError(err)
	}
	a := &Approval{Device: conn.Device(), line: newLine(conn), door: d, since: time.Now()}
	if err := a.agree(ctx); err != nil {
		a.line.leave()
		a.line.close()
		return nil, err
	}
	return a, nil
}

// agree commits, hears the display's nonce and reveals the own one.
func (a *Approval) agree(ctx context.Context) error {
	own, err := pairing.NewNonce(nil)
	if err != nil {
		return err
	}
	if err := a.line.send(&control.PairCommit{Version: control.Version, Commitment: own.Commitment()}); err != nil {
		return meetingError(err)
	}
	answer, err := receive[*control.PairNonce](ctx, a.line, messageTime)
	if err != nil {
		return err
	}
	if err := a.line.send(&control.PairReveal{Nonce: own}); err != nil {
		return meetingError(err)
	}
	a.Name = readable(answer.Name, control.MaxName)
	if a.Digits, err = digits(a.line.conn, own, pairing.Nonce(answer.Nonce)); err != nil {
		return meetingError(err)
	}
	return nil
}

// Confirmed waits until the person at the display has found the digits to be the same. It returns ErrTime somewhat later than
// CompareTime after Dial, what the display or Refuse ended the meeting with, ErrGone, ErrCheated or the context's error; only the last
// leaves the meeting alive.
func (a *Approval) Confirmed(ctx context.Context) error {
	a.mu.Lock()
	confirmed, over := a.confirmed, a.over
	a.mu.Unlock()
	if confirmed || over != nil {
		return over
	}
	_, err := receive[*control.PairConfirmed](ctx, a.line, time.Until(a.since.Add(CompareTime+messageTime))) // the display gives up first
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, ErrTime) {
		a.line.refuse(control.PairCancelled)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over == nil {
		a.confirmed, a.over = err == nil, err
	}
	return a.over
}

// Approve tells the display what it was let into, after the grant was made, and waits until it knows. The person at the display must
// have agreed: else ErrEarly. With ErrUnsure it may know or not. It ends the meeting.
func (a *Approval) Approve(ctx context.Context, m control.PairApproved) error {
	a.mu.Lock()
	confirmed, over := a.confirmed, a.over
	if over == nil && confirmed {
		a.over = errApproved
	}
	a.mu.Unlock()
	switch {
	case over != nil:
		return over
	case !confirmed:
		return ErrEarly
	}
	unsent := a.line.send(&m) // the display may have left with a word that was not read yet
	// The display says that it knows by closing the session, which nobody else can (RFC 8446 §6.1).
	t := time.NewTimer(messageTime)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-a.line.quit:
		return ErrUnsure
	case <-t.C:
		return ErrUnsure
	case m, ok := <-a.line.in:
		if refused, is := m.(*control.PairRefused); is {
			return refusal(refused.Reason)
		}
		if !ok && unsent == nil && errors.Is(a.line.err, io.EOF) {
			return nil
		}
		return errors.Join(ErrUnsure, unsent)
	}
}

// errApproved answers a second Approve.
var errApproved = errors.New("pair: this meeting is over")

// Refuse tells the display that nothing comes of it, and why. Close must still be called.
func (a *Approval) Refuse(why control.PairReason) {
	a.mu.Lock()
	over := a.over
	if over == nil {
		a.over = refusal(why)
	}
	a.mu.Unlock()
	if over == nil {
		a.line.refuse(why)
	}
}

// Close ends the meeting and waits for its goroutines. Confirmed and Approve, if they wait, return.
func (a *Approval) Close() {
	a.closed.Do(func() {
		a.Refuse(control.PairCancelled)
		a.line.leave()
		a.line.close()
		a.door.Close()
	})
}
