package rtp

import (
	"fmt"

	"github.com/pion/webrtc/v3"
)

// State is the condition of a peer connection (W3C WebRTC 1.0 §4.3.3).
type State uint8

// The conditions of a peer connection.
const (
	StateNew          State = iota // nothing negotiated yet
	StateConnecting                // ICE or DTLS under way
	StateConnected                 // frames can flow
	StateDisconnected              // no answer from the peer just now; may recover by itself
	StateFailed                    // needs Restart or a new connection
	StateClosed                    // Close was called, or the peer ended DTLS
)

// String returns the state in lower case.
func (s State) String() string {
	switch s {
	case StateNew:
		return "new"
	case StateConnecting:
		return "connecting"
	case StateConnected:
		return "connected"
	case StateDisconnected:
		return "disconnected"
	case StateFailed:
		return "failed"
	case StateClosed:
		return "closed"
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

func stateOf(s webrtc.PeerConnectionState) State {
	switch s {
	case webrtc.PeerConnectionStateConnecting:
		return StateConnecting
	case webrtc.PeerConnectionStateConnected:
		return StateConnected
	case webrtc.PeerConnectionStateDisconnected:
		return StateDisconnected
	case webrtc.PeerConnectionStateFailed:
		return StateFailed
	case webrtc.PeerConnectionStateClosed:
		return StateClosed
	}
	return StateNew
}
