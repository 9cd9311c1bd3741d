//go:build !js

package rtp

import "github.com/sealcam/sealcam/e2ee/seal"

// maxSoundQueue is how many frames of sound may wait: what waits for longer is past.
const maxSoundQueue = 32

// slotOf returns the slot of a camera's stream. Sound has one of its own, where there is one. Callers hold mu.
func (s *Sender) slotOf(camera uint8, stream seal.Stream) *slot {
	if stream == seal.Sound && s.pictures < len(s.slots) {
		return s.slots[s.pictures]
	}
	return s.slots[int(camera)%s.pictures]
}

// admitSound makes room for a frame of sound, and tells whether it is worth sending: not into a path from which nothing comes back. Callers
// hold mu.
func (s *Sender) admitSound(slot *slot) bool {
	if now := s.now(); s.connected && s.path.silent(now, s.rtt(now)) {
		s.stats.Dropped++
		return false
	}
	waiting := 0
	for _, f := range slot.queue {
		if f.stream == uint8(seal.Sound) && f.next == 0 {
			waiting++
		}
	}
	if waiting >= maxSoundQueue {
		s.stats.Dropped += uint64(slot.discard(func(f *outFrame) bool {
			oldest := f.stream == uint8(seal.Sound) && f.next == 0 && waiting >= maxSoundQueue
			if oldest {
				waiting--
			}
			return oldest
		}))
	}
	return true
}
