package file

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sealcam/sealcam/camera/file/mp4"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
	"github.com/sealcam/sealcam/codec/h265"
	"github.com/sealcam/sealcam/codec/nal"
)

// MaxStream bounds a byte stream, which is held in memory. MP4 files may be of any size.
const MaxStream = 256 << 20

// maxParameters bounds the parameter sets that are kept from before the first key picture.
const maxParameters = 1024

var (
	errKind   = errors.New("this is no video file that Sealcam plays; it takes MP4 (H.264 or H.265) and H.264 or H.265 byte streams")
	errLarge  = fmt.Errorf("the byte stream is larger than %d MB; put it into an MP4 file, which is read piece by piece", MaxStream>>20)
	errNoKey  = errors.New("the video has no key picture to start with; encode it again with ffmpeg -c:v libx264")
	errOrder  = errors.New("the byte stream does not say in which order its pictures are shown; put it into an MP4 file")
	errFormat = errors.New("the MP4 file is broken or cut short; save it again")
)

// assembler is what the packages of both standards offer.
type assembler interface {
	Learn(unit []byte) error
	Interrupt()
	Assemble(units [][]byte) (codec.AccessUnit, error)
	Order() (sequence, count int, known bool)
	Reorders() bool
}

func newAssembler(c codec.Codec) assembler {
	if c == codec.H265 {
		return &h265.Assembler{}
	}
	return &h264.Assembler{}
}

// clip is one layer: what to show when.
type clip struct {
	codec      codec.Codec
	parameters [][]byte
	pictures   []picture
	duration   time.Duration
	delay      time.Duration // from showing to decoding at the most, because B pictures wait for later ones
	units      func(r io.ReaderAt, i int) ([][]byte, error)
}

// picture has its times from the clip's beginning.
type picture struct {
	decode, show time.Duration
}

// parse makes a clip of a whole file. A rate above 0 replaces what a byte stream says of its frame rate.
func parse(r io.ReaderAt, size int64, fps float64) (*clip, error) {
	head := make([]byte, min(size, 16))
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("cannot read the file: %w", err)
	}
	var c *clip
	var err error
	switch {
	case mp4.Looks(head):
		c, err = parseMP4(r, size)
	case size > MaxStream:
		return nil, errLarge
	default:
		b := make([]byte, size)
		if _, err := r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("cannot read the file: %w", err)
		}
		c, err = parseStream(b, fps)
	}
	if err != nil {
		return nil, err
	}
	for _, p := range c.pictures {
		c.delay = max(c.delay, p.show-p.decode)
	}
	return c, nil
}

func parseMP4(r io.ReaderAt, size int64) (*clip, error) {
	m, err := mp4.Read(r, size)
	switch {
	case errors.Is(err, mp4.ErrNoVideo):
		return nil, errKind
	case errors.Is(err, mp4.ErrFormat), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errFormat
	case err != nil:
		return nil, err
	}
	c := &clip{codec: m.Codec, parameters: m.Parameters, duration: m.Duration}
	c.units = func(r io.ReaderAt, i int) ([][]byte, error) { return m.Units(r, m.Samples[i]) }
	a := c.assembler()
	start := -1
	for i, s := range m.Samples {
		if start < 0 && s.Sync {
			// Only a key picture that really is one will do.
			units, err := m.Units(r, s)
			if err != nil {
				return nil, errFormat
			}
			if _, err := a.Assemble(units); err == nil {
				start = i
			}
		}
		if start >= 0 {
			c.pictures = append(c.pictures, picture{decode: s.Decode, show: s.Show})
		}
	}
	if start < 0 {
		return nil, errNoKey
	}
	c.drop(start)
	return c, nil
}

// drop forgets what comes before the first key picture, which was left out of pictures already.
func (c *clip) drop(start int) {
	if start == 0 {
		return
	}
	first := c.pictures[0].decode
	for i := range c.pictures {
		c.pictures[i].decode -= first
		c.pictures[i].show = max(0, c.pictures[i].show-first)
	}
	c.duration -= first
	units := c.units
	c.units = func(r io.ReaderAt, i int) ([][]byte, error) { return units(r, i+start) }
}

func (c *clip) assembler() assembler {
	a := newAssembler(c.codec)
	for _, p := range c.parameters {
		a.Learn(p) // one that cannot be read is missed when a picture needs it
	}
	return a
}

// sniff tells the two standards apart by their sequence parameter sets.
func sniff(b []byte) codec.Codec {
	n := 0
	for u := range nal.Units(b) {
		if _, err := h264.ParseSPS(u); err == nil {
			return codec.H264
		}
		if _, err := h265.ParseSPS(u); err == nil {
			return codec.H265
		}
		if n++; n == 1000 {
			break
		}
	}
	return 0
}

// parseStream indexes an Annex B byte stream.
func parseStream(b []byte, fps float64) (*clip, error) {
	c := &clip{codec: sniff(b)}
	pictures := h264.Pictures
	switch c.codec {
	case 0:
		return nil, errKind
	case codec.H265:
		pictures = h265.Pictures
	}
	a := newAssembler(c.codec)
	var groups [][][]byte
	var order []shown
	for units := range pictures(b) {
		_, err := a.Assemble(units)
		if len(groups) == 0 && err != nil {
			// Before the first key picture, whose parameter sets may stand here.
			for _, u := range units {
				if a.Learn(u) == nil && len(c.parameters) < maxParameters {
					c.parameters = append(c.parameters, u)
				}
			}
			continue
		}
		sequence, count, known := a.Order()
		if err == nil && !known && a.Reorders() {
			return nil, errOrder
		}
		if err != nil && len(order) > 0 {
			// A broken picture keeps its place, so that the pace stays.
			sequence, count = order[len(order)-1].sequence, order[len(order)-1].count
		}
		order = append(order, shown{len(order), sequence, count})
		groups = append(groups, slices.Clone(units))
	}
	if len(groups) == 0 {
		return nil, errNoKey
	}
	frame := c.frameTime(a, fps)
	c.pictures = make([]picture, len(groups))
	slices.SortStableFunc(order, func(x, y shown) int {
		return cmp.Or(cmp.Compare(x.sequence, y.sequence), cmp.Compare(x.count, y.count), cmp.Compare(x.index, y.index))
	})
	for rank, o := range order {
		c.pictures[o.index] = picture{decode: time.Duration(o.index) * frame, show: time.Duration(rank) * frame}
	}
	c.duration = time.Duration(len(groups)) * frame
	c.units = func(_ io.ReaderAt, i int) ([][]byte, error) { return groups[i], nil }
	return c, nil
}

type shown struct{ index, sequence, count int }

// frameTime is the time between pictures: as told, else as the stream says, else 1/25 s.
func (c *clip) frameTime(a assembler, fps float64) time.Duration {
	if fps > 0 {
		return time.Duration(float64(time.Second) / fps)
	}
	var d time.Duration
	switch a := a.(type) {
	case *h264.Assembler:
		d = a.SPS().FrameDuration()
	case *h265.Assembler:
		d = a.SPS().FrameDuration()
	}
	if d == 0 {
		d = time.Second / 25
	}
	return d
}
