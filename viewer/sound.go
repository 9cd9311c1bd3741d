package viewer

import (
	"errors"
	"slices"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer/gate"
)

// Bounds of sound.
const (
	// soundMost is how many units of a camera are opened in a second: more than ten milliseconds' sound makes of one, and a bound on what
	// opening can cost.
	soundMost = 200
	// soundAhead is how far capture times may lie ahead of the latest that the agent's clock can show.
	soundAhead = 250 * time.Millisecond
	// soundPause is how long after a failure nothing is tried again.
	soundPause = 2 * time.Second
	// soundGap is after how long without a unit the camera counts as silent.
	soundGap = 2 * time.Second
)

// SoundUnit is a unit of sound that was opened, proven and found fresh.
type SoundUnit struct {
	Captured codec.Timestamp // of its first sample
	Data     []byte          // not to be changed; as codec.AccessUnit.Data
	// Play is when its first sample is to be heard, for sound and picture to be together. What comes to be heard much later is not to be
	// played at all.
	Play time.Time
}

// SoundSink plays the sound of one camera in one configuration. Its methods are called one at a time and must not block.
type SoundSink interface {
	// Play takes a unit. They come in the order of their capture; some may be missing.
	Play(SoundUnit)
	// Lead is how long before its Play a unit has to come in order to be heard in time.
	Lead() time.Duration
	// Close ends the sink, and what it has not played yet. It is called once.
	Close()
}

// SoundFactory makes a sink, or returns ErrUnsupported for a coding that cannot be played here. A sink that finds out later that it cannot
// go on calls failed once, with ErrUnsupported if no other could either; never from within the factory or its methods.
type SoundFactory func(cfg codec.Config, failed func(error)) (SoundSink, error)

// SoundState says what becomes of a camera's sound.
type SoundState uint8

// The states of a camera's sound.
const (
	SoundNone        SoundState = iota // the camera has none, as far as is known
	SoundOff                           // it has some, which is not asked for
	SoundWaiting                       // asked for, and nothing to be heard yet
	SoundOn                            // to be heard
	SoundUnsupported                   // this device cannot play it
)

// SoundStats counts what became of a camera's sound in this session.
type SoundStats struct {
	Played uint64 // handed to the sink
	Old    uint64 // came too late to be fresh, or out of order
	Unseen uint64 // not played, because there was no picture to it
	Excess uint64 // more than a camera can have to say

	Delay   time.Duration // from capture until it is to be heard
	Usual   time.Duration // that sound takes to come
	Picture time.Duration // that pictures take until they are shown
}

// ear is a camera's sound on its way from sealed frames to the sink. Viewer.mu guards it.
type ear struct {
	chain   seal.Chain
	sync    lipsync
	sink    SoundSink
	serial  uint64 // of the sink, so that failures of one closed before are known
	config  codec.Config
	cannot  codec.Config // that cannot be played here; zero: none known
	pause   time.Time    // nothing is tried before
	cameAt  time.Time    // when the last unit came that was played
	last    codec.Timestamp
	second  time.Time // of the count
	counted int
	stats   SoundStats
}

// pictured parts what an agent lists of a camera into the streams of pictures and whether there is sound.
func pictured(streams []seal.Stream) (pictures []seal.Stream, sound bool) {
	for _, s := range streams {
		if s != seal.Sound {
			pictures = append(pictures, s)
		}
	}
	if len(pictures) == 0 {
		pictures = []seal.Stream{seal.Main} // it is asked for, and nothing comes
	}
	return pictures, slices.Contains(streams, seal.Sound)
}

// hears reports whether the camera's sound is to come.
func (c *camera) hears() bool {
	return c.sounds && c.wanted && c.wished.Sound && c.v.cfg.NewSound != nil
}

// arriveSound takes a sealed frame of sound, by whichever way it came.
func (c *camera) arriveSound(now time.Time, epoch uint64, sealed []byte) {
	switch {
	case !c.hears() || !c.told.sound:
		c.stats.Unwanted++
	case c.knows(epoch):
		c.openSound(now, sealed)
	case len(c.epochs) == 0 || epoch > c.epochs[len(c.epochs)-1].number:
		c.pending.Hold(now, sealed)
	default:
		c.former++
	}
}

// openSound opens a frame of sound and has it played if it is fresh and there is a picture to it.
func (c *camera) openSound(now time.Time, sealed []byte) {
	e := &c.ear
	if now.Sub(e.second) >= time.Second || now.Before(e.second) {
		e.second, e.counted = now, 0
	}
	if e.counted++; e.counted > soundMost {
		e.stats.Excess++
		return
	}
	o, err := c.opener.Open(seal.Sound, sealed)
	if err != nil {
		if r := seal.ReasonOf(err); r != seal.Replay && r != seal.UnknownEpoch {
			c.forgedAt = now
		}
		return
	}
	c.epochCame(now, o.Epoch(), seal.Sound)
	if e.chain.Accept(o) != seal.Take {
		e.stats.Old++
		return
	}
	c.hear(now, &o)
}

// hear is the gate of sound: what passes is as young as a live picture, by the agent's own clock, comes in order, and belongs to a tile
// that shows a picture.
func (c *camera) hear(now time.Time, o *seal.Opened) {
	e := &c.ear
	latest, known := c.h.clock.Latest(now)
	age := latest.Sub(o.Captured())
	if !known || age > gate.LiveFor || age < -soundAhead || e.last != 0 && o.Captured() <= e.last {
		e.stats.Old++
		return
	}
	e.last = o.Captured()
	if !c.seen(now) {
		e.stats.Unseen++
		return
	}
	config, _ := o.Config() // each frame has its own
	if !c.voice(now, config) {
		return
	}
	delay := e.sync.came(age, e.sink.Lead())
	if delay > gate.LiveFor {
		e.stats.Old++
		return
	}
	e.cameAt = now
	e.stats.Played++
	e.sink.Play(SoundUnit{Captured: o.Captured(), Data: o.Data(), Play: now.Add(delay - age)})
}

// seen reports whether the tile shows a picture that the sound belongs to, or nobody can see the tile anyhow.
func (c *camera) seen(now time.Time) bool {
	if c.wished.Hidden {
		return true
	}
	state := c.describe(now).state
	return state == Live || state == Stale
}

// voice makes sure that there is a sink for a configuration.
func (c *camera) voice(now time.Time, config codec.Config) bool {
	e := &c.ear
	if e.sink != nil && e.config == config {
		return true
	}
	if config == e.cannot || now.Before(e.pause) {
		return false
	}
	c.hush()
	e.serial++
	serial := e.serial
	e.config = config
	sink, err := c.v.cfg.NewSound(config, func(err error) {
		v := c.v
		v.mu.Lock()
		defer v.mu.Unlock()
		if c.ear.sink != nil && c.ear.serial == serial {
			c.soundFailed(v.now(), err)
		}
	})
	if err != nil {
		c.soundFailed(now, err)
		return false
	}
	e.sink, e.cannot = sink, codec.Config{}
	return true
}

// soundFailed notes why there is no sink.
func (c *camera) soundFailed(now time.Time, err error) {
	c.hush()
	c.ear.pause = now.Add(soundPause)
	if errors.Is(err, ErrUnsupported) {
		c.ear.cannot = c.ear.config
	}
	c.v.log.Info("viewer: sound not played", "camera", c.key.Camera.String(), "codec", c.ear.config.Codec.String(), "error", err)
}

// holdForSound returns how long pictures wait for their sound, while that is heard.
func (c *camera) holdForSound() time.Duration {
	if c.ear.sink == nil || c.wished.Hidden {
		return 0
	}
	return c.ear.sync.hold
}

// hush ends what is played just now.
func (c *camera) hush() {
	if c.ear.sink != nil {
		c.ear.sink.Close()
		c.ear.sink = nil
	}
}

// deafen ends it for good: the next sound begins anew.
func (c *camera) deafen() {
	c.hush()
	c.ear = ear{serial: c.ear.serial, cannot: c.ear.cannot, stats: c.ear.stats}
}

// attend ends what is played for nobody: it is not wished for any more, or the tile went blank.
func (c *camera) attend(now time.Time) {
	switch {
	case c.ear.sink == nil:
	case !c.hears():
		c.deafen()
	case !c.seen(now):
		c.hush()
	}
}

// sound says what becomes of the camera's sound.
func (c *camera) sound(now time.Time) SoundState {
	switch {
	case !c.sounds:
		return SoundNone
	case !c.hears():
		return SoundOff
	case c.ear.cannot != codec.Config{}:
		return SoundUnsupported
	case c.ear.sink != nil && now.Sub(c.ear.cameAt) < soundGap:
		return SoundOn
	}
	return SoundWaiting
}

// heardBy returns the streams to take with those of pictures.
func (c *camera) heardBy() control.Streams {
	if c.hears() {
		return control.StreamsOf(seal.Sound)
	}
	return 0
}
