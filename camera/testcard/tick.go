package testcard

import (
	"context"
	"math"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/g711"
)

// The card's sound: a soft tick at the beginning of each second of the wall clock, a higher one at that of each minute.
const (
	soundRate = 8000
	soundUnit = 20 * time.Millisecond

	tickLong   = 40 * time.Millisecond
	tickPitch  = 1000 // Hz
	tickMinute = 1500
	tickLoud   = 0.3 // of full scale, at its beginning
)

var soundConfig = codec.Config{Codec: codec.PCMU, Rate: soundRate, Channels: 1}

// tick delivers the sound until ctx ends, each unit as soon as it is over.
func (s *Source) tick(ctx context.Context, sink source.Sink) {
	const unit = codec.Timestamp(soundUnit / time.Microsecond)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var next codec.Timestamp // wall time of the next unit's beginning, a multiple of its length
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		offset := s.clock.WallOffset()
		wall := s.clock.Now().Add(offset)
		if behind := wall.Sub(next); behind < 0 || behind > time.Second {
			next = wall / unit * unit // the beginning, or a clock was set
		}
		for ; next+unit <= wall; next += unit {
			sink.Deliver(source.Sound, codec.AccessUnit{Data: sound(next), Key: true, Captured: next.Add(-offset), Config: soundConfig})
		}
		timer.Reset((next + unit).Sub(wall))
	}
}

// sound returns the unit that begins at a wall time.
func sound(at codec.Timestamp) []byte {
	samples := make([]int16, soundRate*soundUnit/time.Second)
	since := time.Duration(at%1e6) * time.Microsecond // the second began
	pitch := tickPitch
	if at/1e6%60 == 0 {
		pitch = tickMinute
	}
	for i := range samples {
		t := (since + time.Duration(i)*time.Second/soundRate).Seconds()
		if t >= tickLong.Seconds() {
			break
		}
		fade := 1 - t/tickLong.Seconds()
		samples[i] = int16(math.MaxInt16 * tickLoud * fade * fade * math.Cos(2*math.Pi*float64(pitch)*t))
	}
	return g711.EncodeU(nil, samples)
}
