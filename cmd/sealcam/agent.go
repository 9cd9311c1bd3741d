package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/kong"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/check"
	"github.com/sealcam/sealcam/camera/config"
	"github.com/sealcam/sealcam/camera/file"
	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/camera/testcard"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/server"
)

type agentCmd struct {
	agentFlags

	Run     agentRunCmd     `cmd:"" default:"withargs" help:"Seal the cameras of the configuration and serve them to their owner (the default)."`
	Check   agentCheckCmd   `cmd:"" help:"Say what a camera offers and whether browsers can play it."`
	Claim   agentClaimCmd   `cmd:"" help:"Make this command line the owner of a new agent, with the link that it printed."`
	Join    agentJoinCmd    `cmd:"" help:"Let an owner make this command line an owner too."`
	Devices agentDevicesCmd `cmd:"" help:"List who may see what."`
	Invite  agentInviteCmd  `cmd:"" help:"Make a link that lets one device in."`
	Approve agentApproveCmd `cmd:"" help:"Let a screen in that shows a code."`
	Revoke  agentRevokeCmd  `cmd:"" help:"Take a device's access, or an invitation, back."`
	Rename  agentRenameCmd  `cmd:"" help:"Give a device another name."`
	Journal agentJournalCmd `cmd:"" help:"List who watched which camera when."`
	Repair  agentRepairCmd  `cmd:"" help:"Give the agent back what its list of devices lost."`
	Reset   agentResetCmd   `cmd:"" help:"Make the agent a new one that nobody owns, when devices and 24 words are lost."`
}

// AfterApply lets the commands below ask for the flags that they share.
func (c *agentCmd) AfterApply(k *kong.Context) error {
	k.Bind(&c.agentFlags)
	return nil
}

type agentRunCmd struct{}

// Run runs the agent until a signal.
func (*agentRunCmd) Run(ctx context.Context, env environment, flags *agentFlags) error {
	conf, err := flags.configure()
	if err != nil {
		return err
	}
	memory, err := store.Open(conf.State)
	if err != nil {
		return err
	}
	defer memory.Close()
	clock := source.NewClock()
	cameras, err := openCameras(conf.Cameras, clock, env.log)
	if err != nil {
		return err
	}
	var servers []string // to connect to
	var public []string  // for people
	if conf.Server != "" {
		servers, public = append(servers, conf.Server), append(public, conf.Server)
	}
	var own *lan
	if flags.LAN != "" {
		if own, err = openLAN(flags.LAN, env.log); err != nil {
			return err
		}
		defer own.Close()
		servers, public = append(servers, own.local), append(public, own.addresses...)
		fmt.Fprintf(env.stdout, "\nIn the local network open %s\n", strings.Join(own.addresses, " or "))
	}
	agent, err := camera.New(camera.Config{
		Name: conf.Name, Servers: servers, Store: memory, Clock: clock, Cameras: cameras,
		Loopback: slices.ContainsFunc(public, isLoopback),
		Link: func(link pairing.Link, expires time.Time) {
			link.Server = public[0]
			printLink(env.stdout, link, expires)
			for _, address := range public[1:] {
				link.Server = address
				fmt.Fprintf(env.stdout, "  or %s\n", link)
			}
		},
		Log: env.log,
	})
	if err != nil {
		return err
	}
	if len(memory.Entries()) > 0 {
		fmt.Fprintf(env.stdout, "\nThese cameras have an owner: open %s there. If every device is lost, the 24 words bring them back at\n\n  %s\n\n",
			public[0], pairing.RecoverLink{Server: public[0], Agent: agent.ID()})
	}
	if own == nil {
		return agent.Run(ctx)
	}
	return runBoth(ctx, own.Server, agent)
}

// runBoth runs an agent and a server in its process until ctx or either ends.
func runBoth(ctx context.Context, s *server.Server, a *camera.Agent) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var agents sync.WaitGroup
	var agentErr error
	agents.Go(func() {
		defer cancel()
		agentErr = a.Run(ctx)
	})
	err := s.Run(ctx)
	cancel()
	agents.Wait()
	return errors.Join(err, agentErr)
}

// openCameras makes a source of each configured camera. Nothing is connected yet.
func openCameras(list []config.Camera, clock *source.Clock, log *slog.Logger) ([]camera.Camera, error) {
	var cameras []camera.Camera
	for _, c := range list {
		var s source.Source
		var err error
		switch {
		case c.TestCard:
			s = testcard.New(clock)
		case c.File != "":
			s, err = file.Open(c.File, clock)
		default:
			s, err = rtsp.New(rtsp.Config{Main: c.Main, Sub: c.Sub, UDP: c.Transport == "udp", Sound: c.Sound(), Clock: clock, Log: log.With("camera", c.Name)})
		}
		if err != nil {
			return nil, fmt.Errorf("camera %q: %w", c.Name, err)
		}
		cameras = append(cameras, camera.Camera{Name: c.Name, Source: s, Sound: c.Sound()})
	}
	return cameras, nil
}

// isLoopback tells whether a server's address is this machine's own, so that viewers may be on it too.
func isLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

type agentCheckCmd struct {
	Address string `arg:"" help:"The camera's address, such as rtsp://user:password@host/path."`
	Seconds int    `help:"How long to watch the stream, in seconds." default:"6"`
}

// Run asks the camera and prints what it offers.
func (c *agentCheckCmd) Run(ctx context.Context, env environment) error {
	report, err := check.For(ctx, c.Address, time.Duration(c.Seconds)*time.Second)
	if err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, report)
	return nil
}
