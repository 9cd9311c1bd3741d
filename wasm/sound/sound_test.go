//go:build js

package sound

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/viewer"
)

// The runtime has a goroutine of its own for the browser's events.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}

var (
	aacConfig  = codec.Config{Codec: codec.AAC, Rate: 48000, Channels: 1, Description: "\x11\x88"}
	opusConfig = codec.Config{Codec: codec.Opus, Rate: 48000, Channels: 1}
)

// units returns the units of a tone of 1 kHz, each behind its length.
func units(t *testing.T, name string) (all [][]byte) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for len(b) > 2 {
		n := int(binary.BigEndian.Uint16(b))
		all = append(all, b[2:2+n])
		b = b[2+n:]
	}
	return all
}

// AAC and Opus come out of the browser's decoder as the tone that went in, each sample with its time.
func TestDecodes(t *testing.T) {
	for _, c := range []struct {
		name   string
		config codec.Config
		lasts  time.Duration
	}{
		{"aac.units", aacConfig, 1024 * time.Second / 48000},
		{"opus.units", opusConfig, 20 * time.Millisecond},
	} {
		type result struct {
			samples []float32
			rate    int
			at      time.Time
		}
		results, failed := make(chan result, 64), make(chan error, 1)
		d, err := newDecoder(c.config, func(planes [][]float32, rate int, at time.Time) {
			results <- result{append([]float32(nil), planes[0]...), rate, at}
		}, func(err error) { failed <- err })
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		began := time.Now()
		for i, u := range units(t, c.name) {
			d.decode(&viewer.SoundUnit{Captured: codec.Timestamp(1_700_000_000_000_000).Add(time.Duration(i) * c.lasts), Data: u, Play: began.Add(time.Duration(i) * c.lasts)})
		}
		var loudest float64
		crossings, total := 0, 0
		var last float32
		for total < 48000/5 {
			select {
			case r := <-results:
				if r.rate != 48000 || r.at.Before(began.Add(-time.Millisecond)) || r.at.After(began.Add(time.Second)) {
					t.Errorf("%s: %d Hz at %v", c.name, r.rate, r.at.Sub(began))
				}
				for _, v := range r.samples {
					if total > 4800 && (v < 0) != (last < 0) {
						crossings++
					}
					last = v
					loudest = max(loudest, math.Abs(float64(v)))
					total++
				}
			case err := <-failed:
				t.Fatalf("%s: %v", c.name, err)
			case <-time.After(20 * time.Second):
				t.Fatalf("%s: %d samples came out", c.name, total)
			}
		}
		if pitch := float64(crossings) / 2 / (float64(total-4800) / 48000); pitch < 950 || pitch > 1050 || loudest < 0.05 {
			t.Errorf("%s: a tone of %.0f Hz, %.2f loud", c.name, pitch, loudest)
		}
		d.close()
	}
}

// What is no sound breaks the decoder and nothing else.
func TestGarbage(t *testing.T) {
	failed := make(chan error, 1)
	d, err := newDecoder(aacConfig, func([][]float32, int, time.Time) {}, func(err error) { failed <- err })
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	for i := range 10 {
		d.decode(&viewer.SoundUnit{Captured: codec.Timestamp(i * 1000), Data: []byte{0xff, 0xff, 0xff, byte(i)}, Play: time.Now()})
	}
	select {
	case err := <-failed:
		if errors.Is(err, viewer.ErrUnsupported) {
			t.Errorf("said to be unsupported: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("taken for sound")
	}
}

func TestRefusesWhatItCannotPlay(t *testing.T) {
	bad := aacConfig
	bad.Description = "\x11"
	if _, err := newDecoder(bad, nil, nil); !errors.Is(err, viewer.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	if _, err := New().Sink(opusConfig, nil); err == nil || errors.Is(err, viewer.ErrUnsupported) {
		t.Errorf("before a person asked for sound: %v", err)
	}
	if _, err := New().Sink(codec.Config{Codec: codec.JPEG, Width: 1, Height: 1}, nil); !errors.Is(err, viewer.ErrUnsupported) {
		t.Errorf("a picture: %v", err)
	}
}

func TestDeinterleave(t *testing.T) {
	var planes [][]float32
	got := deinterleave(&planes, []int16{16384, -32768, 0, 32767, 5}, 2)
	if len(got) != 2 || len(got[0]) != 2 || got[0][0] != 0.5 || got[1][0] != -1 || got[0][1] != 0 || got[1][1] < 0.999 {
		t.Errorf("%v", got)
	}
}
