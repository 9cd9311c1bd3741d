package seal

import (
	"slices"
	"time"
)

// Limits of what is kept for epochs that are not known yet (DESIGN: 1 s and 2 MiB). The count bounds what many small frames cost.
const (
	MaxPendingAge    = time.Second
	MaxPendingBytes  = 2 << 20
	MaxPendingFrames = 1024
)

// Pending keeps sealed frames that came before the key of their epoch did. Nothing has authenticated them: they are kept, not
// opened. The zero value is ready. It is not safe for concurrent use.
type Pending struct {
	frames  []pendingFrame // in the order of arrival
	bytes   int
	dropped uint64
}

type pendingFrame struct {
	arrived time.Time
	epoch   uint64
	stream  Stream
	sealed  []byte
}

// Hold keeps a frame that came in at now; the caller must not change sealed any more. When full it refuses the newest, because a GOP
// is worth nothing without its start. It reports whether the frame was kept.
func (p *Pending) Hold(now time.Time, sealed []byte) bool {
	p.expire(now)
	epoch, stream, ok := Peek(sealed)
	if !ok || len(p.frames) >= MaxPendingFrames || p.bytes+len(sealed) > MaxPendingBytes {
		p.dropped++
		return false
	}
	p.frames = append(p.frames, pendingFrame{now, epoch, stream, sealed})
	p.bytes += len(sealed)
	return true
}

// Release hands the frames whose epoch known now confirms to fn, in the order of arrival, and keeps the others. known is usually
// [Opener.Knows].
func (p *Pending) Release(now time.Time, known func(epoch uint64) bool, fn func(stream Stream, sealed []byte)) {
	p.expire(now)
	var ready []pendingFrame
	p.frames = slices.DeleteFunc(p.frames, func(f pendingFrame) bool {
		if !known(f.epoch) {
			return false
		}
		ready = append(ready, f)
		p.bytes -= len(f.sealed)
		return true
	})
	for _, f := range ready {
		fn(f.stream, f.sealed)
	}
}

// Len returns how many frames are kept.
func (p *Pending) Len() int { return len(p.frames) }

// Bytes returns how many bytes are kept.
func (p *Pending) Bytes() int { return p.bytes }

// Dropped returns how many frames were refused or grew too old.
func (p *Pending) Dropped() uint64 { return p.dropped }

func (p *Pending) expire(now time.Time) {
	p.frames = slices.DeleteFunc(p.frames, func(f pendingFrame) bool {
		if now.Sub(f.arrived) <= MaxPendingAge {
			return false
		}
		p.bytes -= len(f.sealed)
		p.dropped++
		return true
	})
}
