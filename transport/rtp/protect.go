//go:build !js

package rtp

import (
	"math"
	"time"

	"github.com/sealcam/sealcam/transport/erasure"
)

const (
	// A path that loses less, or whose round trip is shorter, is mended by asking again.
	protectLoss = 0.003
	protectRTT  = 20 * time.Millisecond

	protectQueue = 40 * time.Millisecond // a path with such a queue loses packets because it is full: more of them would not help
	// A path that seems limited must have room for the stream's rate times protectRoom, or hardly a queue: where packets come unevenly it
	// seems limited and is not.
	protectRoom   = 1.5
	protectNarrow = 8 * time.Millisecond

	// Share of blocks that may need more than their parity: the others are late by a round trip, which is seen as a freeze if it is long.
	unmended     = 0.005
	unmendedFar  = 0.001
	unmendedFrom = 120 * time.Millisecond // round trip
)

// protect decides whether a frame is sent in shards, and with how much parity. That counts as what is sent again: together it is never more
// than what was sent the first time.
func (s *slot) protect(f *outFrame, now time.Duration) {
	rtt := s.base(now)
	if len(f.sealed) > maxSharded || rtt < protectRTT || s.path.standing > protectQueue {
		return
	}
	rate := s.camera(f.camera).streams[f.stream].meter.rate
	if capacity, limited := s.path.capacity(now); limited && float64(capacity) < protectRoom*float64(rate) && s.path.standing > protectNarrow {
		return
	}
	c := cutOf(len(f.sealed))
	share, inARow := s.path.losses()
	allowed := unmended
	if rtt >= unmendedFrom {
		allowed = unmendedFar
	}
	rows := parityRows(c.rows(0), c.blocks, share, inARow, allowed)
	if rows > 0 && s.repair(rows*c.blocks*c.size) {
		f.cut, f.parity = c, c.parityOf(f.sealed, rows)
		s.stats.Parity += uint64(len(f.parity))
	}
}

// parityRows returns how much parity a block of so many shards needs if a share of the packets is lost, so many in a row on average, and
// a share of the blocks may need more.
func parityRows(shards, blocks int, share, inARow, unmended float64) int {
	if share < protectLoss {
		return 0
	}
	inARow = max(inARow, 1)
	each := int(math.Ceil(math.Round(inARow*10) / 10 / float64(blocks))) // shards of a block that go together
	for times := 1; ; times++ {
		rows := times * each
		if rows >= erasure.MaxParity {
			return erasure.MaxParity
		}
		if moreThan(times, shards+rows, share/inARow) < unmended {
			return rows
		}
	}
}

// moreThan is the chance that of n independent events of a probability more than k happen.
func moreThan(k, n int, probability float64) float64 {
	left, term := 1.0, math.Pow(1-probability, float64(n))
	for i := 0; i <= k; i++ {
		left -= term
		term *= float64(n-i) / float64(i+1) * probability / (1 - probability)
	}
	return left
}

// sharded says that the frame goes in shards.
func (f *outFrame) sharded() bool { return f.parity != nil }

// packet returns the next packet of the frame.
func (f *outFrame) packet() packet {
	if !f.sharded() {
		length := min(fragmentSize, f.size()-f.next)
		p := packet{frame: f, offset: int32(f.next), length: int32(length), marker: f.next+length == f.size()}
		f.next += length
		return p
	}
	p := packet{frame: f, offset: int32(f.next), length: int32(shardOverhead + f.cut.sizeOf(f.next)), marker: true}
	f.next++
	return p
}

// sent says that the frame's last packet was returned.
func (f *outFrame) sent() bool {
	if f.sharded() {
		return f.next == f.cut.shards+len(f.parity)
	}
	return f.next == f.size()
}

// isParity says that the packet holds parity.
func (p *packet) isParity() bool { return p.frame.sharded() && int(p.offset) >= p.frame.cut.shards }

// first says that the packet begins what looks like a frame.
func (p *packet) first() bool { return p.frame.sharded() || p.offset == 0 }

// copyTo writes the packet's bytes behind the descriptor; dst is as long as they are.
func (p *packet) copyTo(dst []byte) {
	f := p.frame
	if !f.sharded() {
		f.copyAt(dst, int(p.offset))
		return
	}
	index := int(p.offset)
	body := dst[len(appendShardHeader(dst[:0], f.camera, f.number, uint32(len(f.sealed)), uint16(index))):]
	if p.isParity() {
		copy(body, f.parity[index-f.cut.shards])
		return
	}
	from, to := f.cut.bounds(index)
	copy(body, f.sealed[from:to])
}
