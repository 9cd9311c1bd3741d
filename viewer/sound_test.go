package viewer

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

var (
	soundULaw = codec.Config{Codec: codec.PCMU, Rate: 8000, Channels: 1}
	soundAAC  = codec.Config{Codec: codec.AAC, Rate: 48000, Channels: 1, Description: "\x11\x88"}
)

// voice is a sink under test.
type voice struct {
	config codec.Config
	units  []SoundUnit
	closed bool
	failed func(error)
}

func (v *voice) Play(u SoundUnit) {
	if v.closed {
		panic("played after Close")
	}
	v.units = append(v.units, u)
}
func (v *voice) Lead() time.Duration { return 20 * time.Millisecond }
func (v *voice) Close()              { v.closed = true }

// hall is where voices are made.
type hall struct {
	voices []*voice
	refuse map[codec.Config]error
}

func (h *hall) factory(cfg codec.Config, failed func(error)) (SoundSink, error) {
	if err := h.refuse[cfg]; err != nil {
		return nil, err
	}
	h.voices = append(h.voices, &voice{config: cfg, failed: failed})
	return h.voices[len(h.voices)-1], nil
}

// heard returns what was played so far, by all.
func (h *hall) heard() string {
	var all []string
	for _, v := range h.voices {
		for _, u := range v.units {
			all = append(all, string(u.Data))
		}
	}
	return strings.Join(all, " ")
}

// singer is a camera with sound.
func singer(a *testAgent) *testCamera {
	c := a.camera("porch", seal.Main)
	c.streams = append(c.streams, seal.Sound)
	c.configs[seal.Sound], c.gops[seal.Sound] = soundULaw, &testGOP{}
	return c
}

// speak sends a unit of sound to whoever asked for sound.
func (c *testCamera) speak(payload string) {
	time.Sleep(time.Millisecond)
	f := c.unit(seal.Sound, true, []byte(payload))
	c.a.mu.Lock()
	w := c.watch
	c.a.mu.Unlock()
	if w != nil && w.Sound {
		c.send(seal.Sound, c.sealUp(seal.Sound, f))
	}
	synctest.Wait()
}

// hear wishes for picture and sound, and shows the first picture.
func (s *stage) hear(c *testCamera) {
	s.t.Helper()
	s.v.Wish([]Wish{{Key: c.key(), Stream: seal.Main, Sound: true}})
	synctest.Wait()
	s.play(c, seal.Main, "k", 3)
}

// onStage runs a camera with sound by the relay, with its picture on the screen.
func onStage(t *testing.T, refuse map[codec.Config]error, do func(s *stage, c *testCamera, h *hall)) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		c := singer(a)
		h := &hall{refuse: refuse}
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly, NewSound: h.factory})
		defer s.stop()
		s.wish(seal.Main, c)
		s.play(c, seal.Main, "k", 3)
		do(s, c, h)
	})
}

func (s *stage) wantSound(c *testCamera, want SoundState) {
	s.t.Helper()
	if got := s.look(c).Sound; got != want {
		s.t.Errorf("sound is %d, want %d", got, want)
	}
}

// Sound is asked for when it is wished for, and no longer than that.
func TestSoundOnWish(t *testing.T) {
	onStage(t, nil, func(s *stage, c *testCamera, h *hall) {
		if w := lastWatch(c); w.Sound {
			t.Error("asked for at once")
		}
		s.wantSound(c, SoundOff)
		c.speak("a")
		s.hear(c)
		if w := lastWatch(c); !w.Sound || w.Stream != seal.Main {
			t.Errorf("asked for %+v", w)
		}
		s.wantSound(c, SoundWaiting)
		c.speak("b")
		c.speak("c")
		if got := h.heard(); got != "b c" || len(h.voices) != 1 {
			t.Errorf("heard %q by %d", got, len(h.voices))
		}
		s.wantSound(c, SoundOn)
		s.wish(seal.Main, c)
		if w := lastWatch(c); w.Sound || !h.voices[0].closed {
			t.Errorf("muted, and yet %+v, closed %v", w, h.voices[0].closed)
		}
		s.wantSound(c, SoundOff)
		c.speak("d")
		if got := h.heard(); got != "b c" {
			t.Errorf("heard %q", got)
		}
	})
}

// A camera without sound, or a page that can play none, asks for none: an agent that does not know of sound would end the session.
func TestNoSoundNotAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		c := a.camera("porch", seal.Main)
		h := &hall{}
		s.start(Config{Homes: []Home{s.home(a)}, Route: RelayOnly, NewSound: h.factory})
		defer s.stop()
		s.hear(c)
		if slices.ContainsFunc(c.watches(), func(w control.Watch) bool { return w.Sound }) {
			t.Error("asked for")
		}
		s.wantSound(c, SoundNone)
	})
}

// Sound is heard when the picture of its time is seen, or as soon as it is there.
func TestSoundInTime(t *testing.T) {
	onStage(t, nil, func(s *stage, c *testCamera, h *hall) {
		s.hear(c)
		for i := range 50 {
			c.speak(fmt.Sprint(i))
			time.Sleep(20 * time.Millisecond)
		}
		units := h.voices[0].units
		if len(units) != 50 {
			t.Fatalf("%d units", len(units))
		}
		for i, u := range units[1:] {
			// The test's ways take no time: what remains is the lead and what is spared.
			captured, played := u.Captured.Sub(units[0].Captured), u.Play.Sub(units[0].Play)
			if d := played - captured; d.Abs() > 5*time.Millisecond {
				t.Errorf("unit %d is to be heard %v after its time", i+1, d)
			}
		}
	})
}

// No sound is played that is older than a live picture may be, that comes again, or that is out of order.
func TestOldSoundIsNotPlayed(t *testing.T) {
	onStage(t, nil, func(s *stage, c *testCamera, h *hall) {
		s.hear(c)
		c.speak("a")
		late := c.sealUp(seal.Sound, c.unit(seal.Sound, true, []byte("late")))
		for range 60 {
			time.Sleep(frameTime)
			c.shoot(seal.Main, false, "more")
			s.look(c)
		}
		c.send(seal.Sound, late) // 2.4 s old
		synctest.Wait()
		first := c.sealUp(seal.Sound, c.unit(seal.Sound, true, []byte("first")))
		time.Sleep(time.Millisecond)
		second := c.sealUp(seal.Sound, c.unit(seal.Sound, true, []byte("second")))
		c.send(seal.Sound, second)
		c.send(seal.Sound, first)
		c.send(seal.Sound, second)
		synctest.Wait()
		if got := h.heard(); got != "a second" {
			t.Errorf("heard %q", got)
		}
		if n := s.look(c).Stats.Sound.Old; n != 2 {
			t.Errorf("%d counted as old", n)
		}
	})
}

// To a tile that is blank nothing is played, however fresh the sound; when the picture is back, so is the sound.
func TestNoSoundOfABlankTile(t *testing.T) {
	onStage(t, nil, func(s *stage, c *testCamera, h *hall) {
		s.hear(c)
		c.speak("a")
		time.Sleep(11 * time.Second)
		s.wantState(c, Blank, ReasonNoFrames)
		if !h.voices[0].closed {
			t.Error("what was under way goes on")
		}
		c.speak("b")
		s.play(c, seal.Main, "l", 2)
		c.speak("c")
		if got := h.heard(); got != "a c" {
			t.Errorf("heard %q", got)
		}
		if n := s.look(c).Stats.Sound.Unseen; n != 1 {
			t.Errorf("%d unseen", n)
		}
	})
}

// On a page that nobody sees the sound that was wished for goes on, though few pictures come.
func TestSoundOnAHiddenPage(t *testing.T) {
	onStage(t, nil, func(s *stage, c *testCamera, h *hall) {
		s.hear(c)
		s.v.Wish([]Wish{{Key: c.key(), Stream: seal.Main, Sound: true, Hidden: true}})
		for range 15 {
			time.Sleep(time.Second)
			c.speak("x")
		}
		if got := strings.Count(h.heard(), "x"); got != 15 {
			t.Errorf("heard %d of 15", got)
		}
	})
}

// Another configuration has another sink, and one that cannot be played here is tried once.
func TestSoundChangesItsCoding(t *testing.T) {
	refuse := map[codec.Config]error{soundAAC: ErrUnsupported}
	onStage(t, refuse, func(s *stage, c *testCamera, h *hall) {
		s.hear(c)
		c.speak("a")
		wide := soundULaw
		wide.Rate = 16000
		c.configs[seal.Sound] = wide
		c.speak("b")
		if len(h.voices) != 2 || !h.voices[0].closed || h.voices[1].config != wide || h.heard() != "a b" {
			t.Fatalf("heard %q by %d", h.heard(), len(h.voices))
		}
		c.configs[seal.Sound] = soundAAC
		for range 10 {
			c.speak("c")
		}
		s.wantSound(c, SoundUnsupported)
		time.Sleep(soundPause)
		c.configs[seal.Sound] = soundULaw
		c.shoot(seal.Main, true, "more")
		c.speak("d")
		s.wantSound(c, SoundOn)
		if got := h.heard(); got != "a b d" {
			t.Errorf("heard %q", got)
		}
	})
}

// A sink that breaks is replaced after a moment; one that cannot play the coding at all is not.
func TestSoundBreaks(t *testing.T) {
	onStage(t, nil, func(s *stage, c *testCamera, h *hall) {
		s.hear(c)
		c.speak("a")
		h.voices[0].failed(errStalled)
		c.speak("b")
		if !h.voices[0].closed || len(h.voices) != 1 {
			t.Fatal("not closed, or replaced at once")
		}
		h.voices[0].failed(errStalled) // too late to matter
		time.Sleep(soundPause)
		c.shoot(seal.Main, true, "more")
		c.speak("c")
		if got := h.heard(); got != "a c" {
			t.Errorf("heard %q", got)
		}
		h.voices[1].failed(ErrUnsupported)
		time.Sleep(soundPause)
		c.shoot(seal.Main, true, "more")
		c.speak("d")
		s.wantSound(c, SoundUnsupported)
	})
}

// A flood costs no more than so many units a second, and what is no sound is refused.
func TestSoundFlood(t *testing.T) {
	onStage(t, nil, func(s *stage, c *testCamera, h *hall) {
		s.hear(c)
		for range 5 * soundMost {
			time.Sleep(100 * time.Microsecond)
			c.speak("x")
		}
		stats := s.look(c).Stats
		if stats.Sound.Played > 2*soundMost || stats.Sound.Excess < 3*soundMost {
			t.Errorf("%+v", stats.Sound)
		}
		time.Sleep(time.Second)
		c.shoot(seal.Main, true, "more")
		// A picture's frame under the topic of sound, and sound under that of pictures.
		refused := s.look(c).Stats.Opening.Refused(seal.WrongStream)
		c.a.server.publish(c.topic(seal.Sound), c.sealUp(seal.Main, c.unit(seal.Main, true, []byte("pict"))))
		c.a.server.publish(c.topic(seal.Main), c.sealUp(seal.Sound, c.unit(seal.Sound, true, []byte("word"))))
		if stats := s.look(c).Stats; stats.Opening.Refused(seal.WrongStream) != refused+2 || strings.Contains(h.heard(), "word") {
			t.Errorf("%d refused", stats.Opening.Refused(seal.WrongStream)-refused)
		}
		garbage := c.sealUp(seal.Sound, c.unit(seal.Sound, true, []byte("noise")))
		garbage[len(garbage)-1] ^= 1
		c.a.server.publish(c.topic(seal.Sound), garbage)
		c.speak("y")
		if got := h.heard(); strings.Contains(got, "noise") || !strings.HasSuffix(got, "y") {
			t.Errorf("heard %q", got[len(got)-20:])
		}
	})
}

// Directly as well; and sound alone is no sign that pictures come.
func TestSoundDirectly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		c := singer(a)
		s.onPeer(a, c)
		defer s.stop()
		h := &hall{}
		s.v.mu.Lock()
		s.v.cfg.NewSound = h.factory
		s.v.mu.Unlock()
		s.hear(c)
		c.speak("a")
		if got := h.heard(); got != "a" {
			t.Errorf("heard %q", got)
		}
		for range 30 {
			time.Sleep(100 * time.Millisecond)
			c.speak("x")
		}
		if w := lastWatch(c); w.Route != control.Both || !w.Sound {
			t.Errorf("no picture came for 3 s, and yet %+v", w)
		}
	})
}
