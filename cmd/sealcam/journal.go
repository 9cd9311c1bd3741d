package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
)

type agentJournalCmd struct {
	Number int    `help:"How many visits at most; 0: all that the agent keeps." default:"50" short:"n"`
	Device string `help:"Only this device, by name or id." placeholder:"DEVICE"`
}

// Run prints who watched which camera when, the newest first.
func (c *agentJournalCmd) Run(ctx context.Context, env environment, flags *agentFlags) error {
	console, err := openConsole(flags)
	if err != nil {
		return err
	}
	return console.owner(ctx, env, func(ctx context.Context, v *viewer.Viewer, t viewer.Trust) error {
		only, err := c.only(t)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		defer table.Flush()
		fmt.Fprintln(table, "FROM\tFOR\tDEVICE\tCAMERA")
		shown := 0
		for before := uint64(0); ; {
			page, err := v.Journal(ctx, console.agent, before, control.MaxVisits)
			if err != nil {
				return err
			}
			for _, visit := range page.Visits {
				before = visit.Number
				if only != (identity.DevicePublic{}) && visit.Device != only {
					continue
				}
				if c.Number > 0 && shown == c.Number {
					return nil
				}
				shown++
				length := "still"
				if !visit.Ended.IsZero() {
					length = lasted(visit.Ended.Sub(visit.Began))
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", visit.Began.Local().Format(time.DateTime), length,
					deviceName(t, visit.Device), cameraNames([]identity.CameraID{visit.Camera}, t.Cameras))
			}
			if page.End || len(page.Visits) == 0 {
				return nil
			}
		}
	})
}

// only returns the device that is asked for, which may have been revoked long ago; zero for all.
func (c *agentJournalCmd) only(t viewer.Trust) (identity.DevicePublic, error) {
	if c.Device == "" {
		return identity.DevicePublic{}, nil
	}
	found, err := find(t, c.Device, time.Now())
	if err == nil && found.invite == nil {
		return found.device.Device, nil
	}
	for _, d := range t.Devices {
		if strings.EqualFold(plain(d.Name), c.Device) || d.Device.ID().Fingerprint() == strings.ToLower(c.Device) {
			return d.Device, nil
		}
	}
	return identity.DevicePublic{}, err
}

func deviceName(t viewer.Trust, key identity.DevicePublic) string {
	for _, d := range t.Devices {
		if d.Device == key {
			return plain(d.Name)
		}
	}
	return key.ID().Fingerprint()
}
