package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/internal/pause"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

const (
	// ownerWithin is how long an owner's command waits for the agent.
	ownerWithin = 20 * time.Second
	// offlineWithin is how long it believes that an agent that is not there may just be starting.
	offlineWithin = 6 * time.Second
	// statesWithin is how long a list waits to be told who watches.
	statesWithin = 3 * time.Second
	// differenceWithin is how long it waits to learn what is wrong with a list.
	differenceWithin = 10 * time.Second
	lookEvery        = 100 * time.Millisecond
)

var (
	errNotOwner = errors.New("this command line is not an owner yet. If the cameras have no owner: sealcam agent claim. " +
		"If they have one: run sealcam agent join and approve it there, as an owner")
	errRevokedHere = errors.New("this command line is not an owner any more: run sealcam agent join, and approve it in Sealcam as an owner")
)

// console is the command line beside the agent as a device like any other: with a key of its own, which an owner let in.
type console struct {
	place
	key  identity.DeviceKey
	home viewer.Home // zero Agent: it was not let in anywhere
}

// openConsole takes what the state folder keeps of it.
func openConsole(flags *agentFlags) (*console, error) {
	p, err := flags.place()
	if err != nil {
		return nil, err
	}
	c := &console{place: p}
	if c.key, err = readConsoleKey(p.state); errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		c.home, err = readConsoleHome(p.state)
	}
	if err == nil && c.home.Agent != p.agent {
		c.home = viewer.Home{} // of an agent before a reset
	}
	return c, err
}

// named makes sure that there is a key.
func (c *console) named() error {
	if !c.key.IsZero() {
		return nil
	}
	var err error
	c.key, err = makeConsoleKey(c.state)
	return err
}

// name is what lists of devices call it.
func (c *console) name() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "Command line"
	}
	return "Command line on " + host
}

func (c *console) dial(env environment) func(context.Context) (*signal.Client, error) {
	return func(ctx context.Context) (*signal.Client, error) {
		return signal.Dial(ctx, signal.Options{URL: c.server, Role: signal.RoleViewer, Signer: c.key.Signer(), Log: env.log})
	}
}

// owner connects as the owner that this command line is, and hands over, with what is known of the agent's list, once its copy of it is in
// step.
func (c *console) owner(ctx context.Context, env environment, do func(context.Context, *viewer.Viewer, viewer.Trust) error) error {
	if c.home.Agent == (identity.AgentID{}) {
		return errNotOwner
	}
	return c.visit(ctx, env, viewer.Config{Homes: []viewer.Home{c.home}}, func(ctx context.Context, v *viewer.Viewer) error {
		trust, err := c.trust(ctx, v)
		if err != nil {
			return err
		}
		if trust.Alarm != nil {
			return alarmed(trust.Alarm)
		}
		return do(ctx, v, trust)
	})
}

// alarmed says what is wrong with the agent's list.
func alarmed(a *viewer.Alarm) error {
	text := "the agent's list of devices is not the one that this command line saw before, so nothing was done:"
	for _, s := range a.Sentences {
		text += "\n  " + plain(s)
	}
	if a.Repairable {
		text += "\nAn old copy of the agent's folder may have been put back. To give it what it lost: sealcam agent repair"
	} else {
		text += "\nSomebody with the key of an owner made another list. Look at the devices in Sealcam; if in doubt: sealcam agent reset"
	}
	return &sentence{text}
}

// visit runs a viewer that watches nothing while do runs, and keeps what it learns of the home. do's errors are made sentences.
func (c *console) visit(ctx context.Context, env environment, cfg viewer.Config, do func(context.Context, *viewer.Viewer) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dial := c.dial(env)
	cfg.Dial = func(ctx context.Context) (*signal.Client, error) {
		client, err := dial(ctx)
		if err != nil && ctx.Err() == nil {
			cancel(unreachable(err)) // a person waits: better to say so than to try for ever
		}
		return client, err
	}
	cfg.Self, cfg.DeviceName, cfg.Log = c.key.Signer(), c.name(), env.log
	cfg.NewDecoder = func(codec.Config, func(viewer.Decoded)) (viewer.Decoder, error) {
		return nil, errors.New("the command line shows no pictures")
	}
	var keeping sync.Mutex
	var kept error
	learned := c.home // c.home itself stays as it is while do runs
	cfg.Remember = func(h viewer.Home) {
		keeping.Lock()
		defer keeping.Unlock()
		if learned = h; c.state != "" {
			kept = writeConsoleHome(c.state, h)
		}
	}
	v := viewer.New(cfg)
	var running sync.WaitGroup
	running.Go(func() { _ = v.Run(ctx) }) // which ends without an error when ctx does
	err := do(ctx, v)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	cancel(nil)
	running.Wait()
	c.home = learned
	return errors.Join(readable(err), kept)
}

func unreachable(err error) error {
	return &sentence{"The server: " + strings.TrimSuffix(err.Error(), ".") + "."}
}

// sentence is an error that is fit to be shown as it is.
type sentence struct{ text string }

func (e *sentence) Error() string { return e.text }

// readable turns errors of package viewer, which may hold addresses, into sentences.
func readable(err error) error {
	var said *sentence
	if err == nil || errors.As(err, &said) || errors.Is(err, context.Canceled) {
		return err
	}
	for _, own := range []error{errNotOwner, errRevokedHere, errNoInput, errGivenUp} {
		if errors.Is(err, own) {
			return err
		}
	}
	return &sentence{viewer.Sentence(err)}
}

// session waits until the agent has accepted this device, and returns how it stands there.
func (c *console) session(ctx context.Context, v *viewer.Viewer) (viewer.HomeStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, ownerWithin)
	defer cancel()
	reason := viewer.ReasonAgentOffline
	for began := time.Now(); ; {
		s := v.Snapshot()
		for _, h := range s.Homes {
			switch {
			case h.Agent != c.agent:
			case h.Ready:
				return h, nil
			case h.Reason != viewer.ReasonNone:
				reason = h.Reason
			}
		}
		switch {
		case s.Link.State == viewer.LinkRefused:
			return viewer.HomeStatus{}, &sentence{s.Link.Sentence}
		case reason == viewer.ReasonNotAllowed, reason == viewer.ReasonRevoked, reason == viewer.ReasonExpired:
			return viewer.HomeStatus{}, errRevokedHere
		case reason == viewer.ReasonRollback: // the alarm says more
			return viewer.HomeStatus{}, nil
		case reason == viewer.ReasonVersion, reason == viewer.ReasonWrongAgent, reason == viewer.ReasonProtocol:
			return viewer.HomeStatus{}, &sentence{reason.Sentence()}
		case silent(reason) && time.Since(began) > offlineWithin:
			return viewer.HomeStatus{}, &sentence{reason.Sentence()}
		}
		if !pause.For(ctx, lookEvery) {
			if context.Cause(ctx) != context.DeadlineExceeded {
				return viewer.HomeStatus{}, ctx.Err()
			}
			return viewer.HomeStatus{}, &sentence{reason.Sentence()}
		}
	}
}

// silent tells that nobody answers.
func silent(r viewer.Reason) bool {
	return r == viewer.ReasonAgentOffline || r == viewer.ReasonClaimSilent || r == viewer.ReasonInviteSilent
}

// trust waits until this device knows the agent's list as an owner, or that something is wrong with it.
func (c *console) trust(ctx context.Context, v *viewer.Viewer) (viewer.Trust, error) {
	h, err := c.session(ctx, v)
	if err != nil {
		return viewer.Trust{}, err
	}
	if h.Ready && h.Role != grant.Owner {
		return viewer.Trust{}, fmt.Errorf("%w (it was let in as a %s)", errNotOwner, roleNames[h.Role])
	}
	within, cancel := context.WithTimeout(ctx, ownerWithin)
	defer cancel()
	for began := time.Now(); ; {
		// An alarm comes first, and then what differs.
		if t, ok := v.Trust(c.agent); ok && (t.Alarm == nil || t.Alarm.Difference != nil || time.Since(began) > differenceWithin) {
			return t, nil
		}
		if !pause.For(within, lookEvery) {
			if ctx.Err() != nil {
				return viewer.Trust{}, ctx.Err()
			}
			return viewer.Trust{}, viewer.ErrUnreached
		}
	}
}

// trustWithStates is trust that waits a little longer to learn what the devices do.
func (c *console) trustWithStates(ctx context.Context, v *viewer.Viewer) (viewer.Trust, error) {
	t, err := c.trust(ctx, v)
	for end := time.Now().Add(statesWithin); err == nil && !t.StatesKnown && time.Now().Before(end) && pause.For(ctx, lookEvery); {
		t, err = c.trust(ctx, v)
	}
	return t, err
}

// invitation writes the link of an invitation as others open it.
func (c *console) invitation(secret pairing.Secret) string {
	return pairing.InviteLink{Server: c.public, Agent: c.agent, Secret: secret}.String()
}
