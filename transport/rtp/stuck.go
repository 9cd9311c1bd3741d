//go:build !js

package rtp

import "time"

// Browsers (libwebrtc's packet buffer) keep the packets of a frame that lacks some until the frame is decoded or a later one is, which never
// happens here: frames are taken out before the decoder. A packet that stays takes the place of the one 2048 numbers later, and when that comes
// the buffer throws away all that it holds, also what is just coming. So it is made to do so at a time of our choosing, by a packet
// that holds nothing.

// stuck is a packet that stays in the viewer's packet buffer, if there is any.
type stuck struct {
	known bool
	seq   uint16
}

// outlive looks at a packet that will not be sent again, in the order of their numbers.
func (s *slot) outlive(e *sentPacket) {
	f := e.frame
	if f == nil || f.sharded() {
		return // each shard looks like a whole frame
	}
	if s.path.came(e.wide) {
		f.held, f.holds = e.seq, true
	} else {
		f.lacks = true
	}
	if e.marker && f.lacks && f.holds {
		s.stuck = stuck{true, f.held}
	}
}

// unstick returns a packet that has the viewer's packet buffer emptied, if that is due before a frame begins. What is on its way is complete, or
// of no use to those who get a key frame.
func (s *slot) unstick(f *outFrame, now time.Duration) (packet, bool) {
	if !s.stuck.known || !f.key && len(s.unacked) > 0 {
		return packet{}, false
	}
	ahead := s.stuck.seq + bufferSize - s.seq
	s.stuck.known = false
	if ahead >= bufferSize { // it has happened
		return packet{}, false
	}
	s.seq += ahead
	s.stats.Emptied++
	p := s.pad(1, now)
	s.stuck.known = false // what record found is thrown away too
	return p, true
}
