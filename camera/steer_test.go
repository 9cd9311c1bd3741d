package camera

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/transport/rtp"
)

// steered is a meeting whose session watches a camera, and another viewer of the same camera.
type steered struct {
	*meeting
	b     *bench
	w     *watcher
	other *eye
	st    steering
	units int
}

func newSteered(t *testing.T) *steered {
	m := newMeeting(t)
	b := newBench(t)
	b.hub.number, b.hub.now = 0, time.Now
	m.s.agent.hubs = []*hub{b.hub}
	key, err := identity.GenerateDevice(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &steered{meeting: m, b: b, w: &watcher{sink: m.s, device: key.Public(), stream: seal.Main, route: control.Relay}}
	m.s.watchers = map[uint8]*watcher{0: d.w}
	if err := b.hub.join(d.w); err != nil {
		t.Fatal(err)
	}
	d.other = b.join(control.Peer)
	m.want(1)
	m.run("connected", func() bool { return rtp.State(m.state.Load()) == rtp.StateConnected })
	b.hub.change(d.w, &control.Watch{Stream: seal.Main, Route: control.Peer, Lower: control.StreamsOf(seal.Sub, seal.Still, 5, 7), Area: 1})
	return d
}

// film has the camera deliver a picture of each stream, and the session look at its path.
func (d *steered) film() {
	key := "-"
	if d.units%20 == 0 {
		key = "K"
	}
	d.units++
	d.b.deliver(key)
	d.b.small(key)
	d.s.steer(&d.st, time.Now())
}

// A viewer who reads no more is sent nothing but small probes; another viewer of the same camera gets every picture.
func TestDeadPathGetsNothing(t *testing.T) {
	d := newSteered(t)
	d.run("seen", func() bool {
		d.film()
		return d.frames.Load() > 5 && len(d.w.feeds) == 1
	})
	if err := d.viewer.Close(); err != nil {
		t.Fatal(err)
	}
	d.run("given up", func() bool {
		d.film()
		return len(d.w.feeds) == 0
	})
	before := d.s.peer.any().(*loggedPath).Stats()
	seen := len(d.other.seen)
	for range 200 {
		d.film()
	}
	if after := d.s.peer.any().(*loggedPath).Stats(); after.Frames != before.Frames || after.Packets-before.Packets > 10 {
		t.Errorf("%+v became %+v", before, after)
	}
	if n := len(d.other.seen) - seen; n != 200 {
		t.Errorf("the other viewer saw %d of 200 pictures", n)
	}
}

// Wishes for streams that there are not, flapping without end, and everything at once: what is sent is what the camera has.
func TestImpossibleLayers(t *testing.T) {
	d := newSteered(t)
	d.film()
	for i := range 2000 {
		d.b.hub.change(d.w, &control.Watch{
			Stream: seal.Stream(i % 2), Route: control.Route(1 + i%3), Again: true, Lower: control.Streams(i) &^ control.StreamsOf(seal.Stream(i%2)), Area: uint32(i) << (i % 20),
		})
		d.film()
		for _, f := range d.w.feeds {
			if f.Stream != seal.Main && f.Stream != seal.Sub {
				t.Fatalf("%+v is sent", f)
			}
		}
		if len(d.w.feeds) > 2 {
			t.Fatalf("%d feeds", len(d.w.feeds))
		}
	}
	stats := d.s.peer.any().(*loggedPath).Stats()
	if frames := stats.Frames + stats.Dropped + stats.Flushed; frames > 40*uint64(d.units) {
		t.Errorf("%d frames for %d pictures: %+v", frames, d.units, stats)
	}
	if n := len(d.other.seen); n != d.units {
		t.Errorf("the other viewer saw %d of %d pictures", n, d.units)
	}
}

// What may stand for the pictures that a viewer wishes is what there is of them, and nothing that is no picture.
func TestPicturesOfACamera(t *testing.T) {
	d := newSteered(t)
	if got, want := d.b.hub.pictures(), control.StreamsOf(seal.Main, seal.Sub, seal.Still); got != want {
		t.Errorf("%b, want %b", got, want)
	}
}
