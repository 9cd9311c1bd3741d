package viewer

import "time"

// pairEvery is how often a peer connection is asked what way it takes: ICE may find a better one.
const pairEvery = 10 * time.Second

// CandidateKind is how an end of a direct path is reached (RFC 8445 §5.1.1.1). It says nothing of the address.
type CandidateKind uint8

// The kinds of candidates.
const (
	CandidateUnknown         CandidateKind = iota
	CandidateHost                          // by an address of its own
	CandidateServerReflexive               // by its router's address, which a STUN server saw
	CandidatePeerReflexive                 // by its router's address, which the other end saw
	CandidateRelayed                       // by a TURN server
)

func (k CandidateKind) String() string {
	switch k {
	case CandidateHost:
		return "host"
	case CandidateServerReflexive:
		return "server-reflexive"
	case CandidatePeerReflexive:
		return "peer-reflexive"
	case CandidateRelayed:
		return "relayed"
	}
	return "unknown"
}

// CandidatePair is what way the direct path takes. The zero value: not known.
type CandidatePair struct{ Local, Remote CandidateKind }

// candidateKind reads a kind as WebRTC names it (RTCIceCandidateType, W3C WebRTC 1.0 §4.8.1.3).
func candidateKind(name string) CandidateKind {
	switch name {
	case "host":
		return CandidateHost
	case "srflx":
		return CandidateServerReflexive
	case "prflx":
		return CandidatePeerReflexive
	case "relay":
		return CandidateRelayed
	}
	return CandidateUnknown
}

// lookAtPair asks the connection what way it takes, after it was connected and now and then.
func (s *agentSession) lookAtPair(peer Peer) {
	v := s.h.v
	v.mu.Lock()
	now, p := v.now(), &s.peer
	due := peer != nil && p.state == PeerConnected && (p.looked.Before(p.since) || now.Sub(p.looked) >= pairEvery)
	if due {
		p.looked = now
	}
	v.mu.Unlock()
	if !due {
		return
	}
	local, remote := peer.Candidates()
	v.mu.Lock()
	defer v.mu.Unlock()
	s.peer.pair = CandidatePair{candidateKind(local), candidateKind(remote)}
}
