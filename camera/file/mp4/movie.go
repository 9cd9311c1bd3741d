package mp4

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/sealcam/sealcam/codec"
)

// Sample is one picture.
type Sample struct {
	offset int64
	size   uint32
	// Decode and Show are when the picture is decoded and shown, from the beginning of the track.
	Decode, Show time.Duration
	// Sync marks pictures at which decoding can start.
	Sync bool
}

// Movie is the first video track of a file.
type Movie struct {
	Codec      codec.Codec // H264 or H265
	Parameters [][]byte    // NAL units from the header: parameter sets, and what else stands there
	Samples    []Sample    // in decoding order
	Duration   time.Duration

	lengthLen int // bytes of the length before each NAL unit
}

// track is what is known of a track while the file is being read.
type track struct {
	id         uint32
	video      bool
	timescale  uint32
	codec      codec.Codec
	parameters [][]byte
	lengthLen  int
	samples    []Sample
	ticks      []ticks // times of the samples
	next       int64   // decode time of the next fragment, ticks
	defaults   fragmentDefaults
}

type ticks struct{ decode, show int64 }

// Looks reports whether a file that begins with b may be an MP4 or QuickTime file.
func Looks(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	switch string(b[4:8]) {
	case "ftyp", "styp", "moov", "mdat", "free", "skip", "wide":
		return true
	}
	return false
}

// Read reads the index of a file of size bytes.
func Read(file io.ReaderAt, size int64) (*Movie, error) {
	var t *track
	first := true
	count := 0
	for at := int64(0); at+8 <= size; {
		if count++; count > maxBoxes {
			return nil, ErrTooLong
		}
		b, err := readBox(file, at, size)
		if err != nil {
			if t != nil && len(t.samples) > 0 && errors.Is(err, ErrFormat) {
				break // cut short, as recordings are: what is there plays
			}
			return nil, err
		}
		if first && !Looks([]byte("\x00\x00\x00\x00"+b.kind)) {
			return nil, ErrFormat
		}
		first = false
		switch b.kind {
		case "moov":
			body, err := b.content(file)
			if err != nil {
				return nil, err
			}
			if t, err = readMovie(body); err != nil {
				return nil, err
			}
		case "moof":
			if t == nil {
				return nil, ErrFormat
			}
			body, err := b.content(file)
			if err != nil {
				return nil, err
			}
			if err := t.readFragment(body, b.at); err != nil {
				return nil, err
			}
		}
		at = b.end
	}
	if t == nil {
		return nil, ErrFormat
	}
	return t.movie(size)
}

func (t *track) movie(size int64) (*Movie, error) {
	m := &Movie{Codec: t.codec, Parameters: t.parameters, lengthLen: t.lengthLen}
	scale := int64(t.timescale)
	toTime := func(v int64) (time.Duration, error) {
		if v < 0 || v/scale > int64(1000*time.Hour/time.Second) {
			return 0, ErrFormat
		}
		return time.Duration(v/scale)*time.Second + time.Duration(v%scale)*time.Second/time.Duration(scale), nil
	}
	if len(t.samples) == 0 {
		return nil, ErrNoVideo
	}
	// Edit lists shift all times alike (14496-12, 8.6.6), and so does a first decode time: both are dropped.
	start, shown := t.ticks[0].decode, int64(math.MaxInt64)
	for _, k := range t.ticks {
		shown = min(shown, k.show)
	}
	for i, s := range t.samples {
		if s.offset < 0 || s.offset > size || int64(s.size) > size-s.offset {
			if i == 0 {
				return nil, ErrFormat
			}
			break // the file ends here
		}
		if s.size > codec.MaxAccessUnit {
			return nil, fmt.Errorf("mp4: picture %d has %d bytes: %w", i, s.size, ErrFormat)
		}
		var err error
		if s.Decode, err = toTime(t.ticks[i].decode - start); err != nil {
			return nil, err
		}
		if s.Show, err = toTime(t.ticks[i].show - shown); err != nil {
			return nil, err
		}
		m.Samples = append(m.Samples, s)
	}
	end, err := toTime(t.next - start)
	if err != nil {
		return nil, err
	}
	m.Duration = end
	if n := len(m.Samples); n < len(t.samples) || m.Duration <= m.Samples[n-1].Decode {
		m.Duration = m.Samples[n-1].Decode + m.Samples[n-1].Decode/time.Duration(max(n-1, 1))
	}
	if m.Duration <= 0 {
		m.Duration = time.Second / 25
	}
	return m, nil
}

// Units reads a picture's NAL units from the file that Read read.
func (m *Movie) Units(file io.ReaderAt, s Sample) ([][]byte, error) {
	b := make([]byte, s.size)
	if _, err := file.ReadAt(b, s.offset); err != nil {
		return nil, fmt.Errorf("mp4: %w", err)
	}
	var units [][]byte
	for len(b) > 0 {
		if len(b) < m.lengthLen {
			return nil, ErrFormat
		}
		n := 0
		for _, c := range b[:m.lengthLen] {
			n = n<<8 | int(c)
		}
		if b = b[m.lengthLen:]; n > len(b) {
			return nil, ErrFormat
		}
		if n > 0 {
			units = append(units, b[:n])
		}
		b = b[n:]
	}
	return units, nil
}
