package viewer

import (
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer/gate"
	"github.com/sealcam/sealcam/viewer/words"
)

const (
	// patienceForPicture is how long a tile waits before it says that something is wrong.
	patienceForPicture = 10 * time.Second
	// recently is how long after its last sign a trouble explains what is seen.
	recently = 5 * time.Second
)

// Tile is what is known of a camera at a moment.
type Tile struct {
	Key    TileKey
	Number int    // place among all tiles, from 1
	Name   string // the camera's
	Home   string // the agent's
	State  State
	Reason Reason // with Stale and Blank
	// Advice is the agent's own sentence on the camera, or the server's on this device; it says more than Reason's. Empty: none.
	Advice     string
	Without    time.Duration // how long ago the last picture was drawn; 0: none was
	Progress   string        // with Waiting: English, for words.Say
	Age        time.Duration // of Picture since its capture, never understated
	CameraTime time.Time     // the agent's local time: of Picture's capture, else now; zero: not known yet
	// Picture is set with Live and Stale only. Its Bytes are valid until the next call of Snapshot.
	Picture *Picture
	More    bool          // another picture waits behind it, for the next display frame
	Stream  seal.Stream   // of Picture, else the one that comes or is asked for
	Lowered Reason        // why something smaller or rarer comes than what is wished for; ReasonNone: that is not so
	Route   control.Route // by which the last frame came; 0: none came
	Pair    CandidatePair // what way the direct path takes; zero: there is none, or it is not known
	Config  codec.Config  // of Picture
	Decoder string        // what the stream is decoded with, as Named says; empty: nothing yet
	Sound   SoundState
	Held    time.Duration // how long frames are held to make motion even, on average
	Stats   TileStats
}

// Sentence says what is wrong and what to do: the agent's advice if there is one, else the reason's sentence. If something has come between
// this device and the pictures, it begins with for how long none have come.
func (t *Tile) Sentence() string {
	sentence := t.Reason.Sentence()
	if t.Advice != "" && (t.Reason == ReasonCamera || t.Reason == ReasonNoFrames || t.Reason == ReasonServerRefuses) {
		sentence = words.Say(t.Advice)
	}
	if t.Reason.interrupts() && t.Without >= gate.LiveFor {
		return withoutPictures(t.Without, sentence)
	}
	return sentence
}

// TileStats counts what became of a camera's frames, over all sessions unless it says otherwise.
type TileStats struct {
	Relayed    uint64     // sealed frames that came through the relay
	Copies     uint64     // that came by the second connection to the server as well, or by the first after it; not opened
	Direct     uint64     // and directly
	Unwanted   uint64     // of a stream that is no longer watched, not opened
	Unknown    uint64     // of an epoch whose key did not come in time, or of an earlier session; in this session
	Opening    seal.Stats // opened and refused, by reason, since the agent started
	Duplicates uint64     // opened, but taken before
	Outrun     uint64     // opened, but a younger GOP had begun
	Held       uint64     // kept behind a gap
	Resyncs    uint64     // times that the current GOP was asked for again
	Dropped    uint64     // before the decoder, which was too slow or broken
	Decoded    uint64     // given to a decoder
	Failures   uint64     // of decoders
	Gate       gate.Stats // drawn and refused, by reason
	Sound      SoundStats
}

// Drawn returns how many pictures passed the gate.
func (s *TileStats) Drawn() uint64 { return s.Gate.Count(gate.Admitted) }

// HomeStatus is what is known of an agent at a moment.
type HomeStatus struct {
	Agent    identity.AgentID
	Name     string
	Ready    bool   // there is a session
	Reason   Reason // why there is none
	Sentence string
	// What this device is to the home, as the agent last said; zero: not known.
	Role    grant.Role
	Rights  grant.Rights
	Expires time.Time     // zero: never
	Alarm   *Alarm        // the agent's list of members is not the one that this device saw; nil: none
	Width   time.Duration // how well the agent's clock is known: the ages of its pictures may be overstated by so much. 0: not known
}

// Snapshot is what there is to show.
type Snapshot struct {
	Link  Link
	Homes []HomeStatus
	Tiles []Tile
}

// Snapshot returns what there is to show now. It lends the tiles' pictures until its next call, so there must be one reader only: the
// stage, which calls it at most once a display frame.
func (v *Viewer) Snapshot() Snapshot {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	n := 0
	for _, h := range v.homes {
		n += len(h.cameras)
	}
	s := Snapshot{Link: v.linkNow(now), Homes: make([]HomeStatus, 0, len(v.homes)), Tiles: make([]Tile, 0, n)}
	for _, h := range v.homes {
		s.Homes = append(s.Homes, h.status(now))
		for _, c := range h.cameras {
			s.Tiles = append(s.Tiles, c.tile(now))
			s.Tiles[len(s.Tiles)-1].Number = len(s.Tiles)
		}
	}
	return s
}

func (h *home) status(now time.Time) HomeStatus {
	width, _ := h.clock.Width(now)
	return HomeStatus{
		Agent: h.id, Name: h.known.Name, Ready: h.session != nil && h.reason == ReasonNone, Reason: h.reason, Sentence: h.reason.Sentence(),
		Role: h.standing.role, Rights: h.standing.rights, Expires: h.standing.expires, Alarm: h.alarm, Width: width,
	}
}

func (c *camera) tile(now time.Time) Tile {
	d := c.describe(now)
	t := Tile{
		Key: c.key, Name: c.name, Home: c.h.known.Name, State: d.state, Reason: d.reason, Advice: c.advice, Progress: d.progress,
		Stream: c.current(now), Lowered: c.lowered(now), Route: c.via, Held: c.held, Stats: c.stats, Sound: c.sound(now),
	}
	if c.h.session != nil {
		t.Pair = c.h.session.peer.pair
	}
	if d.reason == ReasonServerRefuses {
		t.Advice = serverSentence(c.v.link.err)
	}
	if !c.drawn.IsZero() {
		t.Without = max(now.Sub(c.drawn), 0)
	}
	picture := c.shelf.Lend(now) // also when it is not to be shown, so that a former one goes back
	t.More = c.shelf.More()
	if picture != nil && (d.state == Live || d.state == Stale) {
		t.Picture, t.Age, t.CameraTime = picture, picture.Age(now), c.wall
		t.Stream, t.Config = picture.Stream(), picture.Config()
	} else if latest, ok := c.h.clock.Latest(now); ok {
		t.CameraTime = c.h.agent.Wall(latest)
	}
	if l := c.lanes[t.Stream]; l != nil {
		if named, ok := l.decoder.(Named); ok {
			t.Decoder = named.Name()
		}
	}
	t.Stats.Gate = c.gate.Stats()
	t.Stats.Sound = c.ear.stats
	t.Stats.Sound.Delay, t.Stats.Sound.Usual, t.Stats.Sound.Picture = c.ear.sync.delay, c.ear.sync.usual, c.ear.sync.picture+c.ear.sync.hold
	t.Stats.Unknown = c.pending.Dropped() + c.former
	if c.opener != nil {
		t.Stats.Opening = c.opener.Stats()
	}
	return t
}

// description is what a tile says in words.
type description struct {
	state    State
	reason   Reason
	progress string
	age      int // whole seconds, of a picture that is not live, or since there was one
}

// describe decides on state and reason. The caller holds mu.
func (c *camera) describe(now time.Time) description {
	reason, sure, progress := c.trouble(now)
	if p := c.shelf.Look(); p != nil && !reason.revoking() {
		switch age := p.Age(now); {
		case age <= gate.LiveFor:
			return description{state: Live}
		case age <= gate.BlankAfter:
			if reason == ReasonNone {
				reason = c.lowered(now) // what comes then may come as rarely as the camera's key frames
			}
			return description{state: Stale, reason: orNoFrames(reason), age: int(age.Seconds())}
		}
	}
	switch {
	case !c.wanted && !sure:
		return description{state: Waiting}
	case sure, !c.drawn.IsZero() && !c.drawn.Before(c.since), now.Sub(c.since) > patienceForPicture:
		d := description{state: Blank, reason: orNoFrames(reason)}
		if d.reason.interrupts() && !c.drawn.IsZero() {
			d.age = int(now.Sub(c.drawn).Seconds())
		}
		return d
	}
	return description{state: Waiting, progress: progress}
}

func orNoFrames(r Reason) Reason {
	if r == ReasonNone {
		return ReasonNoFrames
	}
	return r
}

// differs reports whether the tile would read differently than at the last call.
func (c *camera) differs(now time.Time) bool {
	d := c.describe(now)
	if d == c.shown {
		return false
	}
	c.shown = d
	return true
}

// trouble returns what is in the way of a picture, the first cause first. sure says that waiting for a picture is in vain for now;
// else progress says how far it is.
func (c *camera) trouble(now time.Time) (reason Reason, sure bool, progress string) {
	h, link := c.h, c.v.link
	recent := func(t time.Time) bool { return !t.IsZero() && now.Sub(t) < recently }
	switch {
	case h.reason.final(), h.reason.revoking():
		return h.reason, true, ""
	case !c.gone.IsZero():
		return ReasonCameraGone, true, ""
	case link.state == LinkUnreachable, link.state == LinkConnecting && link.again:
		return c.v.linkReason(now), true, ""
	case link.state == LinkConnecting:
		return ReasonServer, false, words.Later("Connecting to the server")
	case c.v.cutOff():
		return ReasonOffline, !c.drawn.IsZero(), words.Later("Waiting for the server")
	case h.session == nil && h.reason != ReasonNone:
		return h.reason, true, ""
	case h.session == nil:
		return ReasonAgentOffline, false, words.Later("Connecting to the agent")
	case h.session.unanswered(now):
		return h.session.silentEnd(), false, words.Later("Waiting for the agent")
	case c.state == control.CameraFailed:
		return ReasonCamera, true, ""
	case c.unsupported[c.stream()] != codec.Config{} && !c.slowUntil[c.stream()].IsZero():
		return ReasonSlow, true, ""
	case c.unsupported[c.stream()] != codec.Config{}:
		return ReasonUnsupported, true, ""
	case c.state == control.CameraConnecting:
		return ReasonCamera, false, words.Later("The agent is connecting to the camera")
	case h.session.pathless():
		return ReasonNoPeer, false, words.Later("Making a direct path")
	}
	if _, known := h.clock.Latest(now); !known {
		return ReasonNoClock, false, words.Later("Comparing clocks")
	}
	l := c.lanes[c.current(now)]
	switch {
	case c.failing(now):
		return ReasonDecoder, true, ""
	case recent(c.futureAt):
		return ReasonFuture, true, ""
	case recent(c.slowAt):
		return ReasonSlow, false, words.Later("Catching up")
	case recent(c.lateAt):
		return ReasonLate, true, ""
	case recent(c.forgedAt) && !recent(c.useful):
		return ReasonForged, false, words.Later("Waiting for the key frame")
	case len(c.epochs) == 0:
		return ReasonNone, false, words.Later("Waiting for the key")
	case l == nil || !l.keyed:
		return ReasonNone, false, words.Later("Waiting for the key frame")
	case l.behind() > 0, l.decoder != nil && l.gate.Waiting() > 0:
		return ReasonNone, false, words.Later("Decoding the first picture")
	}
	return ReasonNone, false, words.Later("Waiting for pictures")
}
