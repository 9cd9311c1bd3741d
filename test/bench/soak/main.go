//go:build linux

// Command soak finds what grows in a page that stays open for days: `./build.sh bench soak [-minutes 30] [-reconnects 200]`. A display in
// headless Chromium watches an agent's cameras while, in turn, the server, the agent, and the page's own connections are cut. What is in
// use after the first minutes is compared with what is at the end. One JSON object goes to standard output, progress to standard error.
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
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/program"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// patience bounds a failure; it measures nothing.
const patience = 90 * time.Second

// result is the output. Growth is in percent of what was in use after the first minutes.
type result struct {
	Bench      string  `json:"bench"`
	Minutes    float64 `json:"minutes"`
	Reconnects int     `json:"reconnects"`
	JSHeap     float64 `json:"js_heap_growth_pct"`   // JavaScript objects and DOM nodes, after a collection
	WASMHeap   float64 `json:"wasm_heap_growth_pct"` // Go's live heap: the least within a window
	Reserved   float64 `json:"wasm_memory_growth_pct"`
	RSS        float64 `json:"rss_growth_pct"` // of all the browser's processes, shared memory counted once
	Reloads    int     `json:"reloads"`
	JSHeapMiB  float64 `json:"js_heap_mib"` // at the end
	WASMMiB    float64 `json:"wasm_heap_mib"`
	RSSMiB     float64 `json:"rss_mib"`
}

func main() {
	minutes := flag.Float64("minutes", 30, "how long")
	reconnects := flag.Int("reconnects", 200, "how often something is cut in that time")
	warm := flag.Float64("warm", 2, "minutes after which the comparison begins")
	cameras := flag.Int("cameras", 2, "how many cameras are watched")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if *minutes <= 2**warm || *reconnects < 1 || *cameras < 1 {
		log.Error("give at least one camera, one reconnect, and more than twice as many minutes as -warm")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r := result{Bench: "soak", Minutes: *minutes}
	err := browser.Run(ctx, "soak", log, func(tb browser.TB) {
		soak(tb, &r, plan{
			length: time.Duration(*minutes * float64(time.Minute)), warm: time.Duration(*warm * float64(time.Minute)), reconnects: *reconnects, cameras: *cameras,
		})
	})
	if err != nil {
		log.Error("not measured", "error", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		log.Error(err.Error())
		os.Exit(1)
	}
}

type plan struct {
	length, warm time.Duration
	reconnects   int
	cameras      int
}

func soak(tb browser.TB, r *result, p plan) {
	var cams []*rtspcam.Camera
	for i := range p.cameras {
		config, err := clips.Make(tb.Context(), clips.Camera(i+1))
		if err != nil {
			tb.Fatalf("%v", err)
		}
		cam, err := rtspcam.Start(config)
		if err != nil {
			tb.Fatalf("%v", err)
		}
		tb.Cleanup(cam.Close)
		cams = append(cams, cam)
	}
	w := &world{tb: tb, cameras: p.cameras, home: program.StartHome(tb, program.Options{Subs: true}, cams...)}
	w.page = browser.Start(tb).NewPage(browser.Script(connections))
	w.page.Open(w.home.Link)
	w.page.WaitTiles(p.cameras, patience, browser.In(browser.Live))
	program.DeclineWords(w.page)
	browser.Eval[bool](w.page, `(location.hash = "kiosk", true)`)

	begin := time.Now()
	var all []sample
	measure := func() {
		all = append(all, w.sample(time.Since(begin)))
	}
	for i := range p.reconnects {
		w.cut(cuts[i%len(cuts)])
		r.Reconnects++
		// At least once, and until the next is due.
		for due := begin.Add(p.length / time.Duration(p.reconnects) * time.Duration(i+1)); ; {
			measure()
			rest := time.Until(due)
			if rest <= 0 {
				break
			}
			select {
			case <-time.After(min(rest, 2*time.Second)):
			case <-tb.Context().Done():
				tb.Fatalf("interrupted")
			}
		}
		last := all[len(all)-1]
		tb.Logf("%d of %d reconnects after %v: js %.2f MiB, wasm %.2f of %.1f MiB, rss %.0f MiB, %d nodes", i+1, p.reconnects, last.at.Round(time.Second),
			mebibytes(last.js), mebibytes(last.wasm), mebibytes(last.reserved), mebibytes(last.rss), last.nodes)
	}
	window := p.warm
	early, late := least(all, p.warm, p.warm+window), least(all, time.Since(begin)-window, time.Hour*24)
	r.JSHeap, r.WASMHeap = growth(early.js, late.js), growth(early.wasm, late.wasm)
	r.Reserved, r.RSS = growth(early.reserved, late.reserved), growth(early.rss, late.rss)
	r.JSHeapMiB, r.WASMMiB, r.RSSMiB = mebibytes(late.js), mebibytes(late.wasm), mebibytes(late.rss)
	r.Minutes = time.Since(begin).Minutes()
	r.Reloads = browser.Eval[int](w.page, `Number(sessionStorage.getItem("soak loads")) - 1`)
	w.page.Screenshot("end")
}
