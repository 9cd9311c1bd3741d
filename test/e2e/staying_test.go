//go:build e2e && linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/program"
	"github.com/sealcam/sealcam/test/rtspcam"
	"github.com/sealcam/sealcam/transport/netem"
	"github.com/sealcam/sealcam/viewer"
)

// stayingNumber is the camera's in the barcode.
const stayingNumber = 5

// away is a home whose owner's browser is somewhere else: server, agent and camera are programs on one side of a network, the browser is on
// the other. One page stays open through all that happens.
type away struct {
	network *netem.Network
	good    netem.Profile
	home    *program.Home
	camera  *rtspcam.Camera
	page    *browser.Page
	agent   string // as the page knows it
}

func startAway(t *testing.T) *away {
	t.Helper()
	if err := netem.Available(); err != nil {
		t.Skip(err)
	}
	w := &away{good: netem.Symmetric("good", 20*time.Millisecond, 0)}
	var err error
	if w.network, err = netem.New(w.good, 1); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.network.Close(); err != nil {
			t.Error(err)
		}
	})
	// Not shorter than any of the interruptions, or an old picture could pass for a young one.
	config, err := clips.Make(t.Context(), clips.Spec{
		Name: "staying", Width: 960, Height: 540, Bitrate: 800_000, Seconds: 60, Camera: stayingNumber, Codec: codec.H264,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.onA(t, func() (err error) {
		w.camera, err = rtspcam.Start(config)
		return err
	})
	t.Cleanup(w.camera.Close)
	w.home = program.StartHome(t, program.Options{
		Address: fmt.Sprintf("%s:8477", w.network.Address(netem.A)), Subs: true,
		Launch: func(c *exec.Cmd) error { return w.network.Start(netem.A, c) },
	}, w.camera)
	b := browser.Start(t,
		chromedp.ModifyCmdFunc(func(c *exec.Cmd) {
			if err := w.network.Enter(netem.B, c); err != nil {
				t.Error(err)
			}
		}),
		// The address is no localhost here.
		chromedp.Flag("unsafely-treat-insecure-origin-as-secure", "http://"+w.home.Address),
		chromedp.Flag("disable-features", "Translate,MediaRouter,OptimizationHints,WebRtcHideLocalIpsWithMdns"))
	w.page = b.NewPage()
	w.page.Open(w.home.Link)
	w.page.WaitTiles(1, patience, browser.In(browser.Live))
	program.DeclineWords(w.page)
	w.direct(t)
	w.agent = browser.Eval[string](w.page, "globalThis.stayed = true, sealcam.stats().homes[0].agent")
	return w
}

func (w *away) onA(t *testing.T, f func() error) {
	t.Helper()
	if err := w.network.Do(netem.A, f); err != nil {
		t.Fatal(err)
	}
}

// direct waits until the pictures come by the direct path.
func (w *away) direct(t *testing.T) {
	t.Helper()
	w.page.WaitFor(fmt.Sprintf("sealcam.stats().tiles[0].route === %d && sealcam.stats().tiles[0].state === 'live'", control.Peer), patience)
}

// interrupted waits until the picture was not live any more, and the tile said one of the reasons why.
func (w *away) interrupted(t *testing.T, state browser.State, reasons ...viewer.Reason) {
	t.Helper()
	w.page.WaitNoted(patience, func(tile browser.Tile) bool {
		return tile.State == state && slices.ContainsFunc(reasons, func(r viewer.Reason) bool { return r.String() == tile.Reason })
	})
}

// back waits for the picture, and for some after it.
func (w *away) back(t *testing.T) {
	t.Helper()
	w.page.WaitTile("", patience, browser.In(browser.Live))
	before := browser.Eval[int](w.page, "sealcam.stats().tiles[0].passed")
	w.page.WaitFor(fmt.Sprintf("sealcam.stats().tiles[0].passed > %d", before+30), patience)
}

// through has something happen while the page is watched, and judges every picture that was drawn meanwhile. It returns the longest time
// without one.
func (w *away) through(t *testing.T, happen func()) (gap time.Duration) {
	t.Helper()
	w.page.Sample(true)
	w.page.WaitSamples(patience, browser.Frames("", 10))
	w.page.NoteTiles()
	happen()
	samples := w.page.Samples()
	if err := browser.Check(samples, browser.Expect{Bits: stayingNumber, Blank: true, Repeat: true}); err != nil {
		t.Error(err)
	}
	const slack = 250 * time.Millisecond // the tile's state is as old as the page's last look
	var last, newest time.Time
	for _, s := range samples {
		if s.Err != nil {
			continue
		}
		sent, ok := w.camera.SentAt(s.Reading.Number, s.At)
		if !ok {
			t.Errorf("picture %d was not sent", s.Reading.Number)
			continue
		}
		if age := s.At.Sub(sent); s.State == browser.Live && age > 2*time.Second+slack || age > 10*time.Second+slack {
			t.Errorf("a picture of %v ago is drawn in state %s", age, s.State)
		}
		if sent.Before(newest) {
			t.Errorf("a picture from %v before the last one is drawn after it", newest.Sub(sent))
		}
		if !last.IsZero() {
			gap = max(gap, s.At.Sub(last))
		}
		last, newest = s.At, sent
	}
	if !browser.Eval[bool](w.page, "globalThis.stayed === true") {
		t.Fatal("the page was loaded again")
	}
	if agent := browser.Eval[string](w.page, "sealcam.stats().homes[0].agent"); agent != w.agent {
		t.Errorf("another home: %s", agent)
	}
	if w.home.Claimable() {
		t.Error("the agent asked to be claimed again")
	}
	return gap
}

// Whatever ends for a while, the picture comes back by itself: without a click, a reload or a second claim. Meanwhile the tile says what it
// is, and nothing old is called live.
func TestStaying(t *testing.T) {
	w := startAway(t)
	t.Run("server killed and started again", func(t *testing.T) {
		gap := w.through(t, func() {
			w.home.Server.Kill()
			w.interrupted(t, browser.Stale, viewer.ReasonServerRestart)
			w.home.StartServer()
			w.back(t)
		})
		t.Logf("no picture for %v", gap)
	})
	t.Run("agent killed and started again", func(t *testing.T) {
		gap := w.through(t, func() {
			w.home.Agent.Kill()
			w.interrupted(t, browser.Stale, viewer.ReasonAgentOffline, viewer.ReasonAgentSilent, viewer.ReasonSessionLost)
			w.home.StartAgent()
			w.back(t)
		})
		t.Logf("no picture for %v", gap)
	})
	t.Run("camera off and on again", func(t *testing.T) {
		w.direct(t)
		gap := w.through(t, func() {
			w.camera.Stop()
			w.interrupted(t, browser.Stale, viewer.ReasonCamera)
			w.onA(t, w.camera.Restart)
			w.back(t)
		})
		t.Logf("no picture for %v", gap)
	})
	t.Run("UDP blocked and allowed again", func(t *testing.T) {
		w.direct(t)
		gap := w.through(t, func() {
			barred := w.good
			barred.NoUDP = true
			w.network.Set(barred)
			w.page.WaitFor(fmt.Sprintf("sealcam.stats().tiles[0].route === %d", control.Relay), patience)
			w.back(t)
			w.network.Set(w.good)
			w.direct(t)
		})
		t.Logf("no picture for %v", gap)
		if gap > 4*time.Second {
			t.Errorf("no picture for %v, though the relay was there", gap)
		}
	})
	for _, long := range []time.Duration{3 * time.Second, 15 * time.Second} {
		t.Run("blackout of "+long.String(), func(t *testing.T) {
			w.direct(t)
			gap := w.through(t, func() {
				dark := w.good
				dark.Blackouts = []netem.Blackout{{For: long}}
				w.network.Begin()
				w.network.Set(dark)
				w.interrupted(t, browser.Stale, viewer.ReasonOffline)
				if long > 10*time.Second {
					w.interrupted(t, browser.Blank, viewer.ReasonOffline)
				}
				w.back(t)
			})
			t.Logf("no picture for %v, %v after the blackout's end", gap, gap-long)
		})
	}
	t.Run("another address", func(t *testing.T) {
		w.direct(t)
		gap := w.through(t, func() {
			if err := w.network.Move(netem.B); err != nil {
				t.Fatal(err)
			}
			w.page.WaitNoted(patience, browser.In(browser.Stale, browser.Blank))
			w.back(t)
		})
		t.Logf("no picture for %v", gap)
	})
	t.Run("laptop asleep", func(t *testing.T) {
		w.direct(t)
		gap := w.through(t, func() {
			w.sleep(t, 20*time.Second)
			w.back(t)
		})
		t.Logf("no picture for %v", gap)
	})
	w.direct(t)
	noExceptions(t, w.page)
}

// sleep stops the browser and all its processes for a while, as a laptop does whose lid is closed. It is all that runs on its side.
func (w *away) sleep(t *testing.T, long time.Duration) {
	t.Helper()
	var side string
	if err := w.network.Do(netem.B, func() (err error) {
		side, err = os.Readlink("/proc/thread-self/ns/net")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var stopped []int
	for _, dir := range found {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || pid == os.Getpid() {
			continue
		}
		if ns, err := os.Readlink(filepath.Join(dir, "ns/net")); err == nil && ns == side && syscall.Kill(pid, syscall.SIGSTOP) == nil {
			stopped = append(stopped, pid)
		}
	}
	defer func() {
		for _, pid := range stopped {
			_ = syscall.Kill(pid, syscall.SIGCONT) // one that has ended needs no waking
		}
	}()
	if len(stopped) < 2 {
		t.Fatalf("%d processes of the browser found", len(stopped))
	}
	<-time.After(long)
}
