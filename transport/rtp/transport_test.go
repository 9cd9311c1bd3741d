//go:build !js

package rtp

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/transport"
)

const frameTime = time.Second / 30

func TestFrames(t *testing.T) {
	for _, c := range []struct {
		name  string
		slots int
		delay time.Duration
		sizes []int // of successive frames
	}{
		{"one byte", 1, 0, []int{1}},
		{"one packet to the byte", 1, 0, []int{fragmentSize - wireOverhead, fragmentSize - wireOverhead + 1}},
		{"key and deltas", 1, 20 * time.Millisecond, []int{60_000, 12_000, 9_000, 0x100, 14_000, 80_000}},
		{"1 MiB", 1, 20 * time.Millisecond, []int{1 << 20, 500}},
		{"as large as may be", 2, 20 * time.Millisecond, []int{MaxSealed, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			overNetwork(t, c.slots, c.delay, func(_ *testing.T, _ *network, p *pair) {
				for n, size := range c.sizes {
					f := frameOf(3, n, size)
					p.sender.Send(f)
					p.expect(f)
				}
				if local, remote := p.receiver.Candidates(); local != "host" || remote != "host" {
					t.Errorf("the path runs from %q to %q", local, remote)
				}
			})
		})
	}
}

// A camera at 30 frames a second arrives in order, whole, and never looks congested.
func TestSteadyStream(t *testing.T) {
	overNetwork(t, 4, 40*time.Millisecond, func(t *testing.T, _ *network, p *pair) {
		tick := time.NewTicker(frameTime)
		defer tick.Stop()
		for n := range 300 {
			size := 12_000
			if n%30 == 0 {
				size = 60_000
			}
			f := frameOf(2, n, size)
			p.sender.Send(f)
			if p.sender.Path().Stalled {
				t.Fatalf("congested at frame %d", n)
			}
			p.expect(f)
			<-tick.C
		}
		if s := p.sender.Stats(); s.Frames != 300 || s.Resent+s.Dropped+s.WrittenOff+s.BadAcks+s.Failed != 0 {
			t.Errorf("%+v", s)
		}
		// An acknowledgement at once for each frame, and the repetitions after the last: 33 ms lie between frames.
		synctest.Wait()
		if acks := p.receiver.Stats().Acks; acks < 290 || acks > 310 {
			t.Errorf("%d acknowledgements for 300 frames", acks)
		}
	})
}

// Forty cameras share sixteen slots without a new offer; each slot keeps its order.
func TestSlots(t *testing.T) {
	overNetwork(t, MaxSlots, 10*time.Millisecond, func(t *testing.T, _ *network, p *pair) {
		const cameras, rounds = 40, 5
		for n := range rounds {
			for c := range uint8(cameras) {
				p.sender.Send(frameOf(c, n, 3000+int(c)))
			}
		}
		next := map[uint8]int{}
		for range cameras * rounds {
			got := p.next()
			n := next[got.camera]
			next[got.camera]++
			if want := frameOf(got.camera, n, 3000+int(got.camera)); string(want.Sealed) != string(got.sealed) {
				t.Fatalf("camera %d: frame %d differs", got.camera, n)
			}
		}
		if len(next) != cameras {
			t.Errorf("frames of %d cameras, want %d", len(next), cameras)
		}
	})
}

// Random loss in both directions is mended: every frame arrives.
func TestLoss(t *testing.T) {
	overNetwork(t, 1, 25*time.Millisecond, func(t *testing.T, n *network, p *pair) {
		random := rand.New(rand.NewPCG(1, 2))
		lost := 0
		n.lose(func(toViewer bool, b []byte) bool {
			if random.IntN(20) != 0 || !isRTP(b) && toViewer {
				return false
			}
			lost++
			return true
		})
		want := map[string]bool{}
		tick := time.NewTicker(frameTime)
		defer tick.Stop()
		const frames = 300
		for i := range frames {
			f := frameOf(0, i, 12_000)
			want[string(f.Sealed)] = true
			p.sender.Send(f)
			<-tick.C
		}
		for range frames {
			got := p.next()
			if !want[string(got.sealed)] {
				t.Fatal("a frame that was not sent, or twice")
			}
			delete(want, string(got.sealed))
		}
		if s := p.sender.Stats(); lost < 100 || s.Resent < 100 {
			t.Errorf("%d packets lost, but %+v", lost, s)
		}
	})
}

// Flush cuts the frame that is being sent, drops what waits and answers no NACK for it.
func TestFlush(t *testing.T) {
	overNetwork(t, 2, 25*time.Millisecond, func(t *testing.T, n *network, p *pair) {
		const camera, other = 4, 2 // of the same slot
		count := 0
		n.lose(func(toViewer bool, b []byte) bool {
			if !toViewer || !isRTP(b) {
				return false
			}
			count++
			return count == 2 // of the frame that will be flushed
		})
		p.sender.Send(frameOf(camera, 0, 500_000)) // 0.45 s at 9 Mbit/s
		p.sender.Send(frameOf(camera, 1, 20_000))
		kept := frameOf(other, 1, 2000)
		p.sender.Send(kept)
		<-time.After(10 * time.Millisecond)
		p.sender.Flush(camera)
		key := frameOf(camera, 30, 20_000)
		p.sender.Send(key)
		p.expect(kept)
		p.expect(key)
		<-time.After(2 * time.Second)
		s := p.sender.Stats()
		if s.Flushed != 2 || s.Resent != 0 || s.NACKed == 0 || s.Frames != 2 {
			t.Errorf("%+v", s)
		}
		if s.Packets > 100 {
			t.Errorf("%d packets were sent of a flushed frame and two small ones", s.Packets)
		}
		if len(p.frames) != 0 {
			t.Error("a flushed frame arrived")
		}
	})
}

// A frame that was cut short leaves nothing behind in the viewer's buffer and is not acknowledged.
func TestFlushEndsFrame(t *testing.T) {
	overNetwork(t, 1, 25*time.Millisecond, func(t *testing.T, _ *network, p *pair) {
		p.sender.Send(frameOf(0, 0, 500_000))
		<-time.After(10 * time.Millisecond)
		p.sender.Flush(0)
		<-time.After(time.Second)
		if r := p.receiver.Stats(); r.Bad != 1 || r.Frames != 0 || r.Acks != 0 {
			t.Errorf("%+v", r)
		}
		if p.sender.Path().Stalled {
			t.Error("congested by a flushed frame")
		}
	})
}

// Through a blackout of three seconds: congested after 600 ms beyond the path's delay, written off at 1.2 s, and sending works
// again at once when the path does.
func TestBlackout(t *testing.T) {
	const delay = 50 * time.Millisecond
	overNetwork(t, 1, delay, func(t *testing.T, n *network, p *pair) {
		tick := time.NewTicker(frameTime)
		defer tick.Stop()
		for i := range 30 {
			p.sender.Send(frameOf(0, i, 5000))
			p.next()
			<-tick.C
		}
		<-time.After(time.Second) // all is acknowledged
		n.lose(func(bool, []byte) bool { return true })
		start := time.Now()
		congested := time.Duration(0)
		for i := 30; time.Since(start) < time.Second; i++ {
			p.sender.Send(frameOf(0, i, 5000))
			<-tick.C
			if congested == 0 && p.sender.Path().Stalled {
				congested = time.Since(start)
			}
		}
		if low := congestedAfter + 2*delay; congested < low || congested > low+3*frameTime {
			t.Errorf("congested after %v, want about %v", congested, low)
		}
		<-time.After(writeOffAfter + 3*delay) // nothing is sent
		if p.sender.Path().Stalled {
			t.Error("still congested by frames that will never be acknowledged")
		}
		if s := p.sender.Stats(); s.WrittenOff < 25 {
			t.Errorf("%+v", s)
		}
		n.lose(func(bool, []byte) bool { return false })
		p.sender.Flush(0)
		key := frameOf(0, 90, 20_000)
		p.sender.Send(key)
		p.expect(key)
		<-time.After(time.Second)
		if p.sender.Path().Stalled {
			t.Error("congested after the blackout")
		}
	})
}

// Packets that were lost more than 1.5 s ago are not sent again.
func TestNoLateAnswers(t *testing.T) {
	overNetwork(t, 1, 10*time.Millisecond, func(t *testing.T, n *network, p *pair) {
		n.lose(func(toViewer bool, b []byte) bool { return toViewer && isRTP(b) })
		p.sender.Send(frameOf(0, 0, 50_000))
		<-time.After(resendWithin + 100*time.Millisecond)
		n.lose(func(bool, []byte) bool { return false })
		key := frameOf(0, 30, 50_000)
		p.sender.Send(frameOf(0, 29, 1000))
		p.sender.Send(key)
		for string(p.next().sealed) != string(key.Sealed) {
		}
		<-time.After(time.Second)
		if s := p.sender.Stats(); s.Resent != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// How long a GOP of 300 kB takes: at 9 Mbit/s over a long path, at once on a LAN.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		name     string
		delay    time.Duration
		stream   seal.Stream
		min, max time.Duration
	}{
		{"main", 50 * time.Millisecond, seal.Main, 270 * time.Millisecond, 350 * time.Millisecond},
		{"sub", 50 * time.Millisecond, seal.Sub, 270 * time.Millisecond, 350 * time.Millisecond},
		{"LAN", time.Millisecond, seal.Main, 25 * time.Millisecond, 60 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			overNetwork(t, 1, c.delay, func(t *testing.T, _ *network, p *pair) {
				start := time.Now()
				for n := range 30 {
					f := frameOf(0, n, 10_000)
					f.Stream = c.stream
					p.sender.Send(f)
				}
				for range 30 {
					p.next()
				}
				if d := time.Since(start) - c.delay; d < c.min || d > c.max {
					t.Errorf("took %v, want %v to %v", d, c.min, c.max)
				}
			})
		})
	}
}

// What does not fit into the queue is dropped with the rest of its GOP, and the next key frame goes on at once.
func TestQueueBound(t *testing.T) {
	overNetwork(t, 1, 50*time.Millisecond, func(t *testing.T, _ *network, p *pair) {
		for n := range maxQueueFrames + 200 {
			p.sender.Send(transport.Frame{Key: n == 0, Sealed: content(uint64(n), 2000)})
		}
		if s := p.sender.Stats(); s.Dropped < 150 || s.Dropped > 200 {
			t.Errorf("%+v", s)
		}
		key := transport.Frame{Key: true, Sealed: content(9999, 2000)}
		p.sender.Send(key)
		start := time.Now()
		for string(p.next().sealed) != string(key.Sealed) {
		}
		if d := time.Since(start); d > 200*time.Millisecond {
			t.Errorf("the key frame took %v", d)
		}
	})
}

func TestTooLarge(t *testing.T) {
	overNetwork(t, 1, 0, func(t *testing.T, _ *network, p *pair) {
		for _, size := range []int{0, MaxSealed + 1} {
			p.sender.Send(transport.Frame{Key: true, Sealed: make([]byte, size)})
			p.sender.Send(transport.Frame{Sealed: []byte("delta of a key frame that was not sent")})
		}
		p.sender.Send(transport.Frame{Stream: maxStreams, Key: true, Sealed: []byte("no such stream")})
		key := transport.Frame{Key: true, Sealed: []byte("key")}
		p.sender.Send(key)
		p.expect(key)
		if s := p.sender.Stats(); s.Dropped != 5 {
			t.Errorf("%+v", s)
		}
	})
}

// A viewer that acknowledges nonsense changes nothing.
func TestBadAcks(t *testing.T) {
	overNetwork(t, 2, 10*time.Millisecond, func(t *testing.T, n *network, p *pair) {
		n.lose(func(toViewer bool, b []byte) bool { return !toViewer }) // the real ones
		p.sender.Send(frameOf(0, 0, 100))
		p.next()
		bad := [][]byte{
			nil,
			{},
			{0},
			{0, 0, 0, 0},
			make([]byte, 6), make([]byte, 15),
			{2, 0, 0, 0, 1},
			{255, 0, 0, 0, 1},
			{0, 0, 0, 0, 2},
			{0, 0xff, 0xff, 0xff, 0xff},
			{1, 0, 0, 0, 1},
			{0, 0, 0, 0, 1, 0, 0, 0, 0, 1},
		}
		for _, b := range bad {
			p.sender.acknowledge(webrtc.DataChannelMessage{Data: b})
		}
		p.sender.acknowledge(webrtc.DataChannelMessage{Data: []byte("text!"), IsString: true})
		if s := p.sender.Stats(); s.BadAcks != uint64(len(bad)+1) {
			t.Errorf("%d of %d counted", s.BadAcks, len(bad)+1)
		}
		<-time.After(congestedAfter + 100*time.Millisecond)
		if !p.sender.Path().Stalled {
			t.Error("a bad acknowledgement was taken for one")
		}
		p.sender.acknowledge(webrtc.DataChannelMessage{Data: appendAck(nil, 0, 1)})
		if p.sender.Path().Stalled {
			t.Error("the good one was not")
		}
	})
}

// Garbage in the place of fragments reaches nobody and harms nothing.
func TestHostileSender(t *testing.T) {
	overNetwork(t, 1, 0, func(t *testing.T, _ *network, p *pair) {
		track := p.sender.tracks[0]
		random := rand.New(rand.NewPCG(3, 4))
		for i := range 3000 {
			b := make([]byte, 2+random.IntN(1000))
			for j := range b {
				b[j] = byte(random.Uint32())
			}
			if i%2 == 0 {
				b[0] = descriptorFirst * byte(random.IntN(2))
			}
			track.write(&packet{frame: &outFrame{}, seq: uint16(20_000 + i), marker: random.IntN(3) == 0}, b)
			if i%100 == 0 {
				<-time.After(time.Millisecond)
			}
		}
		<-time.After(time.Second)
		r := p.receiver.Stats()
		if r.Frames != 0 || r.Bad < 1000 || len(p.frames) != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// After an ICE restart the frames go on.
func TestRestart(t *testing.T) {
	overNetwork(t, 1, 10*time.Millisecond, func(t *testing.T, _ *network, p *pair) {
		before := frameOf(0, 0, 3000)
		p.sender.Send(before)
		p.expect(before)
		offer, err := p.sender.Restart(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		answer, err := p.receiver.Accept(offer)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.sender.Answer(answer); err != nil {
			t.Fatal(err)
		}
		<-time.After(3 * time.Second)
		after := frameOf(0, 1, 3000)
		p.sender.Send(after)
		p.expect(after)
	})
}

// While nothing is sent, the sender sends nothing but RTCP reports and ICE keepalives, and no frame stays in memory.
func TestIdle(t *testing.T) {
	overNetwork(t, 1, 10*time.Millisecond, func(t *testing.T, n *network, p *pair) {
		<-time.After(time.Second) // the data channel opens after the media
		p.sender.Send(frameOf(0, 0, 3000))
		p.next()
		<-time.After(time.Second)
		acks := p.receiver.Stats().Acks
		media := 0
		n.lose(func(toViewer bool, b []byte) bool {
			if isRTP(b) {
				media++
			}
			return false
		})
		<-time.After(10 * time.Second)
		if a := p.receiver.Stats().Acks; a != acks || acks != ackTimes {
			t.Errorf("%d acknowledgements, then %d: want %d for one frame", acks, a, ackTimes)
		}
		if media != 0 {
			t.Errorf("%d packets of media", media)
		}
	})
}

// The wire: descriptor, look-alike and header of a key and a delta frame, byte for byte.
func TestWireFormat(t *testing.T) {
	var fragments [][]byte
	s := newSlot(&SenderStats{}, newPath(), 7)
	s.push(transport.Frame{Camera: 5, Key: true, Captured: 1_000_000, Sealed: content(1, fragmentSize)})
	s.push(transport.Frame{Camera: 5, Captured: 1_100_000, Sealed: []byte("sealed")})
	for {
		p, ok := s.next(0)
		if !ok {
			break
		}
		b := make([]byte, p.length)
		p.frame.copyAt(b, int(p.offset))
		fragments = append(fragments, b)
		if want := uint16(7 + len(fragments) - 1); p.seq != want {
			t.Errorf("sequence number %d, want %d", p.seq, want)
		}
		if want := uint32(90_000 + 9_000*(len(fragments)/3)); p.frame.timestamp != want {
			t.Errorf("timestamp %d, want %d", p.frame.timestamp, want)
		}
		if want := len(fragments) > 1; p.marker != want {
			t.Errorf("packet %d: marker %v", len(fragments), p.marker)
		}
	}
	key := []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x07, 0x38, 0x04, 5, 0, 0, 0, 1}
	key = binary.BigEndian.AppendUint32(key, fragmentSize)
	key = append(key, content(1, fragmentSize)...)
	delta := append([]byte{0x11, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x07, 0x38, 0x04, 5, 0, 0, 0, 2, 0, 0, 0, 6}, "sealed"...)
	if len(fragments) != 3 {
		t.Fatalf("%d packets", len(fragments))
	}
	if string(fragments[0])+string(fragments[1]) != string(key) || len(fragments[0]) != fragmentSize {
		t.Errorf("key frame % x…", fragments[0][:24])
	}
	if string(fragments[2]) != string(delta) {
		t.Errorf("delta frame % x", fragments[2])
	}
}
