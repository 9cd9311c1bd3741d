//go:build js

package decode

import (
	"errors"
	"fmt"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
	"github.com/sealcam/sealcam/codec/jpeg"
	"github.com/sealcam/sealcam/viewer"
)

// What decoders are called in diagnostics.
const (
	nameWebCodecs = "webcodecs"
	nameImage     = "image"
	nameGo        = "go"
)

const (
	// maxReorder is how many pictures H.264 may hold back (Table A-1).
	maxReorder = 16
	// maxJPEGMemory bounds what one JPEG file may take: 10 million pixels of baseline 4:2:0.
	maxJPEGMemory = 64 << 20
	// maxEmpty is after how many key frames without a picture a stream counts as broken.
	maxEmpty = 3
	// hideDamaged is for how long pictures with lost parts are held back. After that they are better than none.
	hideDamaged = time.Second
)

var errNothing = errors.New("decode: the stream's key frames give no pictures")

// software decodes a stream in Go. Decode only takes units; they are decoded when it is this stream's turn, and the results are handed on
// after that. What is needed for each picture is used again, so that a stream that plays makes no garbage here.
type software struct {
	config codec.Config
	turns  *turns
	meter  *Meter
	out    func(viewer.Decoded)
	video  *h264.Decoder // nil for JPEG
	emit   func(*h264.Picture)
	queue  []waiting
	flight []flight         // decoded, but without a picture so far
	ready  []viewer.Decoded // to be handed on
	spare  []viewer.Decoded
	pool   pool
	load   load
	broken bool            // something before the next key frame was left out
	last   codec.Timestamp // of the last unit decoded
	empty  int
	good   time.Time // when the last whole picture came
	dead   bool
}

// waiting is a unit that was taken.
type waiting struct {
	viewer.Unit
	at time.Time
}

// flight is a unit in the decoder.
type flight struct {
	captured codec.Timestamp
	at       time.Time // when it was taken
	skip     bool
}

// newSoftware returns a decoder for H.264 or JPEG.
func newSoftware(config codec.Config, t *turns, meter *Meter, out func(viewer.Decoded)) *software {
	s := &software{config: config, turns: t, meter: meter, out: out, good: time.Now()}
	s.load.unrestrictable = config.Codec == codec.JPEG
	if config.Codec == codec.H264 {
		s.video = h264.NewDecoder(h264.Options{MaxMacroblocks: maxMacroblocks(config), LowDelay: true})
		s.emit = s.picture
	}
	t.enter(s)
	return s
}

// maxMacroblocks bounds a frame by what the stream announced: twice that, because the frame is larger before cropping.
func maxMacroblocks(c codec.Config) int {
	const least, most = 1620, 36864 // MaxFS of levels 3 and 5.2 (Table A-1)
	return min(max(2*((int(c.Width)+15)/16)*((int(c.Height)+31)/32*2), least), most)
}

// Name implements viewer.Named.
func (s *software) Name() string { return nameGo }

// Decode takes a unit. viewer.ErrBacklog means that it was not taken.
func (s *software) Decode(u viewer.Unit) error {
	switch {
	case s.dead:
		return errors.New("decode: the decoder failed before")
	case len(s.queue) > maxQueue:
		return viewer.ErrBacklog
	}
	s.take(u)
	return nil
}

// take queues a unit, however many wait.
func (s *software) take(u viewer.Unit) {
	s.load.comes(u.Captured, u.Key)
	s.queue = append(s.queue, waiting{u, time.Now()})
	s.turns.schedule()
}

func (s *software) hasWork() bool { return len(s.queue) > 0 }

// step decodes the next unit, and returns how long that took.
func (s *software) step() time.Duration {
	start := time.Now()
	u := s.queue[0]
	n := copy(s.queue, s.queue[1:])
	s.queue[n] = waiting{}
	s.queue = s.queue[:n]
	if u.Key && s.load.keysOnly {
		s.turns.lift(s, start)
	}
	if s.load.keysOnly && !u.Key {
		s.broken = true
		s.ready = append(s.ready, viewer.Decoded{Captured: u.Captured, Slow: true})
		s.meter.addDropped()
		return 0
	}
	var err error
	if s.video != nil {
		err = s.h264(&u)
	} else {
		err = s.jpeg(&u)
	}
	took := time.Since(start)
	s.load.cost(took, u.Key)
	s.meter.addDecode(took)
	if err == nil && s.load.tooMuch(took) {
		err = viewer.ErrTooSlow
	}
	if err != nil {
		s.dead = true
		s.meter.addFailed()
		s.ready = append(s.ready, viewer.Decoded{Captured: u.Captured, Err: fmt.Errorf("decode: %w", err)})
	}
	return took
}

// h264 decodes an access unit.
func (s *software) h264(u *waiting) error {
	if u.Key && (s.broken || s.last != 0 && u.Captured.Sub(s.last) > 2*s.load.interval) {
		s.video.Flush(s.emit) // the key frame need not be one that forgets what was before it (clause 7.4.1.2.4)
		s.broken = false
	}
	s.last = u.Captured
	s.flight = append(s.flight, flight{u.Captured, u.at, u.Skip})
	if u.Key {
		s.empty++
	}
	err := s.video.Decode(codec.AccessUnit{Data: u.Data, Key: u.Key, Captured: u.Captured, Config: u.Config}, s.emit)
	switch {
	case errors.Is(err, h264.ErrTooLarge):
		return fmt.Errorf("%w: %w", viewer.ErrTooSlow, err)
	case errors.Is(err, h264.ErrUnsupported):
		return fmt.Errorf("%w: %w", viewer.ErrUnsupported, err)
	case s.empty > maxEmpty:
		return errors.Join(errNothing, err)
	}
	for len(s.flight) > maxReorder { // the oldest will have no picture
		s.land(0)
	}
	return nil
}

// land gives up a unit's picture.
func (s *software) land(at int) {
	s.ready = append(s.ready, viewer.Decoded{Captured: s.flight[at].captured})
	s.drop(at)
}

func (s *software) drop(at int) { s.flight = s.flight[:at+copy(s.flight[at:], s.flight[at+1:])] }

// picture takes a picture out of the decoder, whose memory it is in until this returns.
func (s *software) picture(p *h264.Picture) {
	at := 0
	for at < len(s.flight) && s.flight[at].captured != p.Captured {
		at++
	}
	if at == len(s.flight) {
		return // given up before
	}
	f := s.flight[at]
	s.empty = 0
	s.meter.addLatency(time.Since(f.at))
	now := time.Now()
	if !p.Damaged {
		s.good = now
	}
	if f.skip || p.Damaged && now.Sub(s.good) < hideDamaged {
		s.meter.addDropped()
		s.land(at)
		return
	}
	s.drop(at)
	px := viewer.Pixels{Layout: viewer.LayoutI420, Width: p.Width, Height: p.Height, FullRange: p.Colour.FullRange, Matrix: viewer.BT601}
	if p.Colour.IsBT709(p.Height) {
		px.Matrix = viewer.BT709
	}
	b := s.buffer(&px)
	if b == nil {
		s.ready = append(s.ready, viewer.Decoded{Captured: f.captured})
		return
	}
	planes{p.Y, p.Cb, p.Cr, p.YStride, p.ChromaStride}.copyTo(b.data, p.Width, p.Height)
	s.meter.addPicture()
	s.ready = append(s.ready, viewer.Decoded{Captured: f.captured, Pixels: px})
}

// buffer gives px memory; nil for a size that is no picture's.
func (s *software) buffer(px *viewer.Pixels) *buffer {
	size := viewer.PixelsLen(px.Layout, px.Width, px.Height)
	if size == 0 {
		return nil
	}
	b := s.pool.get(size)
	px.Data, px.Release = b.data, b.release
	return b
}

// jpeg decodes a file.
func (s *software) jpeg(u *waiting) error {
	h, err := jpeg.Parse(u.Data)
	if err != nil {
		return err
	}
	if h.Width != int(s.config.Width) || h.Height != int(s.config.Height) {
		return errSize
	}
	p, err := jpeg.Decode(u.Data, maxJPEGMemory)
	switch {
	case errors.Is(err, jpeg.ErrTooLarge):
		return fmt.Errorf("%w: %w", viewer.ErrTooSlow, err)
	case errors.Is(err, jpeg.ErrUnsupported):
		return fmt.Errorf("%w: %w", viewer.ErrUnsupported, err)
	case err != nil:
		return err
	}
	px := viewer.Pixels{Layout: viewer.LayoutI420, Width: p.Width, Height: p.Height, FullRange: true, Matrix: viewer.BT601}
	if p.RGBA != nil {
		px.Layout = viewer.LayoutRGBA
	}
	b := s.buffer(&px)
	if b == nil {
		return errPicture
	}
	if p.RGBA != nil {
		copy(b.data, p.RGBA)
	} else {
		planes{p.Y, p.Cb, p.Cr, p.YStride, p.ChromaStride}.copyTo(b.data, p.Width, p.Height)
	}
	s.meter.addPicture()
	s.meter.addLatency(time.Since(u.at))
	s.ready = append(s.ready, viewer.Decoded{Captured: u.Captured, Pixels: px})
	return nil
}

// handOn calls out with what is ready. The viewer may hand over more units or close the decoder meanwhile.
func (s *software) handOn() {
	ready := s.ready
	s.ready = s.spare[:0]
	for i := range ready {
		s.out(ready[i])
		ready[i] = viewer.Decoded{}
	}
	s.spare = ready[:0]
}

// Close implements viewer.Decoder. Results that wait to be handed on still are.
func (s *software) Close() {
	s.dead = true
	s.queue = nil
	s.turns.leave(s)
}

// planes are 8-bit samples in 4:2:0.
type planes struct {
	y, cb, cr         []byte
	stride, subStride int
}

// copyTo lays the planes out as viewer.LayoutI420 says.
func (p planes) copyTo(to []byte, width, height int) {
	stride, rows := (width+7)&^7, (height+1)/2
	copyRows(to, p.y, stride, p.stride, width, height)
	to = to[stride*height:]
	copyRows(to, p.cb, stride/2, p.subStride, (width+1)/2, rows)
	copyRows(to[stride/2*((rows+1)&^1):], p.cr, stride/2, p.subStride, (width+1)/2, rows)
}

func copyRows(to, from []byte, toStride, fromStride, width, rows int) {
	for y := range rows {
		copy(to[y*toStride:y*toStride+width], from[y*fromStride:y*fromStride+width])
	}
}
