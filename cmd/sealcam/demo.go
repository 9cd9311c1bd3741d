package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/config"
	"github.com/sealcam/sealcam/camera/demo"
	"github.com/sealcam/sealcam/camera/file"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/camera/testcard"
	"github.com/sealcam/sealcam/cmd/sealcam/selfsigned"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/static"
)

type demoCmd struct {
	Cameras []string `arg:"" optional:"" name:"rtsp-address" help:"Cameras to show, such as rtsp://user:password@host/path; two demo cameras if none is given."`
	Port    int      `help:"Port on localhost." default:"8477" env:"SEALCAM_PORT"`
	Frames  []string `help:"Origin whose pages may embed the viewer in a frame, such as https://dashboard.example; may be given again. None if none is given." name:"frame-ancestors" placeholder:"ORIGIN,..." env:"SEALCAM_FRAME_ANCESTORS"`
	TLS     bool     `help:"Serve phones and tablets in the same network too, by https and the port after that, with a certificate that is made here." name:"tls"`
	State   string   `help:"Folder of the agent's key and the grant log, so that the browser stays the owner after a restart. Without it the demo forgets everything." type:"path" env:"SEALCAM_STATE"`
}

// Run runs server and agent until a signal.
func (c *demoCmd) Run(ctx context.Context, env environment) error {
	memory, err := c.openStore()
	if err != nil {
		return err
	}
	defer memory.Close()
	clock := source.NewClock()
	cameras, err := c.cameras(clock, env.log)
	if err != nil {
		return err
	}
	s, err := server.New(server.Config{
		Listen: net.JoinHostPort("localhost", fmt.Sprint(c.Port)), FrameAncestors: c.Frames, Client: static.Client(),
		Log: env.log.With("part", "server"),
	})
	if err != nil {
		return err
	}
	var outside *front
	if c.TLS {
		if outside, err = c.openFront(s.Addr().(*net.TCPAddr), env.log); err != nil {
			s.Close()
			return err
		}
		outside.introduce(env.stdout)
	}
	address := "http://" + net.JoinHostPort("localhost", fmt.Sprint(s.Addr().(*net.TCPAddr).Port))
	agent, err := camera.New(camera.Config{
		Name: "Demo", Servers: []string{address}, Store: memory, Clock: clock, Cameras: cameras,
		Loopback: true, Ephemeral: c.State == "",
		Link: func(link pairing.Link, expires time.Time) {
			fmt.Fprintf(env.stdout, "\nSealcam shows %s, sealed beside the camera and opened only in your browser. Stop it with Ctrl-C.\n", count(len(cameras)))
			if outside == nil {
				printLink(env.stdout, link, expires)
				return
			}
			link.Server = outside.addresses()[0]
			printLink(env.stdout, link, expires)
			link.Server = address
			fmt.Fprintf(env.stdout, "  or, without a warning but on this computer only, %s\n\n", link)
		},
		Log: env.log.With("part", "agent"),
	})
	if err != nil {
		s.Close()
		if outside != nil {
			outside.listener.Close()
		}
		return err
	}
	if len(memory.Entries()) > 0 {
		fmt.Fprintf(env.stdout, "\nOpen %s in the browser that owns these cameras. Stop with Ctrl-C.\n\n", address)
	}
	if outside == nil {
		return runBoth(ctx, s, agent)
	}
	return runWith(ctx, outside, func(ctx context.Context) error { return runBoth(ctx, s, agent) })
}

// openFront makes the https page for other devices in this network.
func (c *demoCmd) openFront(inner *net.TCPAddr, log *slog.Logger) (*front, error) {
	certificate, err := selfsigned.Load(c.State, selfsigned.Hosts(), time.Now())
	if err != nil {
		return nil, fmt.Errorf("no certificate for https: %w", err)
	}
	port := 0
	if c.Port != 0 {
		port = c.Port + 1
	}
	return openFront(fmt.Sprintf(":%d", port), inner.String(), certificate, log.With("part", "https"))
}

func (c *demoCmd) openStore() (*store.Store, error) {
	if c.State == "" {
		return store.Memory()
	}
	return store.Open(c.State)
}

// cameras are those of the command line, or the two of the demo.
func (c *demoCmd) cameras(clock *source.Clock, log *slog.Logger) ([]camera.Camera, error) {
	if len(c.Cameras) == 0 {
		bay, err := file.FromBytes("the demo clip", demo.Main, demo.Sub, demo.Rate, clock)
		if err != nil {
			return nil, err
		}
		return []camera.Camera{{Name: "The bay", Source: bay}, {Name: "Test card", Source: testcard.New(clock), Sound: true}}, nil
	}
	conf := config.Config{}
	for i, address := range c.Cameras {
		conf.Cameras = append(conf.Cameras, config.Camera{Name: fmt.Sprintf("Camera %d", i+1), Main: address})
	}
	if err := conf.Check(); err != nil {
		return nil, err
	}
	return openCameras(conf.Cameras, clock, log)
}

func count(cameras int) string {
	if cameras == 1 {
		return "one camera"
	}
	return fmt.Sprintf("%d cameras", cameras)
}
