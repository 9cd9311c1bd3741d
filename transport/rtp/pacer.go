//go:build !js

package rtp

import (
	"time"

	"github.com/pion/rtp"
)

const (
	burst    = 5 * time.Millisecond // of packets go out at a time: fewer timers, and no queue worth mentioning
	maxBatch = 64                   // packets between two looks at the queues
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
	var header rtp.Header
	for {
		var wait time.Duration
		batch, wait = s.collect(batch[:0])
		sent, failed := uint64(0), uint64(0)
		for i := range batch {
			p := &batch[i]
			payload[0] = descriptorNext
			if p.offset == 0 {
				payload[0] = descriptorFirst
			}
			body := payload[:1+p.length]
			p.frame.copyAt(body[1:], int(p.offset))
			header = rtp.Header{Version: 2, Marker: p.marker, SequenceNumber: p.seq, Timestamp: p.frame.timestamp}
			if !s.tracks[p.slot].write(&header, body) {
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
	s.due = max(s.due, now-burst)
	s.first++
	for i := range s.slots {
		n := (s.first + i) % len(s.slots)
		slot := s.slots[n]
		if !slot.pending() {
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
			if w := max(max(slot.due, s.due)-now, 0); wait < 0 || w < wait {
				wait = w
			}
		}
	}
	return batch, wait
}
