package rtp

import (
	"errors"
	"log/slog"

	"github.com/pion/webrtc/v3"
)

// AckLabel names the data channel on which acknowledgements come back.
const AckLabel = "ack"

// ErrUnsupported is returned by NewReceiver in a browser that does not hand over encoded frames. The relay works there.
var ErrUnsupported = errors.New("this browser cannot receive sealed pictures directly; they come through the server instead")

// ReceiverConfig is what a Receiver needs. The native Receiver and the one for browsers share it.
type ReceiverConfig struct {
	ICEServers []webrtc.ICEServer
	WorkerURL  string       // browsers only: address of static/worker.js
	Loopback   bool         // native only: gather 127.0.0.1 as well
	Log        *slog.Logger // nil: none

	// OnCandidate takes each local candidate as RTCIceCandidateInit in JSON, and "" when there are no more. OnState takes each
	// change of state. Both are called from one goroutine at a time, must return soon, and must not call Close.
	OnCandidate func(candidate string)
	OnState     func(State)
	// OnFrame takes each frame that is complete, in the order in which they became so, which is not always the order in which
	// they were sent. It is called from one goroutine, owns sealed, and must not call Close. While it blocks, frames wait in a
	// bounded queue and are then dropped.
	OnFrame func(camera uint8, sealed []byte)
}

// ReceiverStats counts what a Receiver did since it was made.
type ReceiverStats struct {
	Frames  uint64 // complete
	Bytes   uint64 // sealed, of Frames
	Shards  uint64 // packets of frames that came in such
	Bad     uint64 // no frame of this transport, or cut short by a flush
	Dropped uint64 // complete, but OnFrame was too slow
	Acks    uint64 // messages sent
}
