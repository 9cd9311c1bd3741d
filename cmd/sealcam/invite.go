package main

import (
	"context"
	"fmt"
	"time"

	"rsc.io/qr"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/viewer"
)

type agentInviteCmd struct {
	Name string `arg:"" help:"What the list of devices shall call whoever comes, such as \"Ann's phone\"."`
	termsFlags
	Within period `help:"For how long the link can be used, such as 24h (unless given) or 3d; at most 30d." default:"24h" placeholder:"TIME"`
}

// Run makes a link that lets one device in.
func (c *agentInviteCmd) Run(ctx context.Context, env environment, flags *agentFlags) error {
	console, err := openConsole(flags)
	if err != nil {
		return err
	}
	if c.Within == 0 {
		return &sentence{"An invitation must end: give -within a time of at most 30d."}
	}
	return console.owner(ctx, env, func(ctx context.Context, v *viewer.Viewer, t viewer.Trust) error {
		now := time.Now()
		terms, err := c.terms(c.Name, grant.Guest, t.Cameras, now)
		if err != nil {
			return err
		}
		before := now.Add(time.Duration(c.Within))
		secret, err := v.Invite(ctx, console.agent, terms, before)
		if err != nil {
			return err
		}
		link := console.invitation(secret)
		fmt.Fprintf(env.stdout, "\nOpen this link on the device that shall come in as “%s” (%s), once, until %s:\n\n  %s\n\n",
			plain(terms.Name), describe(terms, t.Cameras), day(before, ""), link)
		if code, err := qr.Encode(link, qr.L); err == nil {
			fmt.Fprintln(env.stdout, drawCode(code, isTerminal(env.stdout)))
		}
		fmt.Fprintln(env.stderr, "Whoever has the link may use it: send it to nobody else.")
		return nil
	})
}
