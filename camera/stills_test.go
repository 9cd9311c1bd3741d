package camera

import (
	"bytes"
	"context"
	"image/jpeg"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/camera/demo"
	"github.com/sealcam/sealcam/camera/file"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// gallery is a hub whose worker runs, in a synctest bubble, and real key frames of both layers.
type gallery struct {
	*bench
	main, sub codec.AccessUnit
}

func newGallery(t *testing.T) *gallery {
	t.Helper()
	g := &gallery{bench: newBench(t)}
	g.main, g.sub = realKey(t, demo.Main), realKey(t, demo.Sub)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.hub.makeStills(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return g
}

// keySink keeps a source's first unit.
type keySink struct {
	au  codec.AccessUnit
	got context.CancelFunc
}

func (s *keySink) Status(source.Status) {}

func (s *keySink) Deliver(_ source.Layer, au codec.AccessUnit) {
	if s.au.Data == nil {
		s.au = au
		s.got()
	}
}

func realKey(t *testing.T, stream []byte) codec.AccessUnit {
	t.Helper()
	src, err := file.FromBytes("a clip", stream, nil, demo.Rate, source.NewClock())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &keySink{got: cancel}
	if err := src.Run(ctx, s); err != nil {
		t.Fatal(err)
	}
	return s.au
}

// shoot delivers a key frame of a layer, later than the one before, and waits for what becomes of it.
func (g *gallery) shoot(l source.Layer, later time.Duration, change func(*codec.AccessUnit)) codec.Timestamp {
	au := g.main
	if l == source.Sub {
		au = g.sub
	}
	g.now = g.now.Add(later)
	au.Captured = codec.Timestamp(g.now.UnixMicro())
	if change != nil {
		au.Data = bytes.Clone(au.Data)
		change(&au)
	}
	g.hub.Deliver(l, au)
	synctest.Wait()
	return au.Captured
}

// counts returns what the worker did.
func (g *gallery) counts() (made, failed, dropped uint64) {
	g.hub.mu.Lock()
	defer g.hub.mu.Unlock()
	return g.hub.stills.made, g.hub.stills.failed, g.hub.stills.dropped
}

// wantMade checks how many stills were made so far.
func (g *gallery) wantMade(t *testing.T, want uint64) {
	t.Helper()
	if made, failed, dropped := g.counts(); made != want || failed != 0 || dropped != 0 {
		t.Fatalf("%d stills made, %d failed, %d dropped; want %d, 0, 0", made, failed, dropped, want)
	}
}

// visitor watches stills.
func (g *gallery) visitor() *eye {
	e := g.join(control.Peer)
	e.seen = nil
	e.steer(feedOf(seal.Still))
	synctest.Wait()
	return e
}

// pictures are what an eye saw, as JPEG files.
func (e *eye) pictures(t *testing.T) (sizes [][2]int) {
	t.Helper()
	for _, s := range e.seen {
		c, err := jpeg.DecodeConfig(bytes.NewReader([]byte(s)))
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, [2]int{c.Width, c.Height})
	}
	return sizes
}

// Stills are made while somebody watches them, and only then: at once of the last key frame, and at most one a second of those that come.
func TestStillsOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGallery(t)
		video := g.join(control.Peer)
		g.shoot(source.Main, time.Second, nil)
		g.shoot(source.Sub, 0, nil)
		g.wantMade(t, 0)

		e := g.visitor()
		g.wantMade(t, 1)
		for range 10 { // key frames four times a second, of both layers
			g.shoot(source.Main, 125*time.Millisecond, nil)
			g.shoot(source.Sub, 125*time.Millisecond, nil)
		}
		if made, _, _ := g.counts(); made < 3 || made > 4 {
			t.Errorf("%d stills in 2.5 s", made)
		}
		if got := e.pictures(t); slices.ContainsFunc(got, func(size [2]int) bool { return size != [2]int{640, 360} }) {
			t.Errorf("sizes %v", got)
		}
		before, _, _ := g.counts()
		if uint64(len(e.seen)) != before {
			t.Errorf("%d stills were seen of %d", len(e.seen), before)
		}
		g.hub.leave(e.w)
		g.shoot(source.Sub, 5*time.Second, nil)
		g.wantMade(t, before)
		if len(g.hub.gops[seal.Still].units) != 0 {
			t.Error("the last still is kept though nobody watches")
		}
		if len(video.seen) != 11 {
			t.Errorf("who watches video saw %d pictures of 11", len(video.seen))
		}
	})
}

// A key frame every second, each a little early or late, gives a still every second.
func TestStillsKeepPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGallery(t)
		g.shoot(source.Sub, 0, nil)
		e := g.visitor()
		for i := range 20 {
			jitter := []time.Duration{-80, 80, 0, 100, -100}[i%5] * time.Millisecond
			g.shoot(source.Sub, time.Second+jitter, nil)
		}
		g.wantMade(t, 21)
		if len(e.seen) != 21 {
			t.Errorf("%d were seen", len(e.seen))
		}
	})
}

// Who comes back to stills is not shown the one from before, only what is made from then on.
func TestStillsAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGallery(t)
		g.shoot(source.Sub, 0, nil)
		e := g.visitor()
		e.steer(feedOf(seal.Main))
		synctest.Wait()
		g.now = g.now.Add(time.Minute)
		e.seen = nil
		g.hub.gops[seal.Sub].drop() // the camera gave nothing meanwhile
		e.steer(feedOf(seal.Still))
		synctest.Wait()
		if len(e.seen) != 0 {
			t.Error("an old still was sent again")
		}
		g.shoot(source.Sub, 0, nil)
		if len(e.pictures(t)) != 1 {
			t.Errorf("%d stills were seen", len(e.seen))
		}
	})
}

// Without key frames of the sub-stream stills are made of the main one, until it comes back.
func TestStillsOfMainStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGallery(t)
		g.shoot(source.Main, 0, nil)
		e := g.visitor()
		g.shoot(source.Main, 2*time.Second, nil)
		g.wantMade(t, 2)
		g.shoot(source.Sub, 2*time.Second, nil)
		g.shoot(source.Main, 2*time.Second, nil)
		g.wantMade(t, 3)
		g.shoot(source.Main, stillQuiet, nil)
		g.wantMade(t, 4)
		if got := e.pictures(t); len(got) != 4 {
			t.Errorf("saw %v", got)
		}
	})
}

// A damaged key frame gives no still; it is counted, and the next one is shown.
func TestDamagedKeyFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGallery(t)
		g.shoot(source.Sub, 0, nil)
		e := g.visitor()
		e.seen = nil
		g.shoot(source.Sub, time.Second, func(au *codec.AccessUnit) { au.Data = au.Data[:len(au.Data)/2] })
		if made, failed, _ := g.counts(); made != 1 || failed != 1 || len(e.seen) != 0 {
			t.Errorf("%d made, %d failed, %d seen", made, failed, len(e.seen))
		}
		g.shoot(source.Sub, time.Second, nil)
		if made, failed, _ := g.counts(); made != 2 || failed != 1 || len(e.pictures(t)) != 1 {
			t.Errorf("%d made, %d failed, %d seen", made, failed, len(e.seen))
		}
	})
}

// Stills that turn out to be impossible, because no key frame of any layer can be decoded, are no longer offered: who watches them would wait
// in vain. With another coding they are tried again. Where some were made, failures are the exception.
func TestStillsWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGallery(t)
		told := 0
		g.hub.offers = func() { told++ }
		broken := func(au *codec.AccessUnit) { au.Data = au.Data[:len(au.Data)/2] }
		want := func(what string, offered bool, times int) {
			t.Helper()
			if g.hub.hasStills() != offered || told != times {
				t.Errorf("%s: offered %v, told %d times", what, g.hub.hasStills(), told)
			}
		}
		g.shoot(source.Main, 0, broken)
		g.shoot(source.Sub, 0, broken)
		want("nothing tried", true, 1)
		e := g.visitor()
		for range stillTries - 1 {
			g.shoot(source.Sub, time.Second, broken)
		}
		want("of the sub-stream none", true, 1)
		for range stillTries - 1 {
			g.shoot(source.Main, time.Second, broken)
			want("of the main stream not enough tried", true, 1)
		}
		g.shoot(source.Main, time.Second, broken)
		want("of both none", false, 2)
		g.shoot(source.Main, time.Second, nil)
		g.shoot(source.Sub, time.Second, nil)
		want("not tried any more", false, 2)
		if made, failed, _ := g.counts(); made != 0 || failed != 2*stillTries || len(e.seen) != 0 {
			t.Errorf("%d made, %d failed, %d seen", made, failed, len(e.seen))
		}

		g.main.Config.Profile = "avc1.42E01F" // the camera was set up anew
		g.shoot(source.Main, time.Second, nil)
		want("another coding", true, 3)
		for range stillTries + 1 {
			g.shoot(source.Main, time.Second, broken)
		}
		want("some were made", true, 3)
	})
}

// A worker that is busy finds the latest key frame when it is done, and the one between is counted.
func TestStillsQueue(t *testing.T) {
	b := newBench(t)
	b.hub.stills.wanted = true
	sub := realKey(t, demo.Sub)
	for i := range 3 {
		b.now = b.now.Add(time.Second)
		sub.Captured = codec.Timestamp(i)
		b.hub.Deliver(source.Sub, sub)
	}
	if len(b.hub.stills.work) != 1 || b.hub.stills.dropped != 2 {
		t.Fatalf("%d wait, %d were dropped", len(b.hub.stills.work), b.hub.stills.dropped)
	}
	if w := <-b.hub.stills.work; w.key.Captured != 2 {
		t.Errorf("number %d waits", w.key.Captured)
	}
}

// Stills are offered for H.264 within the bounds alone, and not where the camera's own stream is JPEG.
func TestStillsOffered(t *testing.T) {
	config := func(c codec.Codec, width, height uint16) codec.Config {
		profile := "avc1.42E01E"
		switch c {
		case codec.H265:
			profile = "hvc1.1.6.L93.B0"
		case codec.JPEG:
			profile = ""
		}
		return codec.Config{Codec: c, Width: width, Height: height, Profile: profile}
	}
	for _, c := range []struct {
		name      string
		main, sub codec.Config
		want      bool
	}{
		{"nothing known", codec.Config{}, codec.Config{}, false},
		{"H.264", config(codec.H264, 1920, 1080), codec.Config{}, true},
		{"H.265", config(codec.H265, 1920, 1080), codec.Config{}, false},
		{"H.265 with a sub-stream in H.264", config(codec.H265, 3840, 2160), config(codec.H264, 640, 360), true},
		{"large", config(codec.H264, 3840, 2160), codec.Config{}, false},
		{"large with a small sub-stream", config(codec.H264, 3840, 2160), config(codec.H264, 640, 360), true},
		{"JPEG", config(codec.JPEG, 640, 480), codec.Config{}, false},
		{"JPEG with a sub-stream in H.264", config(codec.JPEG, 640, 480), config(codec.H264, 640, 360), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			for l, config := range []codec.Config{c.main, c.sub} {
				if config.Codec != 0 {
					b.hub.Deliver(source.Layer(l), codec.AccessUnit{Data: []byte("picture"), Key: true, Config: config})
				}
			}
			want := []seal.Stream{seal.Main, seal.Sub}
			if c.want {
				want = append(want, seal.Still)
			}
			if got, err := b.hub.camera(b.hub.src.Agent.ID()); err != nil || !slices.Equal(got.Streams, want) {
				t.Errorf("offers %v, %v", got.Streams, err)
			}
			if b.hub.has(seal.Still) != c.want || b.hub.hasStills() != c.want {
				t.Error("has says otherwise")
			}
		})
	}
}

// No source can pass for the agent's own stills.
func TestSourceDeliversNoStills(t *testing.T) {
	b := newBench(t)
	b.hub.Deliver(source.Layer(seal.Still), codec.AccessUnit{Data: []byte("picture"), Key: true, Config: testConfig})
	if b.hub.gops[seal.Still].number != 0 {
		t.Error("taken")
	}
}

// Who was let in before the camera's first key frame is told of stills as soon as they can be made, and once only.
func TestStillsAnnouncedLater(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		g := h.visit(h.owner)
		if slices.Contains(g.accept.Cameras[0].Streams, seal.Still) {
			t.Fatal("offered before anything is known of the camera")
		}
		began := time.Now()
		h.film(0, "K-")
		told := next[*control.Terms](g)
		if late := time.Since(began); late != 0 {
			t.Errorf("told after %v", late)
		}
		if len(told.Cameras) != 3 || !slices.Contains(told.Cameras[0].Streams, seal.Still) || slices.Contains(told.Cameras[1].Streams, seal.Still) {
			t.Errorf("told %+v", told.Cameras)
		}
		later := h.visit(h.owner)
		if !slices.Contains(later.accept.Cameras[0].Streams, seal.Still) {
			t.Errorf("the next one was told %+v", later.accept.Cameras[0])
		}
		h.film(0, "K-")
		time.Sleep(2 * lookEvery)
		none[*control.Terms](g)
	})
}
