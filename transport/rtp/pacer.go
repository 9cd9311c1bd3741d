//go:build !js

package rtp

import (
	"time"
)

const (
	burst    = 5 * time.Millisecond // of packets go out at a time: fewer timers, and no queue worth mentioning
	maxBatch = 64                   // packets between two looks at the queues

	probeEvery   = 60 * time.Millisecond // a packet, for as long as nothing comes from the viewer
	probePackets = trainPackets + 4      // of a probe
)

// outPacket is a packet and the slot that it belongs to.
type outPacket struct {
	packet
	slot int
}

// run is the pacer: the only goroutine that writes RTP. It sleeps until there is work, and between bursts.
func (s *Sender) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	batch := make([]outPacket, 0, maxBatch)
	payload := make([]byte, 1+fragmentSize)
	for {
		var wait time.Duration
		batch, wait = s.collect(batch[:0])
		sent, failed := uint64(0), uint64(0)
		for i := range batch {
			p := &batch[i]
			payload[0] = descriptorNext
			if p.first() {
				payload[0] = descriptorFirst
			}
			body := payload[:1+p.length]
			p.copyTo(body[1:])
			if !s.tracks[p.slot].write(&p.packet, body) {
				failed++
			}
			sent += uint64(len(body))
		}
		if len(batch) > 0 {
			s.mu.Lock()
			s.stats.Packets += uint64(len(batch))
			s.stats.Bytes += sent
			s.stats.Failed += failed
			s.mu.Unlock()
			clear(batch) // no reference to frames while idle
		}
		var expired <-chan time.Time
		if wait >= 0 {
			timer.Reset(wait)
			expired = timer.C
		}
		select {
		case <-expired:
		case <-s.wake:
		case <-s.stop:
			return
		}
	}
}

// collect takes the packets that may go out now and says how long until the next ones may: negative when there are none.
func (s *Sender) collect(batch []outPacket) ([]outPacket, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := time.Duration(-1)
	if !s.connected {
		return batch, wait
	}
	now := s.now()
	s.probeSilence(now)
	s.due = max(s.due, now-burst)
	s.first++
	for i := range s.slots {
		n := (s.first + i) % len(s.slots)
		slot := s.slots[n]
		due := slot.echoDue(now)
		if !slot.pending() && due != 0 {
			wait = sooner(wait, due)
			continue
		}
		slot.due = max(slot.due, now-burst) // idle time is no credit
		if max(slot.due, s.due) <= now {
			pace := slot.pace(now)
			total := max(pace, totalPace)
			for max(slot.due, s.due) < now+burst && len(batch) < cap(batch) {
				p, ok := slot.next(now)
				if !ok {
					break
				}
				batch = append(batch, outPacket{p, n})
				bits := (int64(p.length) + packetExtra) * 8
				slot.due += time.Duration(bits * int64(time.Second) / pace)
				s.due += time.Duration(bits * int64(time.Second) / total)
			}
		}
		if slot.pending() {
			wait = sooner(wait, max(max(slot.due, s.due)-now, 0))
		}
		wait = sooner(wait, slot.echoDue(now))
	}
	return batch, sooner(wait, s.untilSilence(now))
}

// sooner returns the smaller of two waits, of which a negative one has no end.
func sooner(a, b time.Duration) time.Duration {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

// probeSilence queues a small packet now and then while nothing comes from the viewer: what answers it first is the sign that the path is
// back.
func (s *Sender) probeSilence(now time.Duration) {
	if s.path.silent(now, s.rtt(now)) && now-s.probed >= probeEvery {
		s.probed = now
		s.slots[0].ping = true
	}
}

// untilSilence returns when probeSilence is to be called again; negative if a sign came after what was sent last.
func (s *Sender) untilSilence(now time.Duration) time.Duration {
	switch rtt := s.rtt(now); {
	case s.path.waiting < 0:
		return -1
	case !s.path.silent(now, rtt):
		return s.path.waiting + silentAfter + rtt - now + time.Millisecond
	}
	return max(s.probed+probeEvery-now, 0)
}
