package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sealcam/sealcam/viewer"
)

type agentRevokeCmd struct {
	Device string `arg:"" help:"Name or id of a device or of an open invitation, as sealcam agent devices shows it."`
	Yes    bool   `help:"Do not ask."`
}

// Run takes a device's access, or an invitation, back.
func (c *agentRevokeCmd) Run(ctx context.Context, env environment, flags *agentFlags) error {
	console, err := openConsole(flags)
	if err != nil {
		return err
	}
	return console.owner(ctx, env, func(ctx context.Context, v *viewer.Viewer, t viewer.Trust) error {
		found, err := find(t, c.Device, time.Now())
		if err != nil {
			return err
		}
		key := found.device.Device
		question := fmt.Sprintf("Revoke %s? It sees nothing any more, at once.", found.name())
		switch {
		case found.invite != nil:
			key = found.invite.Key
			question = fmt.Sprintf("Take back %s?", found.name())
		case found.device.Self:
			question = "Revoke this command line itself? It can do nothing here any more until it is let in again."
		}
		if !c.Yes {
			if yes, err := env.agrees(ctx, question); err != nil || !yes {
				return givenUp(err)
			}
		}
		if err := v.Revoke(ctx, console.agent, key); err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "Done: %s is revoked, and the agent has confirmed it.\n", found.name())
		return nil
	})
}

type agentRenameCmd struct {
	Device string `arg:"" help:"Name or id of a device, as sealcam agent devices shows it."`
	Name   string `arg:"" help:"What it shall be called."`
}

// Run gives a device another name.
func (c *agentRenameCmd) Run(ctx context.Context, env environment, flags *agentFlags) error {
	console, err := openConsole(flags)
	if err != nil {
		return err
	}
	return console.owner(ctx, env, func(ctx context.Context, v *viewer.Viewer, t viewer.Trust) error {
		found, err := find(t, c.Device, time.Now())
		if err != nil {
			return err
		}
		if found.invite != nil {
			return &sentence{"An invitation cannot be renamed: revoke it and make another."}
		}
		terms := found.device.Terms
		terms.Name = strings.TrimSpace(c.Name)
		if err := v.Change(ctx, console.agent, found.device.Device, terms); err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "Done: %s is called “%s” now.\n", found.name(), plain(terms.Name))
		return nil
	})
}

type agentRepairCmd struct{}

// Run gives an agent back what it lost of its list, from this command line's copy.
func (*agentRepairCmd) Run(ctx context.Context, env environment, flags *agentFlags) error {
	console, err := openConsole(flags)
	if err != nil {
		return err
	}
	if console.home.Agent != console.agent {
		return errNotOwner
	}
	cfg := viewer.Config{Homes: []viewer.Home{console.home}}
	return console.visit(ctx, env, cfg, func(ctx context.Context, v *viewer.Viewer) error {
		t, err := console.trust(ctx, v)
		if err != nil {
			return err
		}
		if t.Alarm == nil {
			fmt.Fprintln(env.stdout, "Nothing is missing: the agent's list is the one that this command line saw before.")
			return nil
		}
		for _, s := range t.Alarm.Sentences {
			fmt.Fprintln(env.stdout, plain(s))
		}
		if err := v.Repair(ctx, console.agent); err != nil {
			return err
		}
		fmt.Fprintln(env.stdout, "Done: the agent has it all again.")
		return nil
	})
}
