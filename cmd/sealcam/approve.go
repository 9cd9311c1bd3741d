package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/pair"
)

type agentApproveCmd struct {
	Code string `arg:"" optional:"" help:"The code that the screen shows, such as K7QF-2MRP, or the link in its QR code. It is asked for if left out."`
	Name string `help:"What the list of devices shall call it; its own name if left out." placeholder:"NAME"`
	termsFlags
}

// Run lets a device in that shows a code.
func (c *agentApproveCmd) Run(ctx context.Context, env environment, flags *agentFlags) error {
	console, err := openConsole(flags)
	if err != nil {
		return err
	}
	if c.Code == "" && console.home.Agent == console.agent {
		if c.Code, err = env.ask(ctx, "The code that the screen shows:"); err != nil {
			return err
		}
	}
	return console.owner(ctx, env, func(ctx context.Context, v *viewer.Viewer, t viewer.Trust) error {
		if _, err := c.terms(cmp.Or(c.Name, "screen"), grant.Display, t.Cameras, time.Now()); err != nil {
			return err // before anybody walks to a screen
		}
		code, pin, err := parseCode(c.Code)
		if err != nil {
			return err
		}
		a, err := pair.Dial(ctx, pair.DialConfig{Dial: dialer(console.server, env), Self: console.key.Signer(), Code: code, Pin: pin, Log: env.log})
		if err != nil {
			return pairError(ctx, err)
		}
		defer a.Close()
		return c.approve(ctx, env, console, v, t, a)
	})
}

// approve lets the people compare, makes the grant, and tells the screen.
func (c *agentApproveCmd) approve(ctx context.Context, env environment, console *console, v *viewer.Viewer, t viewer.Trust, a *pair.Approval) error {
	fmt.Fprintf(env.stderr, "\n    %s\n\n“%s” must show the same digits.\n", a.Digits, plain(a.Name))
	same, err := env.agrees(ctx, "Does it?")
	if err != nil {
		return err
	}
	if !same {
		a.Refuse(control.PairDigits)
		return pairError(ctx, pair.ErrDiffer)
	}
	fmt.Fprintln(env.stderr, "Now press OK on the screen.")
	if err := a.Confirmed(ctx); err != nil {
		return pairError(ctx, err)
	}
	terms, err := c.terms(cmp.Or(c.Name, plain(a.Name), "Screen"), grant.Display, t.Cameras, time.Now())
	if err != nil {
		return err
	}
	added, err := admit(ctx, v, console.agent, a.Device, terms)
	if err != nil {
		a.Refuse(control.PairFailed)
		return err
	}
	err = a.Approve(ctx, control.PairApproved{
		Agent: console.agent, AgentName: t.AgentName, Home: added.Home, Knock: added.Knock, Ephemeral: console.home.Ephemeral,
	})
	if err != nil && !errors.Is(err, pair.ErrUnsure) && ctx.Err() == nil {
		if undo := v.Revoke(ctx, console.agent, a.Device); undo != nil {
			return errors.Join(pairError(ctx, err), readable(undo))
		}
	}
	if err != nil {
		return pairError(ctx, err)
	}
	fmt.Fprintf(env.stdout, "Done: “%s” is let in (%s).\n", plain(terms.Name), describe(terms, t.Cameras))
	return nil
}

// admit adds a device, also one that is a member and lost what it knew of the agent.
func admit(ctx context.Context, v *viewer.Viewer, agent identity.AgentID, device identity.DevicePublic, terms grant.Terms) (viewer.Added, error) {
	added, err := v.Add(ctx, agent, device, terms)
	if errors.Is(err, viewer.ErrMember) {
		if err := v.Revoke(ctx, agent, device); err != nil {
			return viewer.Added{}, err
		}
		return v.Add(ctx, agent, device, terms)
	}
	return added, err
}

// parseCode reads a code, or the link that stands in a screen's QR code.
func parseCode(text string) (pairing.Code, pairing.Pin, error) {
	code, pin, err := pairing.ParsePair(fragment(text))
	if errors.Is(err, pairing.ErrNoLink) {
		code, err = pairing.ParseCode(text)
	}
	if err != nil {
		return code, pin, linkError(err)
	}
	return code, pin, nil
}

// pairError makes an error of a meeting fit to be shown.
func pairError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &sentence{pair.Sentence(err)}
}

// dialer connects to a server in any role.
func dialer(server string, env environment) pair.DialFunc {
	return func(ctx context.Context, role signal.Role, self identity.Signer) (*signal.Client, error) {
		return signal.Dial(ctx, signal.Options{URL: server, Role: role, Signer: self, Log: env.log})
	}
}
