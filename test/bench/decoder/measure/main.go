// Command measure decodes H.264 files with package h264 and prints how long a frame takes, as JSON lines. It is built for this machine and
// for the browser, and run by test/bench/decoder.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
)

// passes over each file are measured, after one that is not: browsers compile a program better while it runs. The quietest counts: what
// else the machine does shows in the others.
const passes = 5

// result is a line of the output.
type result struct {
	Bench  string  `json:"bench"`
	Target string  `json:"target"` // native or wasm
	Clip   string  `json:"clip"`
	Median float64 `json:"ms_median"`
	Max    float64 `json:"ms_max"`
	Allocs float64 `json:"allocs_per_frame"` // over all passes
}

func main() {
	runtime.GOMAXPROCS(1)
	for _, path := range os.Args[1:] {
		r, err := measure(path)
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(r)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "measure:", err)
			os.Exit(1)
		}
	}
}

func measure(path string) (result, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return result{}, err
	}
	clip := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	units := split(data)
	if len(units) < 10 {
		return result{}, fmt.Errorf("%s holds %d access units", clip, len(units))
	}
	r := result{Bench: "decoder", Target: "native", Clip: clip}
	if runtime.GOOS == "js" {
		r.Target = "wasm"
	}
	d := h264.NewDecoder(h264.Options{LowDelay: true})
	pictures := 0
	out := func(*h264.Picture) { pictures++ }
	took := make([]time.Duration, len(units))
	var median, most [passes]time.Duration
	var before, after runtime.MemStats
	for pass := -1; pass < passes; pass++ {
		if pass == 0 {
			runtime.GC()
			pictures = 0
			runtime.ReadMemStats(&before)
		}
		for i, u := range units {
			start := time.Now()
			if err := d.Decode(u, out); err != nil {
				return result{}, fmt.Errorf("%s: %w", clip, err)
			}
			took[i] = time.Since(start)
		}
		if slices.Sort(took); pass >= 0 {
			median[pass], most[pass] = took[len(took)/2], took[len(took)-1]
		}
	}
	runtime.ReadMemStats(&after)
	if pictures != passes*len(units) {
		return result{}, fmt.Errorf("%s: %d pictures of %d units", clip, pictures, passes*len(units))
	}
	if n := after.NumGC - before.NumGC; n > 0 { // the runtime looks every two minutes, garbage or not
		fmt.Fprintf(os.Stderr, "measure: %s: %d garbage collections in %d frames\n", clip, n, pictures)
	}
	r.Median, r.Max = milliseconds(slices.Min(median[:])), milliseconds(slices.Min(most[:]))
	r.Allocs = round(float64(after.Mallocs-before.Mallocs) / float64(pictures))
	return r, nil
}

// split divides a byte stream at its access unit delimiters (ITU-T H.264 clause 7.3.2.4), which the clips have.
func split(data []byte) (units []codec.AccessUnit) {
	delimiter := "\x00\x00\x00\x01\x09"
	for i, part := range strings.Split(string(data), delimiter)[1:] {
		units = append(units, codec.AccessUnit{Data: []byte(delimiter + part), Captured: codec.Timestamp(33_333 * i)})
	}
	return units
}

func milliseconds(d time.Duration) float64 { return round(float64(d) / float64(time.Millisecond)) }

func round(v float64) float64 { return float64(int(v*100+.5)) / 100 }
