package camera

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera/ladder"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport"
	"github.com/sealcam/sealcam/transport/relay"
)

var testConfig = codec.Config{Codec: codec.H264, Width: 64, Height: 48, Profile: "avc1.42E01E"}

// bench is a hub with a clock that stands still, and the relay it publishes to.
type bench struct {
	t      *testing.T
	hub    *hub
	now    time.Time
	frame  int
	smalls int
	topic  map[signal.Topic][][]byte
}

func newBench(t *testing.T) *bench {
	key, err := identity.GenerateAgent(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := identity.NewCameraID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, now: time.Unix(1_800_000_000, 0), topic: map[signal.Topic][][]byte{}}
	b.hub = newHub(3, id, "porch", []source.Layer{source.Main, source.Sub}, key, slog.New(slog.DiscardHandler))
	b.hub.now = func() time.Time { return b.now }
	b.hub.nextID = 1
	return b
}

func (b *bench) Publish(topic signal.Topic, _ bool, sealed []byte) bool {
	b.topic[topic] = append(b.topic[topic], sealed)
	return true
}

func (b *bench) Retire(topic signal.Topic) { delete(b.topic, topic) }

// deliver makes the camera produce frames of the main stream; keys marks key frames with a 'K'.
func (b *bench) deliver(keys string) {
	for _, k := range keys {
		b.frame++
		b.now = b.now.Add(33 * time.Millisecond)
		b.hub.Deliver(source.Main, codec.AccessUnit{
			Data: fmt.Appendf(nil, "picture %d", b.frame), Key: k == 'K',
			Captured: codec.Timestamp(b.now.UnixMicro()), Config: testConfig,
		})
	}
}

// small makes the camera produce frames of the sub-stream.
func (b *bench) small(keys string) {
	for _, k := range keys {
		b.smalls++
		b.hub.Deliver(source.Sub, codec.AccessUnit{
			Data: fmt.Appendf(nil, "small %d", b.smalls), Key: k == 'K', Captured: codec.Timestamp(b.now.UnixMicro()), Config: testConfig,
		})
	}
}

// eye is a viewer: it opens what it gets like a real one.
type eye struct {
	b      *bench
	w      *watcher
	opener *seal.Opener
	epochs []*control.Epoch
	seen   []string
	busy   bool // something of the camera is under way
}

func (b *bench) join(route control.Route) *eye {
	e := &eye{b: b, opener: seal.NewOpener(b.hub.src)}
	key, err := identity.GenerateDevice(rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	e.w = &watcher{sink: e, device: key.Public(), relay: b, stream: seal.Main, route: route}
	if err := b.hub.join(e.w); err != nil {
		b.t.Fatal(err)
	}
	return e
}

func (e *eye) sendControl(m control.Message) {
	if m, ok := m.(*control.Epoch); ok {
		e.epochs = append(e.epochs, m)
		if err := e.opener.AddEpoch(seal.Epoch{Number: m.Number, ID: m.ID, Key: m.Key}); err != nil {
			e.b.t.Error(err)
		}
	}
}

func (e *eye) sendFrame(f transport.Frame) { e.open(f.Stream, f.Sealed) }

func (e *eye) delivered(uint8) bool { return !e.busy }

// steer has the viewer be sent these streams, as its session's ladder would.
func (e *eye) steer(feeds ...ladder.Feed) { e.b.hub.feed(e.w, feeds) }

func feedOf(s seal.Stream) ladder.Feed { return ladder.Feed{Step: ladder.Step{Stream: s}} }

func (e *eye) open(stream seal.Stream, sealed []byte) {
	o, err := e.opener.Open(stream, sealed)
	if err != nil {
		e.b.t.Errorf("frame not opened: %v", err)
		return
	}
	e.seen = append(e.seen, string(o.Data()))
}

func (e *eye) want(t *testing.T, from, to int) {
	t.Helper()
	var want []string
	for i := from; i <= to; i++ {
		want = append(want, fmt.Sprintf("picture %d", i))
	}
	if !slices.Equal(e.seen, want) {
		t.Errorf("saw %q, want %q", e.seen, want)
	}
}

func TestJoinerGetsTheCurrentGOP(t *testing.T) {
	b := newBench(t)
	b.deliver("-K--K--") // the first frame has no key frame before it
	e := b.join(control.Peer)
	e.want(t, 5, 7)
	b.deliver("-K-")
	e.want(t, 5, 10)
}

func TestJoinBeforeTheFirstPicture(t *testing.T) {
	b := newBench(t)
	e := b.join(control.Peer)
	e.want(t, 1, 0)
	b.deliver("K-")
	e.want(t, 1, 2)
}

// Whoever joins starts an epoch whose key opens nothing that was sealed for those before.
func TestJoinStartsAnEpoch(t *testing.T) {
	b := newBench(t)
	b.deliver("K--")
	first := b.join(control.Peer)
	var old [][]byte
	for _, f := range b.hub.epochs[0].streams[seal.Main].frames {
		old = append(old, f.Sealed)
	}
	b.deliver("----------")
	second := b.join(control.Peer)
	if len(first.epochs) != 2 || len(second.epochs) != 1 || second.epochs[0].Number == first.epochs[0].Number {
		t.Fatalf("the first viewer was told of %d epochs, the second of %d", len(first.epochs), len(second.epochs))
	}
	for _, sealed := range old {
		if _, err := second.opener.Open(seal.Main, sealed); err == nil {
			t.Error("the second viewer opens a frame sealed for the first")
		}
	}
	second.want(t, 1, 13)
	b.deliver("--K--")
	first.want(t, 1, 18)
	second.want(t, 1, 18)
}

// The others move when they have acked, or after the grace; never before.
func TestMoveToANewEpoch(t *testing.T) {
	b := newBench(t)
	b.deliver("K")
	first := b.join(control.Peer)
	b.now = b.now.Add(time.Second)
	b.join(control.Peer)
	b.deliver("-")
	if got := first.w.epoch.key.Number; got != 1 {
		t.Errorf("moved to epoch %d without an ack", got)
	}
	b.hub.ack(first.w, 2)
	b.deliver("-")
	if got := first.w.epoch.key.Number; got != 2 {
		t.Errorf("still in epoch %d after the ack", got)
	}
	if len(b.hub.epochs) != 1 {
		t.Errorf("%d epochs are kept, though all moved", len(b.hub.epochs))
	}
	b.now = b.now.Add(time.Second)
	b.join(control.Peer)
	b.now = b.now.Add(epochGrace)
	b.deliver("-")
	if got := first.w.epoch.key.Number; got != 3 {
		t.Errorf("in epoch %d after the grace", got)
	}
	first.want(t, 1, 4)
}

// Nine tiles that open at once share an epoch instead of making nine.
func TestJoinersShareAnEpoch(t *testing.T) {
	b := newBench(t)
	b.deliver("K-")
	for range 9 {
		b.join(control.Peer).want(t, 1, 2)
	}
	if b.hub.nextID != 2 {
		t.Errorf("%d epochs were made", b.hub.nextID-1)
	}
}

func TestRelayPublishesOnce(t *testing.T) {
	b := newBench(t)
	b.deliver("K--")
	first := b.join(control.Relay)
	second := b.join(control.Relay)
	b.deliver("--")
	topic := relay.Topic(first.epochs[0].Topic, seal.Main)
	frames := b.topic[topic]
	if len(frames) != 5 {
		t.Fatalf("%d frames published, want 5", len(frames))
	}
	for _, e := range []*eye{first, second} {
		for _, f := range frames {
			e.open(seal.Main, f)
		}
		e.want(t, 1, 5)
	}
	b.hub.leave(first.w)
	b.hub.leave(second.w)
	if len(b.topic) != 0 {
		t.Error("the topic is not retired when nobody watches")
	}
}

// The way from the relay to the direct path shows every picture once.
func TestChangeOfRoute(t *testing.T) {
	b := newBench(t)
	b.deliver("K--")
	e := b.join(control.Relay)
	b.deliver("-")
	topic := relay.Topic(e.epochs[0].Topic, seal.Main)
	b.hub.change(e.w, &control.Watch{Camera: 3, Stream: seal.Main, Route: control.Peer})
	for _, f := range b.topic[topic] {
		e.open(seal.Main, f)
	}
	b.deliver("--")
	e.want(t, 1, 6)
}

// Both ways at once bring the same sealed bytes, so that the viewer takes each picture once, from whichever comes first.
func TestBothRoutes(t *testing.T) {
	b := newBench(t)
	b.deliver("K-")
	e := b.join(control.Peer)
	topic := relay.Topic(e.epochs[0].Topic, seal.Main)
	b.deliver("-")
	if len(b.topic[topic]) != 0 {
		t.Error("published although nobody asked for the relay")
	}
	b.hub.change(e.w, &control.Watch{Camera: 3, Stream: seal.Main, Route: control.Both})
	b.deliver("-")
	e.want(t, 1, 4)
	if n := len(b.topic[topic]); n != 4 {
		t.Errorf("%d frames published, want the GOP's 4", n)
	}
	for _, f := range b.topic[topic] {
		if _, err := e.opener.Open(seal.Main, f); seal.ReasonOf(err) != seal.Replay {
			t.Errorf("the relay's bytes are others: %v", err)
		}
	}
	// Whatever the direct path carries, the relay gets what was asked for.
	for _, plan := range [][]ladder.Feed{nil, {{Step: ladder.Step{Stream: seal.Sub}}}, {{Step: ladder.Step{Stream: seal.Main}}}} {
		b.hub.feed(e.w, plan)
		b.deliver("K")
	}
	if n := len(b.topic[topic]); n != 7 {
		t.Errorf("%d frames published, want 7", n)
	}
	e.seen = e.seen[:0]
	b.hub.change(e.w, &control.Watch{Camera: 3, Stream: seal.Main, Route: control.Peer})
	b.deliver("-")
	e.want(t, 8, 8)
	if n := len(b.topic[topic]); n != 7 {
		t.Errorf("%d frames published, though the direct path is enough", n)
	}
}

func TestChangeOfStream(t *testing.T) {
	b := newBench(t)
	b.deliver("K--")
	e := b.join(control.Peer)
	e.want(t, 1, 3)
	b.hub.Deliver(source.Sub, codec.AccessUnit{Data: []byte("small"), Key: true, Captured: 1, Config: testConfig})
	e.want(t, 1, 3)
	e.seen = nil
	e.steer(feedOf(seal.Sub))
	b.deliver("-")
	if !slices.Equal(e.seen, []string{"small"}) {
		t.Errorf("saw %q of the sub-stream", e.seen)
	}
	e.seen = nil
	b.deliver("K-")
	e.steer(feedOf(seal.Main))
	e.want(t, 5, 6)
}

// While a viewer tries the main stream by the relay, that gets the sub-stream as well, without a gap; on the direct path the agent chooses one.
func TestStreamBesideAnother(t *testing.T) {
	b := newBench(t)
	small := 0
	sub := func(n int) {
		for range n {
			small++
			b.hub.Deliver(source.Sub, codec.AccessUnit{
				Data: fmt.Appendf(nil, "picture %d", small), Key: small == 1, Captured: codec.Timestamp(small), Config: testConfig,
			})
		}
	}
	e := b.join(control.Relay)
	topic := func(s seal.Stream) signal.Topic { return relay.Topic(e.epochs[0].Topic, s) }
	b.deliver("K--")
	b.hub.change(e.w, &control.Watch{Camera: 3, Stream: seal.Sub, Route: control.Relay})
	sub(3)
	b.deliver("-")
	published := len(b.topic[topic(seal.Main)])
	b.hub.change(e.w, &control.Watch{Camera: 3, Stream: seal.Main, Route: control.Relay, Lower: control.StreamsOf(seal.Sub)})
	sub(3)
	b.deliver("--")
	if n := len(b.topic[topic(seal.Main)]); published != 3 || n != 6 {
		t.Errorf("%d frames of the main stream published, then %d", published, n)
	}
	for _, f := range b.topic[topic(seal.Sub)] {
		e.open(seal.Sub, f)
	}
	e.want(t, 1, 6)
	b.hub.change(e.w, &control.Watch{Camera: 3, Stream: seal.Main, Route: control.Relay})
	sub(1)
	if n := len(b.topic[topic(seal.Sub)]); n != 6 {
		t.Errorf("%d frames of the sub-stream published after the try", n)
	}
	e.seen = nil
	b.hub.change(e.w, &control.Watch{Camera: 3, Stream: seal.Main, Route: control.Peer, Lower: control.StreamsOf(seal.Sub)})
	sub(1)
	b.deliver("-")
	e.want(t, 7, 7)
}

// Key frames alone are sent one at a time: each once the path has delivered the one before.
func TestKeyFramesAlone(t *testing.T) {
	b := newBench(t)
	b.deliver("K--")
	e := b.join(control.Peer)
	e.steer(ladder.Feed{Step: ladder.Step{Stream: seal.Main, Keys: true}, NextKey: true})
	b.deliver("--K-")
	e.busy = true
	b.deliver("-K--")
	e.busy = false
	b.deliver("-K")
	want := []string{"picture 1", "picture 2", "picture 3", "picture 6", "picture 13"}
	if !slices.Equal(e.seen, want) {
		t.Errorf("saw %q, want %q", e.seen, want)
	}
}

// A bigger stream is sent beside the smaller one from its next key frame on; what ends first leaves the other as it is.
func TestTwoStreamsAtOnce(t *testing.T) {
	b := newBench(t)
	b.deliver("K-")
	b.small("K")
	e := b.join(control.Peer)
	e.steer(feedOf(seal.Sub))
	e.seen = nil
	e.steer(feedOf(seal.Sub), ladder.Feed{Step: ladder.Step{Stream: seal.Main}, NextKey: true})
	b.deliver("-")
	b.small("-")
	b.deliver("K-")
	b.small("-")
	e.steer(feedOf(seal.Main))
	b.small("-")
	b.deliver("-")
	want := []string{"small 2", "picture 4", "picture 5", "small 3", "picture 6"}
	if !slices.Equal(e.seen, want) {
		t.Errorf("saw %q, want %q", e.seen, want)
	}
}

// Who lost something gets the current GOP again, or waits for the next key frame if that comes sooner.
func TestAgain(t *testing.T) {
	b := newBench(t)
	e := b.join(control.Peer)
	again := func() {
		e.seen = nil
		e.w.againAt = time.Time{}
		e.opener = seal.NewOpener(b.hub.src) // else it would refuse what it has seen
		for _, m := range e.epochs {
			if err := e.opener.AddEpoch(seal.Epoch{Number: m.Number, ID: m.ID, Key: m.Key}); err != nil {
				t.Fatal(err)
			}
		}
		b.hub.change(e.w, &control.Watch{Camera: 3, Route: control.Peer, Area: 1, Again: true})
	}
	b.deliver("K---------K---")
	again()
	e.want(t, 11, 14)
	b.deliver("-----") // and the next key frame is due
	b.hub.gops[seal.Main].bytes = 300_000
	again()
	b.deliver("-")
	e.want(t, 1, 0)
	b.deliver("K-")
	e.want(t, 21, 22)
}

// While nothing comes from the viewer nothing is sent; then it begins with the current GOP.
func TestPausedFeed(t *testing.T) {
	b := newBench(t)
	b.deliver("K-")
	e := b.join(control.Peer)
	e.steer()
	b.deliver("-K-")
	e.want(t, 1, 2)
	e.seen = nil
	e.steer(feedOf(seal.Main))
	b.deliver("-")
	e.want(t, 4, 6)
}

// The steps of a camera are those that the viewer allows, the wished one first; out of sight, key frames of the smallest are enough.
func TestLadderOfACamera(t *testing.T) {
	both := control.StreamsOf(seal.Sub, seal.Still)
	for _, c := range []struct {
		name string
		w    control.Watch
		want []ladder.Step
	}{
		{"all", control.Watch{Lower: both, Area: 1}, []ladder.Step{{Stream: seal.Main}, {Stream: seal.Sub}, {Stream: seal.Sub, Keys: true}, {Stream: seal.Still}}},
		{"main alone", control.Watch{Area: 1}, []ladder.Step{{Stream: seal.Main}, {Stream: seal.Main, Keys: true}}},
		{"the small one", control.Watch{Stream: seal.Sub, Lower: both &^ control.StreamsOf(seal.Sub), Area: 1}, []ladder.Step{{Stream: seal.Sub}, {Stream: seal.Sub, Keys: true}, {Stream: seal.Still}}},
		{"stills", control.Watch{Stream: seal.Still, Area: 1}, []ladder.Step{{Stream: seal.Still}}},
		{"out of sight", control.Watch{Lower: both}, []ladder.Step{{Stream: seal.Sub, Keys: true}}},
		{"a stream that the camera lacks", control.Watch{Lower: control.StreamsOf(5), Area: 1}, []ladder.Step{{Stream: seal.Main}, {Stream: seal.Main, Keys: true}}},
	} {
		b := newBench(t)
		b.deliver("K-")
		e := b.join(control.Peer)
		c.w.Camera, c.w.Route = 3, control.Peer
		b.hub.change(e.w, &c.w)
		camera, direct := b.hub.ladderOf(e.w)
		var got []ladder.Step
		for _, o := range camera.Offers {
			got = append(got, o.Step)
		}
		if !direct || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
		b.hub.change(e.w, &control.Watch{Camera: 3, Route: control.Relay})
		if _, direct := b.hub.ladderOf(e.w); direct {
			t.Errorf("%s: direct by the relay", c.name)
		}
	}
}

// Rates are by the camera's own time, of at least two seconds, and of key frames between key frames.
func TestRates(t *testing.T) {
	var r rates
	at := codec.Timestamp(1_000_000)
	for i := range 300 {
		au := codec.AccessUnit{Key: i%50 == 0, Captured: at, Data: make([]byte, 1000)}
		if au.Key {
			au.Data = make([]byte, 26_000)
		}
		r.add(au)
		at = at.Add(40 * time.Millisecond) // 25 a second, a key frame in 2 s
	}
	if whole := r.rate(); whole < 299_000 || whole > 301_000 {
		t.Errorf("%d bit/s, want 300,000", whole)
	}
	if r.keys < 103_000 || r.keys > 105_000 {
		t.Errorf("%d bit/s of key frames, want 104,000", r.keys)
	}
	r.add(codec.AccessUnit{Captured: -1 << 63, Data: make([]byte, 1000)})
	r.add(codec.AccessUnit{Captured: 1<<63 - 1, Data: make([]byte, 1000)})
	if whole := r.rate(); whole < 299_000 || whole > 301_000 {
		t.Errorf("%d bit/s after absurd times", whole)
	}
}

// After a revocation those who stay are in a new epoch at the next picture.
func TestRotate(t *testing.T) {
	b := newBench(t)
	b.deliver("K-")
	stays, goes := b.join(control.Relay), b.join(control.Relay)
	old := relay.Topic(goes.epochs[0].Topic, seal.Main)
	b.hub.leave(goes.w)
	b.hub.rotate()
	if _, ok := b.topic[old]; ok {
		t.Error("the old topic is still served")
	}
	b.deliver("-")
	for _, f := range b.topic[relay.Topic(stays.epochs[1].Topic, seal.Main)] {
		if _, err := goes.opener.Open(seal.Main, f); err == nil {
			t.Error("the revoked viewer opens a new frame")
		}
	}
}

func TestEpochEndsAfterADay(t *testing.T) {
	b := newBench(t)
	b.deliver("K")
	e := b.join(control.Peer)
	b.now = b.now.Add(epochLife)
	b.deliver("-K-")
	b.now = b.now.Add(epochGrace)
	b.deliver("-")
	if e.w.epoch.key.Number != 2 {
		t.Errorf("in epoch %d after a day", e.w.epoch.key.Number)
	}
	e.want(t, 1, 5)
}

// A GOP without end keeps memory bounded, and who joins waits for the next key frame.
func TestEndlessGOP(t *testing.T) {
	b := newBench(t)
	b.deliver("K")
	early := b.join(control.Peer)
	for range maxGOPFrames + 10 {
		b.deliver("-")
	}
	if n := len(b.hub.gops[source.Main].units); n > maxGOPFrames {
		t.Errorf("%d units are kept", n)
	}
	early.want(t, 1, maxGOPFrames+11)
	late := b.join(control.Peer)
	b.deliver("--")
	if len(late.seen) != 0 {
		t.Errorf("the late viewer was sent %q, which it cannot decode", late.seen)
	}
	b.deliver("K")
	late.want(t, maxGOPFrames+14, maxGOPFrames+14)
}
