//go:build js

package decode

import (
	"errors"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/viewer"
)

const (
	// maxEarly and maxEarlyBytes bound what is kept for the Go decoder until the browser's has shown what it can do: it answers
	// within some milliseconds, mostly.
	maxEarly      = 64
	maxEarlyBytes = 8 << 20
	// A decoder that was given mutedUnits and gave no picture for mutedFor is broken without saying so.
	mutedUnits = 4
	mutedFor   = 2 * time.Second
)

var errStopped = errors.New("decode: the browser does not play this any more")

// descent is a browser's decoder with the Go decoder below it. If the browser turns out not to play the configuration, the Go decoder
// goes on with the units that were handed over so far, so that nothing is lost. A browser's decoder that breaks is reported; the ladder
// remembers it.
type descent struct {
	l      *Ladder
	config codec.Config
	out    func(viewer.Decoded)
	d      viewer.Decoder // the one that decodes now
	video  *video         // the same, while it is the browser's for video
	inGo   bool
	early  []viewer.Unit // handed to the browser's decoder before its first picture
	bytes  int
	lost   bool // early lacks some
	given  int
	begun  time.Time
	played bool // it gave a picture
	closed bool
}

func newDescent(l *Ladder, config codec.Config, out func(viewer.Decoded)) (*descent, error) {
	s := &descent{l: l, config: config, out: out, begun: time.Now()}
	if config.Codec == codec.JPEG {
		s.d = newStill(config, l.meter, s.decoded)
		return s, nil
	}
	v, err := newVideo(config, l.known, l.meter, s.decoded)
	if err != nil {
		return nil, err
	}
	s.d, s.video = v, v
	return s, nil
}

// Name implements viewer.Named.
func (s *descent) Name() string {
	switch {
	case s.inGo:
		return nameGo
	case s.config.Codec == codec.JPEG:
		return nameImage
	}
	return nameWebCodecs
}

// Decode implements viewer.Decoder.
func (s *descent) Decode(u viewer.Unit) error {
	if s.inGo {
		return s.d.Decode(u)
	}
	if s.video == nil || !s.video.undecided() { // else the unit only waits for the answer
		if err := s.d.Decode(u); err != nil {
			if !errors.Is(err, viewer.ErrBacklog) {
				s.l.noteBroken(s.config)
			}
			return err
		}
	}
	s.given++
	s.keep(u)
	return nil
}

// keep keeps a unit for the Go decoder.
func (s *descent) keep(u viewer.Unit) {
	if s.played || s.lost {
		return
	}
	if s.bytes += len(u.Data); len(s.early) >= maxEarly || s.bytes > maxEarlyBytes {
		s.early, s.lost = nil, true
		return
	}
	s.early = append(s.early, u)
}

// decoded takes what the browser's decoder gives.
func (s *descent) decoded(d viewer.Decoded) {
	unsupported := errors.Is(d.Err, viewer.ErrUnsupported) && s.l.byGo(s.config)
	switch {
	case s.inGo:
		d.Pixels.Free()
		return
	case s.closed: // the viewer frees what comes late
	case d.Err == nil:
		s.played, s.early = true, nil
	case unsupported && !s.played && !s.lost:
		s.descend()
		return
	case unsupported:
		s.l.noteBroken(s.config)
		d.Err = errStopped // the next decoder is another
	default:
		s.l.noteBroken(s.config)
	}
	s.out(d)
}

// descend changes to the Go decoder.
func (s *descent) descend() {
	s.d.Close()
	below := newSoftware(s.config, s.l.turns, s.l.meter, s.out)
	for _, u := range s.early {
		below.take(u)
	}
	s.d, s.video, s.inGo, s.early = below, nil, true, nil
}

// Close implements viewer.Decoder.
func (s *descent) Close() {
	if !s.inGo && !s.played && s.given >= mutedUnits && time.Since(s.begun) > mutedFor {
		s.l.noteBroken(s.config)
	}
	s.closed, s.early = true, nil
	s.d.Close()
}
