//go:build !js

package camera

import (
	"strings"

	"github.com/pion/webrtc/v3"

	"github.com/sealcam/sealcam/transport/rtp"
)

func newDirectPath(c directConfig) (directPath, error) {
	slots := rtp.MaxSlots
	if c.sound {
		slots--
	}
	s, err := rtp.NewSender(rtp.SenderConfig{
		ICEServers: iceServers(c), Slots: min(c.cameras, slots), Sound: c.sound, Loopback: c.loopback, Log: c.log, OnCandidate: c.candidate,
	})
	if err != nil {
		return nil, err // not a nil *rtp.Sender in an interface
	}
	return &loggedPath{s, c}, nil
}

// loggedPath says at its end what went over it.
type loggedPath struct {
	*rtp.Sender
	c directConfig
}

func (p *loggedPath) Close() error {
	p.c.log.Debug("direct path closed", "stats", p.Stats())
	return p.Sender.Close()
}

// iceServers puts the credentials of this session into the server's list.
func iceServers(c directConfig) []webrtc.ICEServer {
	var servers []webrtc.ICEServer
	for _, u := range c.ice {
		s := webrtc.ICEServer{URLs: []string{u}}
		if strings.HasPrefix(u, "turn:") || strings.HasPrefix(u, "turns:") {
			s.Username, s.Credential = c.turn.Username, c.turn.Password
		}
		servers = append(servers, s)
	}
	return servers
}
