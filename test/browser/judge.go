package browser

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sealcam/sealcam/test/barcode"
)

// Of returns the samples of one camera's tile.
func Of(samples []Sample, camera string) []Sample {
	var of []Sample
	for _, s := range samples {
		if s.Camera == camera {
			of = append(of, s)
		}
	}
	return of
}

// Expect says what a tile's samples must be like.
type Expect struct {
	Bits   int  // the camera's number in the barcode: any other is a foreign picture
	Blank  bool // samples without a strip are allowed
	Repeat bool // numbers may go back: the clip repeats, or the page connected again
}

// Check returns an error for each kind of sample that should not be in one tile: unreadable, foreign, or out of order.
func Check(samples []Sample, expect Expect) error {
	var unreadable, foreign, backwards int
	var first [3]string
	note := func(kind int, count *int, format string, args ...any) {
		if *count++; *count == 1 {
			first[kind] = fmt.Sprintf(format, args...)
		}
	}
	last, readable := 0, 0
	for _, s := range samples {
		if s.Err != nil {
			if !expect.Blank || !errors.Is(s.Err, barcode.ErrNoStrip) {
				note(0, &unreadable, "%v in state %s", s.Err, s.State)
			}
			continue
		}
		if s.Reading.Camera != expect.Bits {
			note(1, &foreign, "camera %d in the tile of camera %d", s.Reading.Camera, expect.Bits)
			continue
		}
		if readable > 0 && barcode.Distance(last, s.Reading.Number) <= 0 && !expect.Repeat {
			note(2, &backwards, "%d after %d", s.Reading.Number, last)
		}
		last = s.Reading.Number
		readable++
	}
	var errs []error
	for kind, count := range []int{unreadable, foreign, backwards} {
		if count > 0 {
			errs = append(errs, fmt.Errorf("%d %s pictures of %d, the first: %s",
				count, [...]string{"unreadable", "foreign", "misordered"}[kind], len(samples), first[kind]))
		}
	}
	return errors.Join(errs...)
}

// Latencies returns for each readable sample the time from the hand-over of its picture to its being drawn; sent is
// (*rtspcam.Camera).SentAt. Samples whose hand-over is unknown are left out and counted.
func Latencies(samples []Sample, sent func(number int, before time.Time) (time.Time, bool)) (latencies []time.Duration, unknown int) {
	for _, s := range samples {
		if s.Err != nil {
			continue
		}
		at, ok := sent(s.Reading.Number, s.At)
		if !ok {
			unknown++
			continue
		}
		latencies = append(latencies, s.At.Sub(at))
	}
	return latencies, unknown
}

// Percentile returns the smallest value that at least p percent of the values do not exceed (the nearest-rank method), or zero
// if there are none.
func Percentile(values []time.Duration, p float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(p / 100 * float64(len(sorted)))
	if float64(rank) < p/100*float64(len(sorted)) {
		rank++
	}
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Rate returns the readable samples per second between the first and the last, or zero for fewer than two.
func Rate(samples []Sample) float64 {
	var readable []Sample
	for _, s := range samples {
		if s.Err == nil {
			readable = append(readable, s)
		}
	}
	if len(readable) < 2 {
		return 0
	}
	span := readable[len(readable)-1].At.Sub(readable[0].At)
	return float64(len(readable)-1) / span.Seconds()
}
