package camera

import (
	"context"
	"errors"
	"log/slog"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport"
)

// errNoDirect says that this agent sends everything by the relay, because its platform cannot do otherwise.
var errNoDirect = errors.New("camera: there is no direct path from here")

// directPath is the agent's end of a peer connection with one viewer, as transport/rtp describes it.
type directPath interface {
	Offer(context.Context) (string, error)
	Restart(context.Context) (string, error)
	Answer(sdp string) error
	AddCandidate(candidate string) error
	Send(transport.Frame)
	Delivered(camera uint8) bool
	Flush(camera uint8)
	FlushStream(camera uint8, stream seal.Stream)
	Path() transport.Path
	Probe()
	Close() error
}

// directConfig is what a directPath needs.
type directConfig struct {
	ice       []string // addresses of STUN and TURN servers
	turn      signal.TURN
	cameras   int
	sound     bool // some camera's is handed on
	loopback  bool
	log       *slog.Logger
	candidate func(string)
}
