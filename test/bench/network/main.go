//go:build linux

// Command network measures what is left of the picture on bad networks: `./build.sh bench network [-profile NAME]`. Server, agent and
// camera stand on one side of an emulated network, headless Chromium on the other (transport/netem); the barcode is read from the drawn
// canvas. One JSON object a profile and seed goes to standard output, progress to standard error. It needs root.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/program"
	"github.com/sealcam/sealcam/test/rtspcam"
	"github.com/sealcam/sealcam/transport/netem"
)

// patience bounds a failure; it measures nothing.
const patience = 90 * time.Second

// The viewport is small, because software GL leaves out pictures where it is slow, which is not the network's fault; the tile is shown in full
// size, so that the viewer asks for the main stream.
const width, height = 320, 180

// port is that of the server, in a namespace of its own.
const port = 8477

// result is a line of the output.
type result struct {
	Bench     string  `json:"bench"`
	Profile   string  `json:"profile"`
	Seed      uint64  `json:"seed"`
	OnTime    float64 `json:"on_time_pct"` // pictures of the layer shown that were on the screen within 500 ms
	Decoded   float64 `json:"decoded_pct"` // pictures of the layer shown that were proven and decoded: a display without a graphics card leaves some of them out
	Current   float64 `json:"current_pct"` // instants of which, 500 ms later, the screen showed a picture or a younger one
	P50       float64 `json:"p50_ms"`
	P95       float64 `json:"p95_ms"`
	P99       float64 `json:"p99_ms"`
	Freeze    float64 `json:"freeze_s"`    // together, of the gaps over 200 ms
	Recovery  float64 `json:"recovery_ms"` // from the blackout's end to the next picture; 0 without one
	Layers    int     `json:"layer_changes"`
	Overhead  float64 `json:"overhead_pct"`  // bytes on the wire towards the viewer beyond those of the pictures shown; means nothing where stills are
	SubShare  float64 `json:"sub_pct"`       // of the time in which the sub-stream was shown
	RelayPart float64 `json:"relay_pct"`     // of the time on the relay
	Stale     float64 `json:"stale_as_live"` // pictures over 2 s old that were shown as live
	Seconds   int     `json:"seconds"`
}

func main() {
	seconds := flag.Int("seconds", 60, "how long to watch each profile and seed")
	seeds := flag.Uint64("seeds", 3, "how many seeds a profile")
	only := flag.String("profile", "", "measure this profile alone")
	agentLog := flag.String("agent-log", "", "the agent's level of logging, such as debug: it tells each change of the layer")
	query := flag.String("query", "", "for the viewer's address, such as transport=p2p")
	flag.Parse()
	if flag.NArg() > 0 {
		*only = flag.Arg(0)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := netem.Available(); err != nil {
		log.Error("not measured", "error", err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	known := false
	for _, profile := range netem.Profiles() {
		if *only != "" && *only != profile.Name {
			continue
		}
		known = true
		for seed := uint64(1); seed <= *seeds; seed++ {
			r := result{Bench: "network", Profile: profile.Name, Seed: seed, Seconds: *seconds}
			name := fmt.Sprintf("network-%s-%d", profile.Name, seed)
			err := browser.Run(ctx, name, log, func(tb browser.TB) { measure(tb, profile, *query, *agentLog, &r) })
			if err != nil {
				log.Error("not measured", "profile", profile.Name, "seed", seed, "error", err)
				os.Exit(1)
			}
			if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
				log.Error(err.Error())
				os.Exit(1)
			}
		}
	}
	if !known {
		log.Error("there is no such profile", "profile", *only)
		os.Exit(2)
	}
}

// measure fills in a result.
func measure(tb browser.TB, profile netem.Profile, query, agentLog string, r *result) {
	// The page is loaded and the home claimed over a good network with the profile's delay: what is measured is the picture.
	settle := netem.Profile{Down: netem.Path{Delay: profile.Down.Delay}, Up: netem.Path{Delay: profile.Up.Delay}, NoUDP: profile.NoUDP}
	network, err := netem.New(settle, r.Seed)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		if err := network.Close(); err != nil {
			tb.Errorf("%v", err)
		}
	})
	config, cam := startCamera(tb, network)
	home := program.StartHome(tb, program.Options{
		Address: fmt.Sprintf("%s:%d", network.Address(netem.A), port), Subs: true, AgentLog: agentLog,
		Launch: func(c *exec.Cmd) error { return network.Start(netem.A, c) },
	}, cam)
	page := openPage(tb, network, home.Address, withQuery(home.Link, query))
	page.WaitTiles(1, patience, browser.In(browser.Live))
	program.DeclineWords(page)
	page.Click("[data-tile]")
	page.WaitFor("sealcam.stats().tiles[0].width > 640", patience)
	page.Sample(true)
	page.WaitSamples(patience, browser.Frames("", 150)) // on its way and on the direct path, where there is one

	network.Set(profile)
	tb.Logf("%s, seed %d: watching for %d s", profile.Name, r.Seed, r.Seconds)
	time.Sleep(5 * time.Second) // let what the good network carried go by
	page.Sample(true)
	page.WaitSamples(patience, browser.Frames("", 1)) // it does not begin at once
	network.Begin()
	w := watch(page, network, time.Duration(r.Seconds)*time.Second)
	w.judge(tb, r, config, cam, profile)
}

// openPage starts Chromium on the viewer's side.
func openPage(tb browser.TB, network *netem.Network, address, link string) *browser.Page {
	b := browser.Start(tb,
		chromedp.ModifyCmdFunc(func(c *exec.Cmd) {
			if err := network.Enter(netem.B, c); err != nil {
				tb.Errorf("%v", err)
			}
		}),
		// The address is no localhost here, and https would measure certificates.
		chromedp.Flag("unsafely-treat-insecure-origin-as-secure", "http://"+address),
		chromedp.Flag("disable-features", "Translate,MediaRouter,OptimizationHints,WebRtcHideLocalIpsWithMdns"))
	page := b.NewPage(browser.Viewport(width, height))
	page.Open(link)
	return page
}

// startCamera plays the clip that all figures are about: 1080p30 at 3 Mbit/s and 640×360 at 15 a second.
func startCamera(tb browser.TB, network *netem.Network) (rtspcam.Config, *rtspcam.Camera) {
	config, err := clips.Make(tb.Context(), clips.Latency())
	if err != nil {
		tb.Fatalf("%v", err)
	}
	var cam *rtspcam.Camera
	if err := network.Do(netem.A, func() (err error) {
		cam, err = rtspcam.Start(config)
		return err
	}); err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(cam.Close)
	return config, cam
}

// withQuery puts a query before a link's fragment.
func withQuery(link, query string) string {
	if query == "" {
		return link
	}
	before, fragment, _ := strings.Cut(link, "#")
	return before + "?" + query + "#" + fragment
}
