package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/check"
	"github.com/sealcam/sealcam/camera/config"
	"github.com/sealcam/sealcam/camera/file"
	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/camera/testcard"
	"github.com/sealcam/sealcam/e2ee/pairing"
)

type agentCmd struct {
	Run   agentRunCmd   `cmd:"" default:"withargs" help:"Seal the cameras of the configuration and serve them to their owner (the default)."`
	Check agentCheckCmd `cmd:"" help:"Say what a camera offers and whether browsers can play it."`
}

type agentRunCmd struct {
	Config string `help:"Configuration file." default:"sealcam.toml" type:"path" env:"SEALCAM_CONFIG"`
	Server string `help:"Address of the server; wins over the file." env:"SEALCAM_SERVER"`
	State  string `help:"Folder of the agent's key and the grant log; wins over the file." type:"path" env:"SEALCAM_STATE"`
}

// Run runs the agent until a signal.
func (c *agentRunCmd) Run(ctx context.Context, env environment) error {
	conf, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	if c.Server != "" {
		conf.Server = c.Server
	}
	if conf.Server == "" {
		return errors.New(`no server: add server = "https://…" to the configuration, or -server`)
	}
	if c.State != "" {
		conf.State = c.State
	}
	if conf.State == "" {
		conf.State = filepath.Join(filepath.Dir(c.Config), "sealcam-state")
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
	agent, err := camera.New(camera.Config{
		Name: conf.Name, Server: conf.Server, Store: memory, Clock: clock, Cameras: cameras,
		Loopback: isLoopback(conf.Server),
		Link: func(link pairing.Link, expires time.Time) {
			printLink(env.stdout, link, expires)
		},
		Log: env.log,
	})
	if err != nil {
		return err
	}
	return agent.Run(ctx)
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
			s, err = rtsp.New(rtsp.Config{Main: c.Main, Sub: c.Sub, UDP: c.Transport == "udp", Clock: clock, Log: log.With("camera", c.Name)})
		}
		if err != nil {
			return nil, fmt.Errorf("camera %q: %w", c.Name, err)
		}
		cameras = append(cameras, camera.Camera{Name: c.Name, Source: s})
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
