//go:build js

package capture

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/wasm/promise"
)

const (
	// retryEvery is how soon a camera that failed is tried again.
	retryEvery = 5 * time.Second
	// maxBroken is how often encoders of one format may fail before the next format is tried.
	maxBroken = 2
)

// Lens is a camera of the device.
type Lens struct{ ID, Label string }

// State is what the person at the device is shown.
type State struct {
	On            bool  // it is to run
	Live          bool  // pictures come
	Err           error // what is wrong: one of this package's, or nil
	Width, Height int   // of the main picture; zero before the first
	Format        string
	Lenses        []Lens
	Lens          string // the id of the one in use
}

// Camera is the device as a source of pictures.
type Camera struct {
	clock   *source.Clock
	video   js.Value // shows what is taken, to the person at the device
	changed func()
	log     *slog.Logger
	stirred chan struct{} // holds a token after a change of what mu guards

	// Of Run alone, by format: whether its encoders were tried, and keep pictures to themselves.
	tried, slow [2]bool

	mu       sync.Mutex
	on       bool
	watched  bool
	settings Settings
	round    int // counts the changes that need the camera opened anew
	state    State
	broken   [2]int // by format
}

// New returns a Camera that is off. video is a video element, for preview; changed is told that State returns something else, and must
// not block.
func New(clock *source.Clock, video js.Value, changed func(), log *slog.Logger) *Camera {
	return &Camera{clock: clock, video: video, changed: changed, log: log, stirred: make(chan struct{}, 1)}
}

// State returns the camera's state.
func (c *Camera) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.state
	s.On = c.on
	return s
}

// Use takes other settings.
func (c *Camera) Use(s Settings) {
	c.change(func() {
		if s = s.valid(); s != c.settings {
			c.settings = s
			c.round++
		}
	})
}

// Start has the camera run, or tries again at once.
func (c *Camera) Start() {
	c.change(func() {
		c.on = true
		c.round++
	})
}

// Stop switches the camera off: its light goes out at once.
func (c *Camera) Stop() {
	c.change(func() {
		c.on = false
		c.round++
	})
}

// Watched says whether anybody watches.
func (c *Camera) Watched(yes bool) { c.change(func() { c.watched = yes }) }

func (c *Camera) change(f func()) {
	c.mu.Lock()
	f()
	c.mu.Unlock()
	select {
	case c.stirred <- struct{}{}:
	default:
	}
	c.changed()
}

func (c *Camera) set(f func(*State)) {
	c.mu.Lock()
	before := c.state
	f(&c.state)
	same := before.Live == c.state.Live && before.Err == c.state.Err && before.Width == c.state.Width && before.Height == c.state.Height &&
		before.Format == c.state.Format && before.Lens == c.state.Lens && len(before.Lenses) == len(c.state.Lenses)
	c.mu.Unlock()
	if !same {
		c.changed()
	}
}

// wishes returns what is to be done now.
func (c *Camera) wishes() (on, watched bool, s Settings, round int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.on, c.watched, c.settings, c.round
}

// Layers implements source.Source.
func (c *Camera) Layers() []source.Layer { return []source.Layer{source.Main, source.Sub} }

// Run implements source.Source.
func (c *Camera) Run(ctx context.Context, sink source.Sink) error {
	plugged := listen(js.Global().Get("navigator").Get("mediaDevices"), "devicechange")
	defer plugged.close()
	for ctx.Err() == nil {
		on, _, settings, round := c.wishes()
		if !on {
			c.say(sink, source.Failed, errOff)
			c.set(func(s *State) { *s = State{Lenses: s.Lenses} })
			select {
			case <-ctx.Done():
			case <-c.stirred:
			}
			continue
		}
		err := c.film(ctx, sink, settings, round)
		if errors.Is(err, ErrUnplugged) {
			err = lost(ctx)
		}
		c.set(func(s *State) { s.Live, s.Err = false, known(err) })
		if ctx.Err() != nil || err == nil {
			continue
		}
		c.log.Warn("the camera stands still", "error", err)
		c.say(sink, source.Failed, known(err))
		again := time.NewTimer(retryEvery)
		if err := known(err); err == ErrDenied || err == ErrInsecure || err == ErrNoEncoder {
			again.Stop() // nothing changes by itself
		}
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				waiting = false
			case <-again.C:
				waiting = false
			case <-plugged.c:
				waiting = false
			case <-c.stirred:
				_, _, _, now := c.wishes()
				waiting = now == round
			}
		}
		again.Stop()
	}
	return nil
}

// known returns the sentence that an error is of.
func known(err error) error {
	for sentence := range advice {
		if errors.Is(err, sentence) {
			return sentence
		}
	}
	if err == nil {
		return nil
	}
	return ErrBusy
}

// say tells viewers how the camera is.
func (c *Camera) say(sink source.Sink, state source.State, cause error) {
	sink.Status(source.Status{State: state, Advice: advice[cause], Err: cause})
}

// open asks for the camera.
func open(ctx context.Context, settings Settings) (js.Value, error) {
	devices := js.Global().Get("navigator").Get("mediaDevices")
	if !devices.Truthy() {
		return js.Undefined(), ErrInsecure
	}
	if !js.Global().Get("VideoEncoder").Truthy() || !js.Global().Get("VideoFrame").Truthy() {
		return js.Undefined(), ErrNoEncoder
	}
	video := map[string]any{
		"width": map[string]any{"ideal": settings.Size * 16 / 9}, "height": map[string]any{"ideal": settings.Size},
		"frameRate": map[string]any{"ideal": frameRate, "max": frameRate},
	}
	switch settings.Lens {
	case "":
		video["facingMode"] = "environment"
	case "environment", "user":
		video["facingMode"] = settings.Lens
	default:
		video["deviceId"] = map[string]any{"exact": settings.Lens}
	}
	ask := func() (js.Value, error) {
		var p js.Value
		if err := promise.Try(func() {
			p = devices.Call("getUserMedia", map[string]any{"audio": false, "video": video})
		}); err != nil {
			return js.Undefined(), err
		}
		return promise.Await(ctx, p)
	}
	stream, err := ask()
	var refused *promise.Error
	if errors.As(err, &refused) && refused.Name == "OverconstrainedError" { // the lens that was chosen is gone
		delete(video, "deviceId")
		stream, err = ask()
	}
	if err != nil {
		return js.Undefined(), openError(err)
	}
	return stream, nil
}

// lenses lists the device's cameras. Their labels are known once the camera was lent.
func lenses(ctx context.Context) []Lens {
	var p js.Value
	if promise.Try(func() { p = js.Global().Get("navigator").Get("mediaDevices").Call("enumerateDevices") }) != nil {
		return nil
	}
	list, err := promise.Await(ctx, p)
	if err != nil {
		return nil
	}
	var found []Lens
	for i := range min(list.Length(), 64) {
		if d := list.Index(i); d.Get("kind").String() == "videoinput" && d.Get("deviceId").String() != "" {
			found = append(found, Lens{ID: d.Get("deviceId").String(), Label: d.Get("label").String()})
		}
	}
	return found
}

// listener holds a token after an event of a target.
type listener struct {
	c      chan struct{}
	target js.Value
	event  string
	f      js.Func
}

func listen(target js.Value, event string) *listener {
	l := &listener{c: make(chan struct{}, 1), target: target, event: event}
	l.f = js.FuncOf(func(js.Value, []js.Value) any {
		select {
		case l.c <- struct{}{}:
		default:
		}
		return nil
	})
	if target.Truthy() {
		target.Call("addEventListener", event, l.f)
	}
	return l
}

func (l *listener) close() {
	if l.target.Truthy() {
		l.target.Call("removeEventListener", l.event, l.f)
	}
	l.f.Release()
}
