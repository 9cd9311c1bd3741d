package viewer

// PeerState is the condition of a peer connection (W3C WebRTC 1.0 §4.3.3).
type PeerState uint8

// The conditions of a peer connection.
const (
	PeerConnecting   PeerState = iota
	PeerConnected              // frames can flow
	PeerDisconnected           // no answer just now; may recover by itself
	PeerFailed                 // over
	PeerClosed                 // over
)

// PeerEvents is what a peer connection tells. Its functions may be called from any goroutine and return at once.
type PeerEvents struct {
	Candidate func(candidate string) // RTCIceCandidateInit in JSON; "" after the last
	State     func(PeerState)
	Frame     func(camera uint8, sealed []byte) // sealed belongs to the viewer from then on
}

// ICEServer is a STUN or TURN server (W3C WebRTC 1.0 §4.2.4).
type ICEServer struct {
	URLs       []string
	Username   string
	Credential string
}

// Peer is a peer connection that waits for an agent's offer; rtp.Receiver is one.
type Peer interface {
	// Accept takes an offer, also a later one of the same connection, and returns the answer. Close ends it.
	Accept(offerSDP string) (answerSDP string, err error)
	// AddCandidate takes one of the agent's candidates; an error concerns that one alone.
	AddCandidate(candidate string) error
	// Candidates returns the kinds of the two candidates that are in use, as WebRTC names them: "host", "srflx", "prflx", "relay". They are
	// empty if there is none or it is not known. It may wait for the browser.
	Candidates() (local, remote string)
	// Close ends the connection and waits for its goroutines. It may be called more than once and while Accept runs.
	Close() error
}

// PeerFactory makes a peer connection. An error means that there are none on this device: the relay is used.
type PeerFactory func(events PeerEvents, ice []ICEServer) (Peer, error)
