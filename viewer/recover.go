package viewer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/internal/pause"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer/words"
)

// What Recover returns beside the errors of the owner's operations and of signal.
var (
	ErrWrongPhrase   = words.Error("viewer: this agent belongs to another home than the 24 words; check the words, and that this is the right agent")
	ErrRecoverSilent = words.Error("viewer: the agent does not answer: it is not connected, or belongs to another home than the 24 words")
)

// Pace of Appends in a row: agents take 20 a second, and 100 at once.
const (
	paceFree  = 60
	paceEvery = 75 * time.Millisecond
)

// pace waits before the Append after n others in a row; false if ctx ended.
func pace(ctx context.Context, n int) bool {
	if n < paceFree {
		return ctx.Err() == nil
	}
	return pause.For(ctx, paceEvery)
}

// RecoverConfig is what Recover needs.
type RecoverConfig struct {
	Dial       func(context.Context) (*signal.Client, error) // as a viewer, with any key
	Root       identity.RootKey                              // R, of the recovery phrase
	Self       identity.Signer                               // the device that becomes an owner
	DeviceName string                                        // what the list calls it
	Agent      identity.AgentID
	// RevokeOthers takes the access of every other device back, and all open invitations.
	RevokeOthers bool
	Now          func() time.Time // nil: time.Now
	Log          *slog.Logger     // nil: none
}

// Recover makes this device an owner of an agent by the home's root key, after every owner's device was lost. It returns the home for
// Config.Homes once the agent has proven by its signature that it keeps what was changed. If it fails on the way it may be called again.
func Recover(ctx context.Context, cfg RecoverConfig) (Home, error) {
	c, err := cfg.Dial(ctx)
	if err != nil {
		return Home{}, err
	}
	defer c.Close()
	return recoverBy(ctx, client{c}, cfg)
}

func recoverBy(ctx context.Context, c server, cfg RecoverConfig) (Home, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	self, err := identity.DevicePublicOf(cfg.Self)
	if err != nil {
		return Home{}, fmt.Errorf("viewer: %w", err)
	}
	within, cancel := context.WithTimeout(ctx, knockWithin)
	pipe, _, err := c.Knock(within, cfg.Agent, pairing.RecoveryToken(cfg.Root.Public(), cfg.Agent))
	cancel()
	switch {
	case ctx.Err() != nil:
		return Home{}, ctx.Err()
	case errors.Is(err, signal.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return Home{}, fmt.Errorf("%w: %w", ErrRecoverSilent, err)
	case err != nil:
		return Home{}, err
	}
	conn, err := session.Client(ctx, pipe, cfg.Root.Signer(), cfg.Agent)
	if errors.Is(err, session.ErrRefused) {
		return Home{}, fmt.Errorf("%w: %w", ErrWrongPhrase, err)
	}
	if err != nil {
		return Home{}, err
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		conn.Close()
	})
	r := &recovery{cfg: cfg, conn: conn, self: self, log: grant.NewLog(cfg.Agent)}
	home, err := r.run(ctx)
	if stop() {
		conn.Close()
	} else {
		<-closed
	}
	if err != nil && ctx.Err() != nil {
		return Home{}, ctx.Err() // the rest is only that the connection was closed
	}
	return home, err
}

// recovery is a session of R. One message is answered before the next is sent.
type recovery struct {
	cfg     RecoverConfig
	conn    *session.Conn
	self    identity.DevicePublic
	log     *grant.Log
	name    string // the agent's
	home    identity.HomeID
	request uint32
	knock   [16]byte
}

func (r *recovery) run(ctx context.Context) (Home, error) {
	if err := r.enter(); err != nil {
		return Home{}, err
	}
	if err := r.fetch(); err != nil {
		return Home{}, err
	}
	for range maxTries {
		again, err := r.change(ctx)
		if err != nil {
			return Home{}, err
		}
		if again { // the log moved on, because an old device is still there
			if err := r.fetch(); err != nil {
				return Home{}, err
			}
			continue
		}
		h := Home{
			Agent: r.cfg.Agent, Name: r.name, Knock: r.knock, ID: r.home, Role: grant.Owner,
			LogLength: uint64(r.log.Len()), LogHead: r.log.Head(),
		}
		h.Log, err = r.log.MarshalBinary()
		return h, err
	}
	return Home{}, ErrCrowded
}

// exchange sends a message and returns the answer.
func (r *recovery) exchange(m control.Message) (control.Message, error) {
	if err := writeMessage(r.conn, m); err != nil {
		return nil, err
	}
	return r.read()
}

func (r *recovery) read() (control.Message, error) {
	for {
		if err := r.conn.SetReadDeadline(time.Now().Add(answerWithin)); err != nil {
			return nil, err
		}
		m, err := readMessage(r.conn)
		if err != nil {
			return nil, err
		}
		switch m := m.(type) {
		case *control.Refuse:
			return nil, &ReasonError{refusalReason(m.Reason)}
		case *control.LogHead:
			continue // what there is is fetched when it is in the way
		default:
			return m, nil
		}
	}
}

func (r *recovery) enter() error {
	m, err := r.exchange(&control.Hello{Version: control.Version, DeviceName: truncate(r.cfg.DeviceName, control.MaxName)})
	if err != nil {
		return err
	}
	a, ok := m.(*control.Accept)
	switch {
	case !ok:
		return control.ErrMessage
	case a.Version != control.Version:
		return &ReasonError{ReasonVersion}
	case a.Home != r.cfg.Root.Public().ID():
		return ErrWrongPhrase
	case !a.Recovery:
		return fmt.Errorf("%w: it does not take the root for what it is", errAccept)
	}
	r.name, r.home = a.AgentName, a.Home
	return nil
}

// fetch reads what is new of the log and verifies it.
func (r *recovery) fetch() error {
	m, err := r.exchange(&control.LogWanted{From: uint64(r.log.Len())})
	for {
		if err != nil {
			return err
		}
		part, ok := m.(*control.LogPart)
		if !ok {
			return control.ErrMessage
		}
		if err := proven(r.conn.AgentKey(), r.home, part.Length, part.Head, part.Sig[:]); err != nil {
			return err
		}
		more, err := takePart(r.log, r.home, part)
		if err != nil {
			return fmt.Errorf("%w: %w", errProof, err)
		}
		if !more {
			break
		}
		if m, err = r.read(); err != nil {
			return err
		}
	}
	if r.log.Root() != r.cfg.Root.Public() {
		return ErrWrongPhrase
	}
	return nil
}

// change appends what is to be changed. again tells that the log moved on.
func (r *recovery) change(ctx context.Context) (again bool, err error) {
	entries := 0
	apply := func(kind grant.Kind, subject identity.DevicePublic, terms grant.Terms) (knock [16]byte, again bool, err error) {
		if !pace(ctx, entries) {
			return knock, false, ctx.Err()
		}
		entries++
		return r.append(kind, subject, terms)
	}
	// First of all: then there is another owner, and the last one's rule stands in nobody's way. A device that is one already is made so
	// again for the token that comes with the ack.
	if r.knock == [16]byte{} {
		kind := grant.Add
		if m, ok := r.log.Member(r.self); ok && !m.Revoked {
			kind = grant.Grant
		}
		terms := grant.Terms{Name: r.ownName(), Role: grant.Owner, Rights: grant.AllRights}
		knock, again, err := apply(kind, r.self, terms)
		if again || err != nil {
			return again, err
		}
		if r.knock = knock; knock == [16]byte{} {
			return false, ErrKnockLost
		}
	}
	if !r.cfg.RevokeOthers {
		return false, nil
	}
	for _, m := range r.log.Members() {
		if m.Revoked || m.Device == r.self {
			continue
		}
		if _, again, err := apply(grant.Revoke, m.Device, grant.Terms{}); again || err != nil {
			return again, err
		}
	}
	for _, i := range r.log.Invites() {
		if i.State != grant.InviteOpen {
			continue
		}
		if _, again, err := apply(grant.Revoke, i.Key, grant.Terms{}); again || err != nil {
			return again, err
		}
	}
	return false, nil
}

// ownName returns the device's name as an entry may have it.
func (r *recovery) ownName() string {
	terms := tidyTerms(grant.Terms{Name: truncate(r.cfg.DeviceName, grant.MaxName), Role: grant.Owner, Rights: grant.AllRights})
	if terms.Check() != nil {
		return "Recovered device"
	}
	return terms.Name
}

// append makes one entry and waits for the proof that the agent keeps it.
func (r *recovery) append(kind grant.Kind, subject identity.DevicePublic, terms grant.Terms) (knock [16]byte, again bool, err error) {
	e := r.log.Next(kind, subject)
	e.Issued, e.Terms = r.cfg.Now().UTC().Truncate(time.Second), terms
	if err := e.Sign(r.cfg.Root.Signer(), r.cfg.Agent); err != nil {
		return knock, false, fmt.Errorf("viewer: %w", err)
	}
	encoded, err := e.MarshalBinary()
	if err != nil {
		return knock, false, fmt.Errorf("viewer: %w", err)
	}
	r.request++
	answer, err := r.exchange(&control.Append{Request: r.request, Entry: encoded})
	if err != nil {
		return knock, false, err
	}
	switch m := answer.(type) {
	case *control.Appended:
		if err := acknowledges(r.conn.AgentKey(), r.home, m, r.request, &e); err != nil {
			return knock, false, fmt.Errorf("%w: %w", ErrProof, err)
		}
		if err := r.log.Append(e); err != nil {
			return knock, false, fmt.Errorf("%w: %w", ErrProof, err)
		}
		return m.Knock, false, nil
	case *control.NotAppended:
		if m.Reason == control.AppendNotNext {
			return knock, true, nil
		}
		return knock, false, refusedAppend(m.Reason)
	}
	return knock, false, control.ErrMessage
}
