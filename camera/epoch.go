package camera

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport"
	"github.com/sealcam/sealcam/transport/relay"
)

// Bounds of the GOP that is kept for those who join. A camera with longer ones still plays; who joins it then waits for its next
// key frame.
const (
	maxGOPBytes  = 16 << 20
	maxGOPFrames = 1500
)

// sealedRoom is what a sealed frame may take beyond its access unit: then Seal need not allocate.
const sealedRoom = seal.MaxSealed - codec.MaxAccessUnit

// gop is the current group of pictures of a layer, in the clear, in memory only.
type gop struct {
	number uint32 // 0 before the first key frame
	units  []codec.AccessUnit
	base   int // index of units[0]; above 0 when the GOP grew too long and its start was let go
	bytes  int
	keyAt  time.Time // when the last key frame came
	rate   rates
}

// add appends a unit; false if it cannot be decoded because no key frame came before it.
func (g *gop) add(now time.Time, au codec.AccessUnit) bool {
	g.rate.add(au)
	if au.Key {
		g.keyAt = now
		clear(g.units)
		g.number++
		g.units, g.base, g.bytes = g.units[:0], 0, 0
	}
	if g.number == 0 {
		return false
	}
	if g.bytes+len(au.Data) > maxGOPBytes || len(g.units) == maxGOPFrames {
		g.base += len(g.units)
		clear(g.units)
		g.units, g.bytes = g.units[:0], 0
	}
	g.units = append(g.units, au)
	g.bytes += len(au.Data)
	return true
}

// drop forgets what there is. What was sealed of it is not sent any more either.
func (g *gop) drop() {
	clear(g.units)
	g.units, g.base, g.bytes = g.units[:0], 0, 0
	if g.number > 0 {
		g.number++
	}
}

// start is where somebody who joins begins: the key frame, or the next one if this GOP's is gone.
func (g *gop) start() position {
	if g.base > 0 {
		return g.next()
	}
	return position{g.number, 0}
}

// next is where the next key frame will stand.
func (g *gop) next() position { return position{g.number + 1, 0} }

// epoch is one key of a camera and what was sealed under it.
type epoch struct {
	key     seal.Epoch
	topic   [16]byte
	began   time.Time
	streams map[seal.Stream]*sealedStream
	holders map[identity.DevicePublic]struct{} // who was given the key
}

func (e *epoch) message(camera uint8) *control.Epoch {
	return &control.Epoch{Camera: camera, Number: e.key.Number, ID: e.key.ID, Key: e.key.Key, Topic: e.topic}
}

func (e *epoch) relayTopic(s seal.Stream) signal.Topic { return relay.Topic(e.topic, s) }

// exhausted tells that a stream comes near the last frame number of its epoch, with room for a GOP to be sealed again.
func (e *epoch) exhausted() bool {
	for _, s := range e.streams {
		if s.sealer.NextCTR() > seal.MaxFrames-2*maxGOPFrames {
			return true
		}
	}
	return false
}

// sealedStream is the current GOP of one stream as it was sealed in one epoch: sealed once, sent to everybody.
type sealedStream struct {
	sealer    *seal.Sealer
	frames    []transport.Frame
	first     position               // of frames[0]
	published map[publisher]position // of the next frame for each relay
}

// sealUp seals those units of the current GOP that were not sealed in this epoch yet.
func (e *epoch) sealUp(h *hub, stream seal.Stream, g *gop) (*sealedStream, error) {
	s := e.streams[stream]
	if s == nil {
		sealer, err := seal.NewSealer(h.sign, h.src, stream, e.key)
		if err != nil {
			return nil, err
		}
		s = &sealedStream{sealer: sealer, published: map[publisher]position{}}
		e.streams[stream] = s
	}
	if s.first.gop != g.number || s.end().index < g.base {
		// A part of the GOP that nobody can decode any more is not sealed: wait for the next key frame instead.
		clear(s.frames)
		s.frames, s.first = s.frames[:0], position{g.number, 0}
		if g.base > 0 {
			s.first.index = g.base + len(g.units)
			return s, nil
		}
	}
	for i := s.end().index - g.base; i < len(g.units); i++ {
		au := &g.units[i]
		sealed, err := s.sealer.Seal(make([]byte, 0, len(au.Data)+sealedRoom), &seal.Frame{
			Key: au.Key, GOP: g.number, Index: uint32(g.base + i), Captured: au.Captured, Config: au.Config, Data: au.Data,
		})
		if err != nil {
			return nil, err
		}
		s.frames = append(s.frames, transport.Frame{
			Camera: h.number, Stream: stream, Key: au.Key, Captured: au.Captured, Sealed: sealed,
		})
	}
	if len(s.frames) > maxGOPFrames {
		n := len(s.frames) - maxGOPFrames
		s.frames, s.first.index = append(s.frames[:0], s.frames[n:]...), s.first.index+n
	}
	return s, nil
}

// end is the position behind the last frame.
func (s *sealedStream) end() position { return position{s.first.gop, s.first.index + len(s.frames)} }

// from returns the frames from p on; all of the GOP when p lies in an earlier one, none when it lies in a later one.
func (s *sealedStream) from(p position) []transport.Frame {
	switch {
	case p.gop < s.first.gop:
		p = position{s.first.gop, 0}
	case p.gop > s.first.gop:
		return nil
	}
	i := max(p.index-s.first.index, 0)
	if i >= len(s.frames) {
		return nil
	}
	return s.frames[i:]
}

// publish hands the relay what it has not got and returns the position behind it.
func (s *sealedStream) publish(p publisher, topic signal.Topic, at position) position {
	for _, f := range s.from(at) {
		p.Publish(topic, f.Key, f.Sealed)
	}
	return s.end()
}

// limit shortens text to at most n bytes without cutting a character.
func limit(text string, n int) string {
	text = strings.ToValidUTF8(text, "")
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
