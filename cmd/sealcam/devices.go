package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/viewer"
)

type agentDevicesCmd struct {
	All bool `help:"Also those that were revoked or have expired, and invitations that are closed."`
}

// Run prints who may see what.
func (c *agentDevicesCmd) Run(ctx context.Context, env environment, flags *agentFlags) error {
	console, err := openConsole(flags)
	if err != nil {
		return err
	}
	return console.owner(ctx, env, func(ctx context.Context, v *viewer.Viewer, _ viewer.Trust) error {
		t, err := console.trustWithStates(ctx, v)
		if err != nil {
			return err
		}
		c.print(env.stdout, t, time.Now())
		return nil
	})
}

func (c *agentDevicesCmd) print(w io.Writer, t viewer.Trust, now time.Time) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tROLE\tCAMERAS\tSINCE\tUNTIL\tLAST SEEN\tID")
	for i := range t.Devices {
		d := &t.Devices[i]
		if d.Ended(now) && !c.All {
			continue
		}
		name := plain(d.Name)
		if d.Self {
			name += " (this command line)"
		}
		until := day(d.Expires, "no end")
		switch {
		case d.Revoked:
			until = "revoked"
		case d.Ended(now):
			until = "expired " + until
		case d.Pending:
			until += " (a change is pending)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, roleNames[d.Role], cameraNames(d.Cameras, t.Cameras),
			day(d.Added, "?"), until, seen(d, t), d.Device.ID().Fingerprint())
	}
	table.Flush()
	c.printInvites(w, t, now)
}

func seen(d *viewer.Device, t viewer.Trust) string {
	switch {
	case !t.StatesKnown:
		return "?"
	case len(d.Watching) > 0:
		return "watches " + cameraNames(d.Watching, t.Cameras)
	case d.Connected:
		return "connected"
	}
	return day(d.LastSeen, "never")
}

func (c *agentDevicesCmd) printInvites(w io.Writer, t viewer.Trust, now time.Time) {
	var open []grant.Invitation
	for _, i := range t.Invites {
		if c.All || i.Redeemable(now) == nil {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		return
	}
	fmt.Fprintln(w, "\nInvitations:")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FOR\tAS\tSTATE\tID")
	for _, i := range open {
		state := "open until " + day(i.Entry.RedeemBefore, "")
		switch {
		case i.State == grant.InviteUsed:
			state = "used"
		case i.State == grant.InviteRevoked:
			state = "taken back"
		case i.Redeemable(now) != nil:
			state = "expired"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", plain(i.Entry.Name), describe(i.Entry.Terms, t.Cameras), state, i.Key.ID().Fingerprint())
	}
	table.Flush()
}

// target is what a name or an id on the command line means: a device or an open invitation.
type target struct {
	device viewer.Device // zero if it is an invitation
	invite *grant.Invitation
}

func (t target) name() string {
	if t.invite != nil {
		return fmt.Sprintf("the invitation for “%s”", plain(t.invite.Entry.Name))
	}
	return fmt.Sprintf("“%s”", plain(t.device.Name))
}

// find looks for one device that may come, or one open invitation, by its name, its short id or the beginning of that, or its whole id.
func find(t viewer.Trust, text string, now time.Time) (target, error) {
	text = strings.TrimSpace(text)
	var byID, byName []target
	add := func(found target, name, short, id string) {
		switch {
		case text == id, len(text) >= 4 && strings.HasPrefix(short, strings.ToLower(text)):
			byID = append(byID, found)
		case strings.EqualFold(plain(name), text):
			byName = append(byName, found)
		}
	}
	var names []string
	for _, d := range t.Devices {
		if !d.Revoked {
			id := d.Device.ID()
			add(target{device: d}, d.Name, id.Fingerprint(), id.String())
			names = append(names, fmt.Sprintf("“%s”", plain(d.Name)))
		}
	}
	for _, i := range t.Invites {
		if i.Redeemable(now) == nil {
			id := i.Key.ID()
			add(target{invite: &i}, i.Entry.Name, id.Fingerprint(), id.String())
		}
	}
	found := byName
	if len(byID) > 0 {
		found = byID
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		slices.Sort(names)
		return target{}, &sentence{fmt.Sprintf("There is no device %q. There are %s; sealcam agent devices shows them all.", plain(text), strings.Join(names, ", "))}
	}
	return target{}, &sentence{fmt.Sprintf("%d devices or invitations are called %q: give the id that sealcam agent devices shows instead.", len(found), plain(text))}
}
