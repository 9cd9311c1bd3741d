// Command viewer measures the page while ten cameras play: `./build.sh bench viewer [-seconds N] [-soak]`. Nine cameras send 640×360 at 15
// pictures a second and one 1080p at 30; server and agent are the released binary, the page is the real one in headless Chromium with a
// viewport of 640×360, because software GL is slow. One JSON object goes to standard output, progress to standard error.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"github.com/sealcam/sealcam/test/browser"
)

// result is the line of the output.
type result struct {
	Bench       string  `json:"bench"`
	Streams     int     `json:"streams"`
	FPSMin      float64 `json:"fps_min"`           // least of the streams: pictures drawn, of those that its camera sent, 1 is all
	MainThread  float64 `json:"main_thread_pct"`   // processor time of the page's main thread; waits for the canvas's readback use none
	DecodeP95   float64 `json:"decode_p95_ms"`     // of the 1080p stream, from the call of the decoder to the picture
	InputP95    float64 `json:"input_p95_ms"`      // from a key to the end of the frame that answers it, while all play
	Growth      float64 `json:"memory_growth_pct"` // of JavaScript objects and WebAssembly memory from the first reading to the last
	MemoryAfter float64 `json:"memory_from_s"`     // when the first reading was, after the start
	MemoryUntil float64 `json:"memory_to_s"`       // and the last; 1800 with -soak
	ClientBytes int64   `json:"client_brotli_bytes"`
	FPS         float64 `json:"fps_1080p"`
	Draws       float64 `json:"draws_per_s"` // frames of the canvas
	DrawMS      float64 `json:"draw_ms"`     // the page's own part of each
	Inputs      int     `json:"inputs"`
	Seconds     int     `json:"seconds"`
}

func main() {
	seconds := flag.Int("seconds", 60, "how long to watch")
	soak := flag.Bool("soak", false, "measure memory after 2 and 30 minutes; without it after a quarter of a minute and at the end, which says little")
	shots := flag.Bool("screenshot", false, "leave a picture of the page among the artifacts")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r := result{Bench: "viewer", Seconds: *seconds}
	if err := browser.Run(ctx, "viewer", log, func(tb browser.TB) {
		b := &bench{TB: tb, result: &r}
		b.open()
		if *shots {
			b.page.Screenshot("viewer")
		}
		if *soak {
			b.rest(2 * time.Minute)
			b.first()
			b.watch()
			b.rest(30 * time.Minute)
		} else {
			b.rest(15 * time.Second)
			b.first()
			b.watch()
		}
		b.last()
	}); err != nil {
		log.Error("not measured", "error", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		log.Error(err.Error())
		os.Exit(1)
	}
}
