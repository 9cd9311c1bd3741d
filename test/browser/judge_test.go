package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/test/barcode"
)

var origin = time.UnixMilli(1_700_000_000_000)

func sample(number, camera int, after time.Duration) Sample {
	return Sample{At: origin.Add(after), Camera: "c", Reading: barcode.Reading{Number: number, Camera: camera}}
}

func failed(err error) Sample { return Sample{Camera: "c", State: Blank, Err: err} }

func TestCheck(t *testing.T) {
	good := []Sample{sample(4094, 3, 0), sample(4095, 3, 0), sample(1, 3, 0)}
	with := func(more ...Sample) []Sample { return append(good[:len(good):len(good)], more...) }
	for name, c := range map[string]struct {
		samples []Sample
		expect  Expect
		want    string // in the error; empty: none
	}{
		"in order, wrapping":   {good, Expect{Bits: 3}, ""},
		"foreign":              {with(sample(2, 4, 0)), Expect{Bits: 3}, "1 foreign pictures of 4"},
		"backwards":            {with(sample(0, 3, 0)), Expect{Bits: 3}, "1 misordered pictures of 4, the first: 0 after 1"},
		"the same again":       {with(sample(1, 3, 0)), Expect{Bits: 3}, "misordered"},
		"backwards, repeated":  {with(sample(0, 3, 0)), Expect{Bits: 3, Repeat: true}, ""},
		"blank":                {with(failed(barcode.ErrNoStrip)), Expect{Bits: 3}, "1 unreadable"},
		"blank, allowed":       {with(failed(barcode.ErrNoStrip)), Expect{Bits: 3, Blank: true}, ""},
		"unclear, never right": {with(failed(barcode.ErrUnclear)), Expect{Bits: 3, Blank: true}, "1 unreadable"},
	} {
		err := Check(c.samples, c.expect)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestLatenciesAndRate(t *testing.T) {
	samples := []Sample{
		sample(1, 0, 40*time.Millisecond), failed(barcode.ErrNoStrip), sample(2, 0, 75*time.Millisecond), sample(3, 0, 240*time.Millisecond),
	}
	sent := func(number int, before time.Time) (time.Time, bool) {
		at := origin.Add(time.Duration(number-1) * 33 * time.Millisecond)
		return at, number != 3 && !at.After(before)
	}
	latencies, unknown := Latencies(samples, sent)
	if len(latencies) != 2 || latencies[0] != 40*time.Millisecond || latencies[1] != 42*time.Millisecond || unknown != 1 {
		t.Errorf("latencies %v, %d unknown", latencies, unknown)
	}
	if got := Rate(samples); got != 10 {
		t.Errorf("rate %v, want 10", got)
	}
	if got := Rate(samples[:2]); got != 0 {
		t.Errorf("rate of one picture %v", got)
	}
}

func TestPercentile(t *testing.T) {
	var values []time.Duration
	for i := 100; i > 0; i-- {
		values = append(values, time.Duration(i))
	}
	for p, want := range map[float64]time.Duration{0: 1, 1: 1, 50: 50, 95: 95, 99.5: 100, 100: 100} {
		if got := Percentile(values, p); got != want {
			t.Errorf("percentile %v = %d, want %d", p, got, want)
		}
	}
	if got := Percentile(nil, 50); got != 0 {
		t.Errorf("of nothing %v", got)
	}
	if got := Percentile([]time.Duration{7}, 95); got != 7 {
		t.Errorf("of one %v", got)
	}
}
