//go:build !js

package rtp

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/transport"
)

// browserBuffer does what libwebrtc's packet buffer does with numbers, at its full size.
type browserBuffer struct {
	packets [bufferSize]struct {
		there, first, last bool
		seq                uint16
		frame              *outFrame
	}
	cleared int                // times that it was full
	whole   map[*outFrame]bool // frames that came out
}

func (b *browserBuffer) insert(p packet) {
	at := &b.packets[p.seq%bufferSize]
	if at.there && at.seq == p.seq {
		return
	}
	if at.there {
		clear(b.packets[:])
		b.cleared++
		return
	}
	at.there, at.first, at.last, at.seq, at.frame = true, p.first(), p.marker, p.seq, p.frame
	first, last := p.seq, p.seq
	for b.packets[first%bufferSize].there && !b.packets[first%bufferSize].first {
		first--
	}
	for b.packets[last%bufferSize].there && !b.packets[last%bufferSize].last {
		last++
	}
	if b.packets[first%bufferSize].there && b.packets[last%bufferSize].there {
		for seq := first; seq != last+1; seq++ {
			b.packets[seq%bufferSize].there = false
		}
		b.whole[p.frame] = true
	}
}

// crossing is a slot's way to a browser, which reports on the packets at once.
type crossing struct {
	slot   *slot
	path   *path
	buffer browserBuffer
	now    time.Duration
	random *rand.Rand
}

func newCrossing(firstSeq uint16) *crossing {
	path := newPath()
	return &crossing{
		slot: newSlot(&SenderStats{}, path, firstSeq), path: path,
		buffer: browserBuffer{whole: map[*outFrame]bool{}}, random: rand.New(rand.NewPCG(1, uint64(firstSeq))),
	}
}

// send sends a frame, of which packets get lost so often, and returns whether it came out. ack says that the viewer acknowledges what is there.
func (c *crossing) send(stream seal.Stream, key bool, size int, loss float64, ack bool) bool {
	c.slot.push(transport.Frame{Camera: 1, Stream: stream, Key: key, Sealed: make([]byte, size)})
	var last *outFrame
	for _, p := range drain(c.slot, c.now) {
		came := c.random.Float64() >= loss
		if came {
			c.buffer.insert(p)
		}
		c.path.report(c.now, []packetReport{{seq: p.wide, came: came, arrival: c.now}})
		if p.frame.number != 0 {
			last = p.frame
		}
	}
	if ack {
		c.slot.ack(last.number, c.now)
	}
	c.now += 33 * time.Millisecond
	return c.buffer.whole[last]
}

// A browser keeps what it got of a frame that was given up, and empties its whole buffer 2048 numbers later. That happens between two frames.
func TestGivenUpFramesCostNoOther(t *testing.T) {
	for _, first := range []uint16{0, 1000, 65000} {
		for _, acked := range []bool{true, false} {
			c := newCrossing(first)
			for i := range 60 {
				c.send(seal.Main, i == 0, 12_000, 0, true)
			}
			lost := 0
			for range 10 {
				if !c.send(seal.Main, false, 12_000, 0.4, false) {
					lost++
				}
			}
			c.slot.flush(1, func(stream uint8) bool { return stream == uint8(seal.Main) })
			if lost == 0 {
				t.Fatal("no frame was lost")
			}
			for i := range 2000 {
				if key := i%30 == 0; !c.send(seal.Sub, key, 3000, 0, acked) {
					t.Errorf("first number %d, acknowledged %v: frame %d after the losses did not come out", first, acked, i)
				}
			}
			if c.buffer.cleared != 1 {
				t.Errorf("first number %d, acknowledged %v: the buffer was emptied %d times", first, acked, c.buffer.cleared)
			}
		}
	}
}

// Where nothing is given up no number is left out.
func TestNoNumberIsLeftOut(t *testing.T) {
	c := newCrossing(7)
	for i := range 3000 {
		c.send(seal.Main, i%60 == 0, 12_000, 0, true)
	}
	if sent := c.slot.seq - 7; uint64(sent) != c.path.next%(1<<16) || c.buffer.cleared != 0 {
		t.Errorf("%d numbers for %d packets, emptied %d times", sent, c.path.next, c.buffer.cleared)
	}
}
