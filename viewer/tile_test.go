package viewer

import (
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer/gate"
)

// TestTile is the promise as a table: what a tile says, for each thing that may be wrong and each age that a picture may have.
func TestTile(t *testing.T) {
	const none = time.Duration(-1)
	type change func(l *lab)
	noSession := func(l *lab) { l.c.h.session = nil }
	for _, c := range []struct {
		name   string
		age    time.Duration // of the picture on the shelf; none: there is none
		now    time.Duration // since it was wished for
		change change
		state  State
		reason Reason
		words  string // progress
	}{
		{"just taken", 0, time.Minute, nil, Live, ReasonNone, ""},
		{"two seconds", 2 * time.Second, time.Minute, nil, Live, ReasonNone, ""},
		{"a little more", 2001 * time.Millisecond, time.Minute, nil, Stale, ReasonNoFrames, ""},
		{"ten seconds", 10 * time.Second, time.Minute, nil, Stale, ReasonNoFrames, ""},
		{"more than ten", 10001 * time.Millisecond, time.Minute, nil, Blank, ReasonNoFrames, ""},

		{"live in a session that broke", time.Second, time.Minute, noSession, Live, ReasonNone, ""},
		{"stale in a session that broke", 3 * time.Second, time.Minute, func(l *lab) { noSession(l); l.c.h.reason = ReasonSessionLost }, Stale, ReasonSessionLost, ""},
		{"live, and the camera failed", time.Second, time.Minute, func(l *lab) { l.c.state = control.CameraFailed }, Live, ReasonNone, ""},
		{"stale, and the camera failed", 3 * time.Second, time.Minute, func(l *lab) { l.c.state = control.CameraFailed }, Stale, ReasonCamera, ""},
		{"live, and the device is revoked", 0, time.Minute, func(l *lab) { l.c.h.reason = ReasonNotAllowed }, Blank, ReasonNotAllowed, ""},
		{"live, and the log was rolled back", 0, time.Minute, func(l *lab) { l.c.h.reason = ReasonRollback }, Blank, ReasonRollback, ""},
		{"live, and the camera is gone", 0, time.Minute, func(l *lab) { l.c.gone = l.now }, Blank, ReasonCameraGone, ""},

		{"Connecting to the server", none, time.Second, func(l *lab) { l.c.v.link = linkStatus{state: LinkConnecting} }, Waiting, ReasonNone, "Connecting to the server"},
		{"for too long", none, 11 * time.Second, func(l *lab) { l.c.v.link = linkStatus{state: LinkConnecting} }, Blank, ReasonServer, ""},
		{"no server", none, time.Second, func(l *lab) { l.c.v.link = linkStatus{state: LinkUnreachable} }, Blank, ReasonServer, ""},
		{"trying the server again", none, time.Second, func(l *lab) { l.c.v.link = linkStatus{state: LinkConnecting, again: true} }, Blank, ReasonServer, ""},
		{"Connecting to the agent", none, time.Second, noSession, Waiting, ReasonNone, "Connecting to the agent"},
		{"for too long", none, 11 * time.Second, noSession, Blank, ReasonAgentOffline, ""},
		{"no agent", none, time.Second, func(l *lab) { noSession(l); l.c.h.reason = ReasonAgentOffline }, Blank, ReasonAgentOffline, ""},
		{"agent busy", none, time.Second, func(l *lab) { noSession(l); l.c.h.reason = ReasonBusy }, Blank, ReasonBusy, ""},
		{"another agent", none, time.Second, func(l *lab) { noSession(l); l.c.h.reason = ReasonWrongAgent }, Blank, ReasonWrongAgent, ""},
		{"the camera connects", none, time.Second, func(l *lab) { l.c.state = control.CameraConnecting }, Waiting, ReasonNone, "The agent is connecting to the camera"},
		{"the camera connects for long", none, 11 * time.Second, func(l *lab) { l.c.state = control.CameraConnecting }, Blank, ReasonCamera, ""},
		{"the camera failed", none, time.Second, func(l *lab) { l.c.state = control.CameraFailed }, Blank, ReasonCamera, ""},
		{"no decoder for it", none, time.Second, func(l *lab) { l.c.unsupported[seal.Main] = h264Main }, Blank, ReasonUnsupported, ""},
		{"no direct path yet", none, time.Second, func(l *lab) { l.c.h.session.route = 0 }, Waiting, ReasonNone, "Making a direct path"},
		{"no direct path", none, 11 * time.Second, func(l *lab) { l.c.h.session.route = 0 }, Blank, ReasonNoPeer, ""},
		{"no clock yet", none, time.Second, func(l *lab) { l.c.h.clock = gate.Clock{} }, Waiting, ReasonNone, "Comparing clocks"},
		{"no clock", none, 11 * time.Second, func(l *lab) { l.c.h.clock = gate.Clock{} }, Blank, ReasonNoClock, ""},
		{"no key", none, time.Second, func(l *lab) { l.c.epochs = nil }, Waiting, ReasonNone, "Waiting for the key"},
		{"no key frame", none, time.Second, nil, Waiting, ReasonNone, "Waiting for the key frame"},
		{"decoding", none, time.Second, func(l *lab) { l.c.arrive(l.now, control.Relay, seal.Main, l.seal(1, 0)) }, Waiting, ReasonNone, "Decoding the first picture"},
		{"nothing came", none, 11 * time.Second, nil, Blank, ReasonNoFrames, ""},
		{"forgeries only", none, 11 * time.Second, func(l *lab) { l.c.forgedAt = l.now }, Blank, ReasonForged, ""},
		{"forgeries as well", none, 11 * time.Second, func(l *lab) { l.c.forgedAt, l.c.useful = l.now, l.now }, Blank, ReasonNoFrames, ""},
		{"too late", none, time.Second, func(l *lab) { l.c.lateAt = l.now }, Blank, ReasonLate, ""},
		{"from the future", none, time.Second, func(l *lab) { l.c.futureAt = l.now }, Blank, ReasonFuture, ""},
		{"too slow", 5 * time.Second, time.Minute, func(l *lab) { l.c.slowAt = l.now }, Stale, ReasonSlow, ""},
		{"decoders break", none, time.Second, func(l *lab) { l.c.failures = [3]time.Time{l.now, l.now, l.now} }, Blank, ReasonDecoder, ""},
		{"a decoder broke", none, time.Second, func(l *lab) { l.c.failures[0] = l.now }, Waiting, ReasonNone, "Waiting for the key frame"},
		{"not on the screen", none, time.Hour, func(l *lab) { l.c.wanted = false }, Waiting, ReasonNone, ""},
		{"not on the screen, but live", time.Second, time.Hour, func(l *lab) { l.c.wanted = false }, Live, ReasonNone, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			l.c.v.link.state = LinkReady
			l.c.h.session.route = control.Relay
			l.c.epochs = []cameraEpoch{{number: 1}}
			began := l.now
			l.now = l.now.Add(c.now)
			l.c.since = began
			if c.age != none {
				shot := l.now.Add(-c.age)
				l.c.shelf.Put(l.picture(shot))
				l.c.drawn = shot
			}
			if c.change != nil {
				c.change(l)
			}
			tile := l.c.v.Snapshot().Tiles[0]
			if tile.State != c.state || tile.Reason != c.reason || tile.Progress != c.words {
				t.Errorf("%v, %v, %q; want %v, %v, %q", tile.State, tile.Reason, tile.Progress, c.state, c.reason, c.words)
			}
			if drawn := tile.Picture != nil; drawn != (c.state == Live || c.state == Stale) {
				t.Errorf("%v with a picture: %v", tile.State, drawn)
			}
			if tile.Picture != nil && (tile.Age < c.age || tile.Age > c.age+time.Millisecond) {
				t.Errorf("age %v, want %v", tile.Age, c.age)
			}
			if (c.state == Stale || c.state == Blank) != (tile.Sentence() != "") {
				t.Errorf("%v says %q", tile.State, tile.Sentence())
			}
		})
	}
}

// picture passes a picture through the gate that was taken at a time.
func (l *lab) picture(shot time.Time) *Picture {
	l.t.Helper()
	captured := codec.Timestamp(shot.UnixMicro())
	sealed, err := l.sealer.Seal(nil, &seal.Frame{Key: true, GOP: 1, Captured: captured, Config: h264Main, Data: []byte{1}})
	if err != nil {
		l.t.Fatal(err)
	}
	o, err := l.c.opener.Open(seal.Main, sealed)
	if err != nil {
		l.t.Fatal(err)
	}
	lane := l.c.gate.Lane(seal.Main, h264Main)
	if !lane.Expect(o) {
		l.t.Fatal("not expected")
	}
	var clock gate.Clock
	clock.Pong(shot, shot, captured)
	p, refusal := lane.Admit(shot, &clock, captured, Pixels{Layout: LayoutRGBA, Width: 2, Height: 2, Data: make([]byte, 16)}, false)
	if p == nil {
		l.t.Fatal(refusal)
	}
	return p
}

// What is wrong is said in words that name no tile's neighbour: advice is the agent's own for the camera.
func TestAdvice(t *testing.T) {
	tile := Tile{Reason: ReasonCamera, Advice: "The camera refuses the password."}
	if tile.Sentence() != tile.Advice {
		t.Error("the agent's advice is not shown")
	}
	tile.Reason = ReasonServer
	if tile.Sentence() != ReasonServer.Sentence() {
		t.Error("the agent's advice hides what is wrong")
	}
}
