package main

import (
	"context"
	"net/netip"

	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/static"
)

type serverCmd struct {
	Listen   string         `help:"Address to listen on." default:":8477" env:"SEALCAM_LISTEN"`
	Host     []string       `help:"Name under which browsers reach this server; may be given again. Any name if none is given." env:"SEALCAM_HOST"`
	Cert     string         `help:"TLS certificate chain (PEM). Without it the server speaks plain HTTP, for use behind a proxy." env:"SEALCAM_CERT" type:"path"`
	Key      string         `help:"Private key of the certificate (PEM)." env:"SEALCAM_KEY" type:"path"`
	Proxy    []netip.Prefix `help:"Network of a proxy whose X-Forwarded-For is believed; may be given again." env:"SEALCAM_PROXY"`
	NATS     string         `help:"Address of a NATS server or cluster. Without it one runs in this process." env:"SEALCAM_NATS" name:"nats"`
	Frames   []string       `help:"Origin whose pages may embed the viewer in a frame, such as https://dashboard.example; may be given again. None if none is given." name:"frame-ancestors" placeholder:"ORIGIN,..." env:"SEALCAM_FRAME_ANCESTORS"`
	UDP      string         `help:"UDP address of STUN and TURN; empty means neither." default:":3478" env:"SEALCAM_UDP" name:"udp"`
	PublicIP netip.Addr     `help:"Public IP address of this machine; without it there is STUN but no TURN." env:"SEALCAM_PUBLIC_IP" name:"public-ip"`
}

// Run serves until a signal.
func (c *serverCmd) Run(ctx context.Context, env environment) error {
	s, err := server.New(server.Config{
		Listen: c.Listen, Hosts: c.Host, FrameAncestors: c.Frames, TLSCert: c.Cert, TLSKey: c.Key, TrustedProxies: c.Proxy,
		Client: static.Client(), NATSURL: c.NATS, UDP: c.UDP, PublicIP: c.PublicIP, Log: env.log,
	})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
