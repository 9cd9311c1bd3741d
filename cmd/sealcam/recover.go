package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/internal/pause"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

const (
	// recoverLife is for how long the link of a recovery can be used, and the command waits for that.
	recoverLife = 30 * time.Minute
	phraseTries = 3
)

type recoverCmd struct {
	Link  string `arg:"" optional:"" help:"The recovery link, if you have it: https://…/#recover=… Without it the configuration says which agent, as for sealcam agent, or -server and -agent do."`
	Agent string `help:"The agent's id: sca1…" placeholder:"ID"`
	agentFlags
	All bool `help:"Revoke every device that was let in before, and every open invitation: for when one was stolen." name:"revoke-all"`
}

// Run brings an agent back to who has the 24 words.
func (c *recoverCmd) Run(ctx context.Context, env environment) error {
	where, err := c.target()
	if err != nil {
		return err
	}
	root, err := env.phrase(ctx)
	if err != nil {
		return err
	}
	// The key lives as long as this command: it is an owner until the link was used.
	key, err := identity.GenerateDevice(nil)
	if err != nil {
		return err
	}
	console := &console{place: where, key: key}
	fmt.Fprintln(env.stderr, "Asking the agent …")
	home, err := viewer.Recover(ctx, viewer.RecoverConfig{
		Dial: console.dial(env), Root: root, Self: key.Signer(), DeviceName: c.name(console),
		Agent: where.agent, RevokeOthers: c.All, Log: env.log,
	})
	if err != nil {
		return recoverError(ctx, err)
	}
	console.home = home
	return console.owner(ctx, env, func(ctx context.Context, v *viewer.Viewer, _ viewer.Trust) error { return c.hand(ctx, env, console, v) })
}

// hand gives the ownership to a browser and takes this command's own back.
func (c *recoverCmd) hand(ctx context.Context, env environment, console *console, v *viewer.Viewer) error {
	before := time.Now().Add(recoverLife)
	terms := grant.Terms{Name: "Recovered owner", Role: grant.Owner, Rights: grant.AllRights}
	secret, err := v.Invite(ctx, console.agent, terms, before)
	if err != nil {
		return err
	}
	link := console.invitation(secret)
	fmt.Fprintf(env.stdout, "\nThe words are right. Open this link in the browser that shall own the cameras (once, until %s):\n\n  %s\n\n", before.Format("15:04"), link)
	if code, err := qr.Encode(link, qr.L); err == nil {
		fmt.Fprintln(env.stdout, drawCode(code, isTerminal(env.stdout)))
	}
	if c.All {
		fmt.Fprintln(env.stdout, "Every device that was let in before is revoked.")
	}
	fmt.Fprintln(env.stderr, "Leave this running until the link was used.")
	for used := false; !used; {
		if !pause.For(ctx, lookEvery) {
			return &sentence{fmt.Sprintf("The link goes on working until %s. When it was used, revoke “%s” in Sealcam, under Devices.", before.Format("15:04"), c.name(console))}
		}
		t, ok := v.Trust(console.agent)
		if !ok {
			continue
		}
		for _, i := range t.Invites {
			if i.Key != secret.InviteKey() {
				continue
			}
			switch err := i.Redeemable(time.Now()); {
			case errors.Is(err, grant.ErrInviteUsed):
				used = true
			case err != nil:
				_ = v.Revoke(ctx, console.agent, console.key.Public()) // unless it is the last owner: then the next recovery's list shows it
				return &sentence{"The link was not used in time. Run sealcam recover again."}
			}
		}
	}
	if err := v.Revoke(ctx, console.agent, console.key.Public()); err != nil && !errors.Is(err, viewer.ErrNotOwner) {
		return err
	}
	fmt.Fprintln(env.stdout, "Done: that browser owns the cameras, and this command has given its own access back.")
	return nil
}

// name is what lists of devices call this command.
func (*recoverCmd) name(console *console) string { return "Recovery, " + console.name() }

// target says which agent at which server. The state folder is left alone: this command is no device of it.
func (c *recoverCmd) target() (place, error) {
	var p place
	var err error
	switch {
	case c.Link != "" && c.Agent != "":
		return p, &sentence{"The link names the agent: leave -agent out."}
	case c.Link != "":
		if p.agent, err = pairing.ParseRecover(fragment(c.Link)); err != nil {
			return p, linkError(err)
		}
		p.server, _, _ = strings.Cut(c.Link, "#")
	case c.Agent != "":
		if p.agent, err = identity.ParseAgentID(c.Agent); err != nil {
			return p, &sentence{"That is no agent's id: it begins with sca1 and has 52 characters. Copy it whole."}
		}
	default:
		if p, err = c.place(); err != nil {
			return p, fmt.Errorf("which agent? Give the recovery link, or -server and -agent, or run this where the agent runs: %w", err)
		}
		p.state = ""
		return p, nil
	}
	if c.Server != "" {
		p.server = c.Server
	}
	p.server, err = serverAddress(p.server)
	p.public = p.server
	return p, err
}

// serverAddress brings an address that a person gave into the form that links have.
func serverAddress(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", &sentence{`Which server? Write its address like https://cams.example or http://192.168.1.5:8080.`}
	}
	u.Fragment, u.RawQuery = "", ""
	return strings.TrimRight(u.String(), "/"), nil
}

// phrase asks for the 24 words, which a terminal does not show. They may come in several lines.
func (e *environment) phrase(ctx context.Context) (identity.RootKey, error) {
	for try := 1; ; try++ {
		fmt.Fprintf(e.stderr, "Type the %d words in their order, with spaces between, then Enter.", identity.PhraseWords)
		if e.stdin.terminal != nil {
			fmt.Fprint(e.stderr, " They are not shown.")
		}
		fmt.Fprint(e.stderr, "\n> ")
		var typed []string
		for len(strings.Fields(words(typed))) < identity.PhraseWords {
			line, err := e.stdin.secret(ctx)
			if errors.Is(err, errNoInput) && len(typed) > 0 {
				break
			}
			if err != nil {
				return identity.RootKey{}, err
			}
			if line == "" {
				break
			}
			typed = append(typed, line)
		}
		fmt.Fprintln(e.stderr)
		root, err := identity.ParsePhrase(words(typed))
		if err == nil {
			return root, nil
		}
		why := sentenceOf(strings.TrimPrefix(err.Error(), "identity: "))
		if e.stdin.terminal == nil || try == phraseTries {
			return identity.RootKey{}, &sentence{why}
		}
		fmt.Fprintln(e.stderr, why)
	}
}

// recoverError makes an error of viewer.Recover fit to be shown.
func recoverError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, known := range []error{signal.ErrUnreachable, signal.ErrNotSealcam, signal.ErrSilent, signal.ErrLost} {
		if errors.Is(err, known) {
			return unreachable(known)
		}
	}
	var refusal *signal.Refusal
	if errors.As(err, &refusal) {
		return unreachable(refusal)
	}
	return &sentence{viewer.Sentence(err)}
}

// words joins what a person typed over several lines.
func words(lines []string) string { return strings.Join(lines, " ") }
