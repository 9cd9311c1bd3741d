package camera

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/transport/relay"
)

var testSound = codec.Config{Codec: codec.PCMU, Rate: 8000, Channels: 1}

// speak makes the camera hear so many units.
func (b *bench) speak(n int) {
	for range n {
		b.frame++
		b.now = b.now.Add(20 * time.Millisecond)
		b.hub.Deliver(source.Sound, codec.AccessUnit{
			Data: fmt.Appendf(nil, "sound %d", b.frame), Key: true, Captured: codec.Timestamp(b.now.UnixMicro()), Config: testSound,
		})
	}
}

// heard returns what of e.seen is sound.
func (e *eye) heard() string {
	var sounds []string
	for _, s := range e.seen {
		if strings.HasPrefix(s, "sound") {
			sounds = append(sounds, strings.TrimPrefix(s, "sound "))
		}
	}
	return strings.Join(sounds, " ")
}

// Sound is sent to those who ask for it, from the next unit on, and to nobody else.
func TestSoundForWhoAsks(t *testing.T) {
	b := newBench(t)
	b.hub.sound = true
	b.deliver("K")
	b.speak(3) // 2 3 4
	deaf, keen := b.join(control.Peer), b.join(control.Peer)
	b.speak(1) // 5
	b.hub.change(keen.w, &control.Watch{Stream: seal.Main, Route: control.Peer, Sound: true})
	b.speak(2) // 6 7
	b.hub.change(keen.w, &control.Watch{Stream: seal.Main, Route: control.Peer, Sound: true, Area: 7})
	b.speak(1) // 8
	b.hub.change(keen.w, &control.Watch{Stream: seal.Main, Route: control.Peer})
	b.speak(1) // 9
	b.hub.change(keen.w, &control.Watch{Stream: seal.Main, Route: control.Peer, Sound: true})
	b.speak(1) // 10
	if got := keen.heard(); got != "6 7 8 10" {
		t.Errorf("heard %q", got)
	}
	if got := deaf.heard(); got != "" {
		t.Errorf("who did not ask heard %q", got)
	}
}

// It goes on while pictures are steered, flushed and moved to another epoch.
func TestSoundSurvivesThePictures(t *testing.T) {
	b := newBench(t)
	b.hub.sound = true
	b.deliver("K-")
	e := b.join(control.Peer)
	b.hub.change(e.w, &control.Watch{Stream: seal.Main, Lower: control.StreamsOf(seal.Sub), Route: control.Peer, Sound: true})
	b.speak(1) // 3
	e.steer()
	b.speak(1) // 4
	e.steer(feedOf(seal.Sub))
	b.speak(1) // 5
	b.now = b.now.Add(time.Second)
	b.join(control.Peer)
	b.speak(1) // 6
	b.now = b.now.Add(epochGrace)
	b.speak(1) // 7
	if got := e.heard(); got != "3 4 5 6 7" {
		t.Errorf("heard %q", got)
	}
}

func TestSoundByTheRelay(t *testing.T) {
	b := newBench(t)
	b.hub.sound = true
	b.deliver("K")
	e := b.join(control.Relay)
	topic := relay.Topic(e.epochs[0].Topic, seal.Sound)
	b.speak(2)
	if n := len(b.topic[topic]); n != 0 {
		t.Errorf("%d frames published that nobody asked for", n)
	}
	b.hub.change(e.w, &control.Watch{Stream: seal.Main, Route: control.Relay, Sound: true})
	b.speak(2)
	if n := len(b.topic[topic]); n != 2 {
		t.Fatalf("%d frames published", n)
	}
	for i, sealed := range b.topic[topic] {
		o, err := e.opener.Open(seal.Sound, sealed)
		if c, ok := o.Config(); err != nil || !o.Key() || !ok || c != testSound || !bytes.Equal(o.Data(), fmt.Appendf(nil, "sound %d", 4+i)) {
			t.Errorf("frame %d: %v %+v", i, err, o)
		}
	}
}

// What is no sound, or is not to be heard, goes nowhere.
func TestNoSound(t *testing.T) {
	whole := codec.AccessUnit{Data: []byte("sound"), Key: true, Config: testSound}
	with := func(change func(*codec.AccessUnit)) codec.AccessUnit {
		au := whole
		change(&au)
		return au
	}
	for _, c := range []struct {
		name string
		on   bool
		l    source.Layer
		au   codec.AccessUnit
		want bool
	}{
		{"sound", true, source.Sound, whole, true},
		{"switched off", false, source.Sound, whole, false},
		{"as a picture", true, source.Main, whole, false},
		{"a picture", true, source.Sound, with(func(au *codec.AccessUnit) { au.Config = testConfig }), false},
		{"no key", true, source.Sound, with(func(au *codec.AccessUnit) { au.Key = false }), false},
		{"empty", true, source.Sound, with(func(au *codec.AccessUnit) { au.Data = nil }), false},
		{"too large", true, source.Sound, with(func(au *codec.AccessUnit) { au.Data = make([]byte, codec.MaxSoundUnit+1) }), false},
		{"no rate", true, source.Sound, with(func(au *codec.AccessUnit) { au.Config.Rate = 0 }), false},
	} {
		b := newBench(t)
		b.hub.sound = c.on
		b.deliver("K")
		b.hub.Deliver(c.l, c.au)
		description, err := b.hub.camera(b.hub.src.Agent.ID())
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(description.Streams, seal.Sound); got != c.want || b.hub.hasSound() != c.want {
			t.Errorf("%s: offered %v", c.name, got)
		}
		if b.hub.has(seal.Sound) {
			t.Errorf("%s: it can be watched in place of pictures", c.name)
		}
	}
}

// Who was let in before the camera made a sound is told of it as soon as it has.
func TestSoundAnnouncedLater(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		h.a.hubs[0].sound = true
		g := h.visit(h.owner)
		if slices.Contains(g.accept.Cameras[0].Streams, seal.Sound) {
			t.Fatal("offered before there is any")
		}
		h.a.hubs[0].Deliver(source.Sound, codec.AccessUnit{Data: []byte("sound"), Key: true, Config: testSound})
		began := time.Now()
		told := next[*control.Terms](g)
		if late := time.Since(began); late != 0 {
			t.Errorf("told after %v", late)
		}
		if !slices.Contains(told.Cameras[0].Streams, seal.Sound) || slices.Contains(told.Cameras[1].Streams, seal.Sound) {
			t.Errorf("told %+v", told.Cameras)
		}
	})
}
