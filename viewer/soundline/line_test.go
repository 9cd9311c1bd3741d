package soundline

import (
	"math"
	"testing"
	"time"
)

// sine returns n samples of a tone, from sample from on.
func sine(n, from, rate int, pitch float64) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(0.5 * math.Sin(2*math.Pi*pitch*float64(from+i)/float64(rate)))
	}
	return s
}

// tape is what an output would play.
type tape struct {
	t       *testing.T
	samples map[int64]float32
	next    int64
}

func (p *tape) put(b Block) {
	p.t.Helper()
	if b.At < p.next {
		p.t.Fatalf("block at %d, but the line is at %d", b.At, p.next)
	}
	for i, v := range b.Channels[0] {
		p.samples[b.At+int64(i)] = v
	}
	p.next = b.At + int64(len(b.Channels[0]))
}

// A tone stays one, without a click, whatever its rate, while the camera's clock is off by as much as crystals may be and units come with jitter.
func TestTone(t *testing.T) {
	for _, rate := range []int{8000, 16000, 44100, 48000} {
		for _, drift := range []float64{0, 300e-6, -300e-6} {
			l, p := New(48000), &tape{t: t, samples: map[int64]float32{}}
			unit := rate / 50
			for i := range 500 {
				jitter := float64(i*7919%100-50) / 50 * 48 // 1 ms
				b, ok := l.Put([][]float32{sine(unit, i*unit, rate, 440)}, rate, float64(i)*960*(1+drift)+jitter+2000, int64(i)*960)
				if !ok {
					t.Fatalf("%d Hz, unit %d left out", rate, i)
				}
				p.put(b)
			}
			if l.Jumps != 0 {
				t.Errorf("%d Hz: %d jumps", rate, l.Jumps)
			}
			end := float64(p.next) - 2000
			if want := 500 * 960 * (1 + drift); math.Abs(end-want) > 480 {
				t.Errorf("%d Hz, drift %v: the line ends %v frames from its time", rate, drift, end-want)
			}
			most := float32(0)
			for i := p.next - 400_000; i < p.next-1; i++ {
				most = max(most, float32(math.Abs(float64(p.samples[i+1]-p.samples[i]))))
			}
			// A tone of 440 Hz changes by 0.0288 a frame at most.
			if most > 0.032 {
				t.Errorf("%d Hz, drift %v: a click of %v", rate, drift, most)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	const unit = 160 // 20 ms of 8000 Hz, 960 frames
	one := func() [][]float32 { return [][]float32{sine(unit, 0, 8000, 440)} }
	for _, c := range []struct {
		name   string
		at     float64 // of the second unit; the first is at 1000
		first  int64
		ok     bool
		begins int64
		jumps  int
	}{
		{"in time", 1960, 0, true, 1948, 0},
		{"a little early", 1900, 0, true, 1948, 0},
		{"a little late", 2100, 0, true, 1948, 0},
		{"after a pause", 9000, 0, true, 9000, 1},
		{"in a heap, within bounds", 1200, 0, true, 1948, 0},
		{"in a heap: covered by what is there", 400, 0, false, 0, 0},
		{"its beginning is past", 1960, 2400, true, 2400, 1},
		{"all of it is past", 1960, 3000, false, 0, 0},
		{"too far ahead", 1960 + 4*48000, 0, false, 0, 0},
		{"at no time", math.NaN(), 0, false, 0, 0},
	} {
		l := New(48000)
		if b, ok := l.Put(one(), 8000, 1000, 0); !ok || b.At != 1000 || len(b.Channels[0]) != 948 {
			t.Fatalf("the first: %v at %d, %d frames", ok, b.At, len(b.Channels[0]))
		}
		b, ok := l.Put(one(), 8000, c.at, c.first)
		if ok != c.ok || ok && (b.At != c.begins || l.Jumps != c.jumps) {
			t.Errorf("%s: %v at %d, %d jumps; want %v at %d, %d", c.name, ok, b.At, l.Jumps, c.ok, c.begins, c.jumps)
		}
	}
}

func TestMalformed(t *testing.T) {
	l := New(48000)
	for name, put := range map[string]func() (Block, bool){
		"no channel":        func() (Block, bool) { return l.Put(nil, 8000, 0, 0) },
		"no sample":         func() (Block, bool) { return l.Put([][]float32{{}}, 8000, 0, 0) },
		"no rate":           func() (Block, bool) { return l.Put([][]float32{{1}}, 0, 0, 0) },
		"channels differ":   func() (Block, bool) { return l.Put([][]float32{{1, 2}, {1}}, 8000, 0, 0) },
		"longer than it is": func() (Block, bool) { return l.Put([][]float32{make([]float32, 8001)}, 8000, 0, 0) },
	} {
		if _, ok := put(); ok {
			t.Errorf("%s: played", name)
		}
	}
}

// Two channels stay two, and their beginning is soft.
func TestStereo(t *testing.T) {
	l := New(48000)
	loud, quiet := make([]float32, 960), make([]float32, 960)
	for i := range loud {
		loud[i], quiet[i] = 1, 0.1
	}
	b, ok := l.Put([][]float32{loud, quiet, loud}, 48000, 0, 0)
	if !ok || len(b.Channels) != 2 || b.Channels[0][0] != 0 || b.Channels[0][500] != 1 || b.Channels[1][500] != 0.1 {
		t.Errorf("%v, %d channels", ok, len(b.Channels))
	}
	if d := time.Duration(l.next) * time.Second / 48000; d < 19*time.Millisecond {
		t.Errorf("%v of 20 ms", d)
	}
}
