//go:build linux

// Command fanout measures the server's relay: `./build.sh bench fanout`. The server is a process of its own; publishers, which are what an
// agent uses, and viewers, which read no more of what comes than they must, run in this one, on the same machine. One JSON object a case
// goes to standard output, progress to standard error.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"github.com/sealcam/sealcam/test/browser"
)

// plan is one case: so many viewers of each of so many cameras.
type plan struct{ viewers, cameras int }

var plans = []plan{{1, 1}, {10, 1}, {100, 1}, {500, 1}, {1, 100}}

// options are the command line's.
type options struct {
	seconds, runs int
	gop           time.Duration
	stalled       int
}

// result is a line of the output: the medians of all runs.
type result struct {
	Bench        string  `json:"bench"`
	Viewers      int     `json:"viewers"` // of each camera
	Cameras      int     `json:"cameras"`
	P99          float64 `json:"p99_ms"` // from the publish to the frame's last byte at a viewer
	MBPerViewer  float64 `json:"server_mb_per_viewer"`
	CPU          float64 `json:"server_cpu_pct"` // of one core
	P50          float64 `json:"p50_ms"`
	Max          float64 `json:"max_ms"`
	P99Low       float64 `json:"p99_low_ms"` // of the runs
	P99High      float64 `json:"p99_high_ms"`
	ServerMB     float64 `json:"server_mb"` // the most that was resident
	CPUPerViewer float64 `json:"server_cpu_pct_per_viewer"`
	GeneratorCPU float64 `json:"generator_cpu_pct"`
	OthersCPU    float64 `json:"others_cpu_pct"` // of everything else that ran: a disturbed measurement
	Mbit         float64 `json:"mbit_per_s"`     // of payload to all viewers
	Frames       int     `json:"frames"`         // that came
	Dropped      int     `json:"dropped"`
	Seconds      int     `json:"seconds"`
	Runs         int     `json:"runs"`
	Stalled      int     `json:"stalled,omitempty"`
}

func main() {
	var o options
	flag.IntVar(&o.seconds, "seconds", 20, "how long to measure after the warm-up")
	flag.IntVar(&o.runs, "runs", 3, "how often to measure each case")
	flag.DurationVar(&o.gop, "gop", 2*time.Second, "from key frame to key frame")
	flag.IntVar(&o.stalled, "stalled", 0, "so many more viewers of the first camera, who read nothing")
	viewers := flag.Int("viewers", 0, "measure this many viewers alone")
	cameras := flag.Int("cameras", 1, "with -viewers: of each of so many cameras")
	flag.Parse()
	if *viewers > 0 {
		plans = []plan{{*viewers, *cameras}}
	}
	if o.seconds < 1 || o.runs < 1 || o.gop < frameEvery || o.stalled < 0 || *viewers < 0 || *cameras < 1 {
		fmt.Fprintln(os.Stderr, "fanout: a flag is out of range")
		os.Exit(2)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for _, p := range plans {
		var runs []run
		for n := range o.runs {
			name := fmt.Sprintf("fanout-%dx%d-%d", p.cameras, p.viewers, n+1)
			log.Info("measuring", "cameras", p.cameras, "viewers", p.viewers, "run", n+1)
			err := browser.Run(ctx, name, log, func(tb browser.TB) { runs = append(runs, measure(tb, p, o)) })
			if err != nil {
				log.Error("not measured", "cameras", p.cameras, "viewers", p.viewers, "error", err)
				os.Exit(1)
			}
		}
		if err := json.NewEncoder(os.Stdout).Encode(summary(p, o, runs)); err != nil {
			log.Error(err.Error())
			os.Exit(1)
		}
	}
}
