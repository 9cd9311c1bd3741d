// Command latency measures a picture's way from the camera to the drawn canvas: `./build.sh bench latency`. It runs the released
// binary as server and as agent, each a process of its own, plays the barcode clip by RTSP over TCP, and reads the barcode back in
// headless Chromium. One JSON object a transport goes to standard output, progress to standard error.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/program"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// patience bounds a failure; it measures nothing.
const patience = time.Minute

// result is a line of the output. Times are medians in milliseconds unless their name says otherwise.
type result struct {
	Bench       string  `json:"bench"`
	Transport   string  `json:"transport"`
	GlassP50    float64 `json:"glass_p50_ms"`
	GlassP95    float64 `json:"glass_p95_ms"`
	GlassP99    float64 `json:"glass_p99_ms"`
	FPS         float64 `json:"fps"`
	Cold        float64 `json:"first_picture_cold_ms"`
	ColdMin     float64 `json:"first_picture_cold_min_ms"`
	ColdMax     float64 `json:"first_picture_cold_max_ms"`
	Switch      float64 `json:"first_picture_switch_ms"`
	SwitchMin   float64 `json:"first_picture_switch_min_ms"`
	SwitchMax   float64 `json:"first_picture_switch_max_ms"`
	AgentCPU    float64 `json:"agent_cpu_pct"`  // of one core
	ServerCPU   float64 `json:"server_cpu_pct"` // of one core
	AgentRSS    float64 `json:"agent_rss_mib"`
	ServerRSS   float64 `json:"server_rss_mib"`
	MainThread  float64 `json:"main_thread_ms_per_frame"` // all tasks of the page's main thread, software GL included
	ClientBytes int64   `json:"client_brotli_bytes"`
	Seconds     int     `json:"seconds"`
}

func main() {
	seconds := flag.Int("seconds", 60, "how long to watch each transport")
	repeats := flag.Int("repeats", 7, "how often to measure each first picture")
	only := flag.String("transport", "", "p2p or relay; both if empty")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for _, transport := range []string{"p2p", "relay"} {
		if *only != "" && *only != transport {
			continue
		}
		r := result{Bench: "latency", Transport: transport, Seconds: *seconds}
		err := browser.Run(ctx, "latency-"+transport, log, func(tb browser.TB) { measure(tb, &r, *repeats) })
		if err != nil {
			log.Error("not measured", "transport", transport, "error", err)
			os.Exit(1)
		}
		if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
			log.Error(err.Error())
			os.Exit(1)
		}
	}
}

// measure fills in a result.
func measure(tb browser.TB, r *result, repeats int) {
	cams := []*rtspcam.Camera{startCamera(tb, 1), startCamera(tb, 2)}
	b := browser.Start(tb)
	watch(tb, b, cams[0], r, repeats)
	changeCamera(tb, b, cams, r, repeats)
}

// watch measures one camera with one viewer.
func watch(tb browser.TB, b *browser.Browser, cam *rtspcam.Camera, r *result, repeats int) {
	home := program.StartHome(tb, program.Options{}, cam)
	server, agent, link := home.Server, home.Agent, home.Link
	page := b.NewPage()
	page.Open(withTransport(link, r.Transport))
	page.WaitTiles(1, patience, browser.In(browser.Live))
	program.DeclineWords(page)
	r.ClientBytes = browser.Eval[int64](page, `performance.getEntries().reduce((sum, e) => sum + (e.encodedBodySize ?? 0), 0)`)
	page.Sample(true)
	page.WaitSamples(patience, browser.Frames("", 150)) // let it settle

	page.WaitFor(fmt.Sprintf("sealcam.stats().tiles[0].route === %d", routes[r.Transport]), patience)
	tb.Logf("%s: watching for %d s", r.Transport, r.Seconds)
	page.Sample(true)
	begin, agentCPU, serverCPU, load := time.Now(), agent.CPU(tb), server.CPU(tb), page.Load()
	page.WaitSamples(patience+time.Duration(r.Seconds)*time.Second, func([]browser.Sample) bool {
		return time.Since(begin) >= time.Duration(r.Seconds)*time.Second
	})
	elapsed := time.Since(begin)
	r.AgentCPU = percent(agent.CPU(tb)-agentCPU, elapsed)
	r.ServerCPU = percent(server.CPU(tb)-serverCPU, elapsed)
	r.AgentRSS, r.ServerRSS = mebibytes(agent.Memory(tb)), mebibytes(server.Memory(tb))
	after := page.Load()
	wantRoute(tb, page, r.Transport)
	samples := page.Samples()

	glass, unknown := browser.Latencies(samples, cam.SentAt)
	if len(glass) == 0 || unknown > 0 {
		tb.Fatalf("%d pictures were read, %d more that the camera did not send", len(glass), unknown)
	}
	if err := browser.Check(samples, browser.Expect{Bits: 1, Repeat: true}); err != nil {
		tb.Errorf("%v", err)
	}
	r.GlassP50, r.GlassP95 = milliseconds(browser.Percentile(glass, 50)), milliseconds(browser.Percentile(glass, 95))
	r.GlassP99 = milliseconds(browser.Percentile(glass, 99))
	r.FPS = round(browser.Rate(samples))
	r.MainThread = round(milliseconds(after.Tasks-load.Tasks) / float64(len(glass)))

	tb.Logf("%s: first picture, cold page", r.Transport)
	address, _, _ := strings.Cut(link, "#")
	page.Open("about:blank") // stops watching; the tab keeps the profile
	var cold []time.Duration
	for range repeats {
		p := b.NewPage(browser.SameProfile(page), browser.Script("__sealcamSampler.on = true"))
		p.Open(withTransport(address, r.Transport))
		first := firstPicture(p.WaitSamples(patience, browser.Frames("", 1)), 1)
		start := browser.Eval[float64](p, "performance.timeOrigin")
		cold = append(cold, first.Sub(time.UnixMicro(int64(start*1000))))
		p.Close()
	}
	r.Cold, r.ColdMin, r.ColdMax = spread(cold)
}

// changeCamera measures how long another camera's first picture takes in an open page.
func changeCamera(tb browser.TB, b *browser.Browser, cams []*rtspcam.Camera, r *result, repeats int) {
	home := program.StartHome(tb, program.Options{}, cams...)
	page := b.NewPage()
	page.Open(withTransport(home.Link, r.Transport))
	page.WaitTiles(2, patience, browser.In(browser.Live))
	program.DeclineWords(page)
	tb.Logf("%s: first picture of another camera", r.Transport)
	page.Click("[data-tile]") // full size: the other camera is not watched any more
	shown := 1
	var times []time.Duration
	for range 2 * repeats {
		page.Sample(true)
		page.WaitSamples(patience, func(s []browser.Sample) bool { return !firstPicture(s, shown).IsZero() && settled(s) })
		shown = 3 - shown
		page.Sample(true)
		key := map[int]string{1: kb.ArrowLeft, 2: kb.ArrowRight}[shown]
		browser.Eval[bool](page, `!addEventListener("keydown", (e) => { globalThis.__pressed = performance.timeOrigin + e.timeStamp; }, {capture: true, once: true})`)
		page.Press(key)
		first := firstPicture(page.WaitSamples(patience, func(s []browser.Sample) bool { return !firstPicture(s, shown).IsZero() }), shown)
		pressed := browser.Eval[float64](page, "__pressed")
		times = append(times, first.Sub(time.UnixMicro(int64(pressed*1000))))
	}
	r.Switch, r.SwitchMin, r.SwitchMax = spread(times)
}

// settled tells that a camera has been watched for two seconds, so that the other one's keys and frames are gone.
func settled(s []browser.Sample) bool {
	return len(s) > 1 && s[len(s)-1].At.Sub(s[0].At) > 2*time.Second
}

// firstPicture returns when the first picture of a camera was drawn.
func firstPicture(samples []browser.Sample, number int) time.Time {
	for _, s := range samples {
		if s.Err == nil && s.Reading.Camera == number {
			return s.At
		}
	}
	return time.Time{}
}

// startCamera plays the clip of the issue: 1080p30, 3 Mbit/s, a key frame every 2 s.
func startCamera(tb browser.TB, number int) *rtspcam.Camera {
	spec := clips.Latency()
	spec.Name, spec.Camera = fmt.Sprintf("%s-%d", spec.Name, number), number
	config, err := clips.Make(tb.Context(), spec)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	cam, err := rtspcam.Start(config)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(cam.Close)
	return cam
}

// withTransport puts ?transport=relay before a link's fragment. Peer to peer is what the viewer chooses by itself: it starts on the
// relay, which needs no negotiation, and moves over.
func withTransport(link, transport string) string {
	if transport != "relay" {
		return link
	}
	before, fragment, claim := strings.Cut(link, "#")
	if !claim {
		return before + "?transport=relay"
	}
	return before + "?transport=relay#" + fragment
}

// routes are the numbers of control.Route.
var routes = map[string]int{"p2p": 1, "relay": 2}

// wantRoute fails the measurement unless the pictures take the way that is to be measured.
func wantRoute(tb browser.TB, page *browser.Page, transport string) {
	if got := browser.Eval[int](page, "sealcam.stats().tiles[0].route"); got != routes[transport] {
		tb.Fatalf("the pictures take route %d, not %s", got, transport)
	}
}

func milliseconds(d time.Duration) float64 { return round(float64(d.Microseconds()) / 1000) }

func mebibytes(n int64) float64 { return round(float64(n) / (1 << 20)) }

func percent(part, whole time.Duration) float64 { return round(100 * float64(part) / float64(whole)) }

func round(v float64) float64 { return float64(int(v*100+.5)) / 100 }

func spread(values []time.Duration) (median, least, most float64) {
	return milliseconds(browser.Percentile(values, 50)), milliseconds(slices.Min(values)), milliseconds(slices.Max(values))
}
