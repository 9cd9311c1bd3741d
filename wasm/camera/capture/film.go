//go:build js

package capture

import (
	"context"
	"errors"
	"sync"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/wasm/promise"
)

const (
	keyEvery  = 2 * time.Second // while somebody watches
	idleEvery = time.Second     // between the pictures, all of them key pictures, while nobody does
	pausedFor = 3 * time.Second // without a picture, the browser has paused the camera
	// maxMade is how many encoded pictures may wait for the agent. It takes them at once, so that is plenty.
	maxMade = 64
)

// film takes pictures until it is told otherwise, which is no error.
func (c *Camera) film(ctx context.Context, sink source.Sink, settings Settings, round int) error {
	c.say(sink, source.Connecting, nil)
	c.set(func(s *State) { s.Err = nil })
	stream, err := open(ctx, settings)
	if err != nil {
		return err
	}
	track := stream.Call("getVideoTracks").Index(0)
	defer func() {
		track.Call("stop")
		c.video.Set("srcObject", js.Null())
	}()
	if _, _, _, now := c.wishes(); now != round {
		return nil // while the person was asked
	}
	c.video.Set("srcObject", stream)
	// A page may play muted video always; a hidden one shows it later.
	_ = promise.Try(func() { promise.Ignore(c.video.Call("play")) })
	if used := track.Call("getSettings").Get("deviceId"); used.Type() == js.TypeString {
		c.set(func(s *State) { s.Lens = used.String() })
	}

	ctx, cancel := context.WithCancelCause(ctx)
	ended := listen(track, "ended")
	var wg sync.WaitGroup
	defer func() {
		cancel(nil)
		wg.Wait()
		ended.close()
	}()
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-ended.c:
				cancel(ErrUnplugged)
			case <-c.stirred:
				if _, _, _, now := c.wishes(); now != round {
					cancel(errChanged)
				}
			}
		}
	})
	// Not waited for: Firefox answers once somebody looks at the page.
	wg.Go(func() {
		if list := lenses(ctx); ctx.Err() == nil {
			c.set(func(s *State) { s.Lenses = list })
		}
	})
	s := &studio{camera: c, sink: sink, frames: newFrames(track, c.video), turn: settings.Turn, size: settings.Size, made: make(chan unit, maxMade)}
	defer s.close()
	wg.Go(func() { s.deliver(ctx, cancel) })
	err = s.run(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if errors.Is(err, errChanged) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// errChanged says that the camera is to be opened anew.
var errChanged = errors.New("capture: other settings")

// studio encodes the pictures of one opening of the camera.
type studio struct {
	camera        *Camera
	sink          source.Sink
	frames        frames
	turner        turner
	turn, size    int
	format        int // of formats
	width, height int // of the pictures as they come, turned
	encoders      []*encoder
	made          chan unit
	keyAt, at     time.Time // of the last key picture, and of the last picture
	watched       bool
	paused        bool
}

func (s *studio) close() {
	s.frames.close()
	s.closeEncoders()
}

func (s *studio) closeEncoders() {
	for _, e := range s.encoders {
		e.close()
	}
	s.encoders = nil
}

// run takes pictures until ctx ends or something fails.
func (s *studio) run(ctx context.Context) error {
	for {
		frame, err := s.frames.next(ctx, pausedFor, s.camera.clock.Now)
		switch {
		case errors.Is(err, ErrPaused):
			s.paused = true
			s.camera.set(func(st *State) { st.Live, st.Err = false, ErrPaused })
			s.camera.say(s.sink, source.Connecting, ErrPaused)
			continue
		case err != nil:
			return err
		}
		if err := s.shoot(ctx, frame); err != nil {
			return err
		}
	}
}

// shoot encodes one picture, and closes it.
func (s *studio) shoot(ctx context.Context, frame js.Value) error {
	now := time.Now()
	_, watched, _, _ := s.camera.wishes()
	arrived := watched && !s.watched
	s.watched = watched
	if !watched && now.Sub(s.at) < idleEvery {
		frame.Call("close")
		return nil
	}
	frame, err := s.turner.turn(frame, s.turn)
	if err != nil {
		return err
	}
	defer func() { frame.Call("close") }()
	w, h := frame.Get("displayWidth").Int(), frame.Get("displayHeight").Int()
	if w < 2 || h < 2 {
		return nil
	}
	if w != s.width || h != s.height || s.encoders == nil {
		if err := s.prepare(ctx, w, h); err != nil {
			return err
		}
	}
	key := arrived || !watched || now.Sub(s.keyAt) >= keyEvery
	taken := false
	for _, e := range s.encoders {
		taken = e.encode(frame, key) || taken
	}
	if taken {
		s.at = now
		if key {
			s.keyAt = now
		}
	}
	return nil
}

// prepare makes the encoders for pictures of a size, in the first format that the browser has.
func (s *studio) prepare(ctx context.Context, w, h int) error {
	s.closeEncoders()
	s.keyAt = time.Time{}
	err := error(ErrNoEncoder)
	for i, f := range formats {
		if s.camera.worn(i) {
			err = ErrEncoder
			continue
		}
		if width, height := within(w, h, s.size); !s.camera.prompt(ctx, i, width, height) {
			continue
		}
		var encoders []*encoder
		for _, l := range []struct {
			layer source.Layer
			short int
		}{{source.Main, s.size}, {source.Sub, subHeight}} {
			width, height := within(w, h, l.short)
			var e *encoder
			if e, err = newEncoder(ctx, f, l.layer, width, height, s.take); err != nil {
				break
			}
			encoders = append(encoders, e)
		}
		s.encoders = encoders
		if err == nil {
			s.format, s.width, s.height = i, w, h
			width, height := encoders[0].width, encoders[0].height
			s.camera.set(func(st *State) { st.Width, st.Height, st.Format = width, height, f.name })
			return nil
		}
		s.closeEncoders()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return err
}

// take hands on what an encoder made. It is called on the page's event loop.
func (s *studio) take(u unit) {
	select {
	case s.made <- u:
	default:
		for _, e := range s.encoders {
			if e.layer == u.layer {
				e.interrupt()
			}
		}
	}
}

// deliver gives the agent what the encoders make.
func (s *studio) deliver(ctx context.Context, fail context.CancelCauseFunc) {
	running := false
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-s.made:
			if u.err != nil {
				s.camera.wear(s.format)
				fail(u.err)
				return
			}
			s.sink.Deliver(u.layer, u.au)
			if !running || s.paused {
				running, s.paused = true, false
				s.camera.set(func(st *State) { st.Live, st.Err = true, nil })
				s.camera.say(s.sink, source.Running, nil)
			}
		}
	}
}

// wear notes that an encoder of a format failed.
func (c *Camera) wear(format int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken[format]++
}

// worn tells whether encoders of a format failed too often. When all did, they get another chance at the next try.
func (c *Camera) worn(format int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken[format] < maxBroken {
		return false
	}
	if format == len(formats)-1 {
		c.broken = [2]int{}
	}
	return true
}
