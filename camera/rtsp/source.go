package rtsp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/internal/pause"
)

// Config is one camera.
type Config struct {
	Main string // address of the full-size stream
	Sub  string // address of the small stream; empty if the camera has none
	UDP  bool   // RTP over UDP in place of TCP
	// Sound delivers what the camera hears, of its main stream, or of the small one where that alone has sound. Else it is not asked for.
	Sound bool
	// Clock gives the capture times. It must not be nil.
	Clock *source.Clock
	Log   *slog.Logger // may be nil
}

// Source is an RTSP camera. It implements source.Source.
type Source struct {
	config    Config
	addresses []Address // by layer
	timing    timing
	heardMain atomic.Int64 // Unix ms when the main stream last had sound
}

var _ source.Source = (*Source)(nil)

// New checks the addresses. It connects to nothing. Its errors repeat no part of an address.
func New(c Config) (*Source, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Source{config: c, timing: usualTiming}
	main, err := ParseAddress(c.Main)
	if err != nil {
		return nil, fmt.Errorf("main: %w", err)
	}
	s.addresses = append(s.addresses, main)
	if c.Sub != "" {
		sub, err := ParseAddress(c.Sub)
		if err != nil {
			return nil, fmt.Errorf("sub: %w", err)
		}
		s.addresses = append(s.addresses, sub)
	}
	return s, nil
}

// Layers returns Main, and Sub if there is an address for it.
func (s *Source) Layers() []source.Layer {
	return []source.Layer{source.Main, source.Sub}[:len(s.addresses)]
}

// Run delivers until ctx ends, and then returns nil. Each layer has a connection of its own. The status is that of the main stream:
// a camera whose sub-stream fails still shows, and the log tells.
func (s *Source) Run(ctx context.Context, sink source.Sink) error {
	report := &reporter{sink: sink}
	report.set(source.Status{State: source.Connecting})
	// The sub-stream waits for the main one: a camera that refuses the password counts the attempts.
	ready := make(chan struct{})
	var once sync.Once
	var layers sync.WaitGroup
	layers.Go(func() {
		l := &layer{source: s, sink: sink, which: source.Main, report: report, ready: func() { once.Do(func() { close(ready) }) }}
		l.run(ctx)
	})
	if len(s.addresses) > 1 {
		layers.Go(func() {
			select {
			case <-ctx.Done():
				return
			case <-ready:
			}
			l := &layer{source: s, sink: sink, which: source.Sub, ready: func() {}}
			l.run(ctx)
		})
	}
	layers.Wait()
	return nil
}

// reporter hands on a status when it changes.
type reporter struct {
	sink source.Sink

	mu   sync.Mutex
	last source.Status
	any  bool
}

func (r *reporter) set(s source.Status) {
	if r == nil {
		return // the sub-stream
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.any && r.last.State == s.State && r.last.Advice == s.Advice {
		return
	}
	r.last, r.any = s, true
	r.sink.Status(s)
}

// layer keeps one stream going.
type layer struct {
	source *Source
	sink   source.Sink
	which  source.Layer
	report *reporter
	ready  func() // the other layer may connect
}

func (l *layer) run(ctx context.Context) {
	back := backoff{timing: &l.source.timing}
	log := l.source.config.Log.With("layer", layerName(l.which))
	udp := l.source.config.UDP
	flipped := false
	var last Problem
	for ctx.Err() == nil {
		var began time.Time // of the first picture
		err := Play(ctx, PlayConfig{
			Address: l.source.addresses[l.which], UDP: udp, Clock: l.source.config.Clock, Log: log, timing: &l.source.timing,
			Picture: func(au codec.AccessUnit) {
				if began.IsZero() {
					began = time.Now()
					l.ready()
				}
				l.sink.Deliver(l.which, au)
				l.report.set(source.Status{State: source.Running})
			},
			Sound: l.sound(),
			Trouble: func(e *Error) {
				log.Warn("no usable picture", "problem", e.Error())
				l.report.set(source.Status{State: source.Connecting, Advice: e.Advice(), Err: e})
			},
		})
		if ctx.Err() != nil {
			return
		}
		var problem *Error
		if !errors.As(err, &problem) {
			problem = &Error{Problem: Lost}
		}
		if problem.Problem == Transport && !flipped {
			// The owner's choice does not work, so the other one is tried, once per run.
			udp, flipped = !udp, true
			log.Info("camera does not serve this transport, trying the other one", "udp", udp)
			continue
		}
		if problem.Problem != last || !began.IsZero() {
			log.Warn("no pictures", "problem", problem.Error())
		}
		last = problem.Problem
		if problem.Problem != Password && problem.Problem != NoPassword {
			l.ready()
		}
		state := source.Connecting
		if problem.Problem.Lasting() {
			state = source.Failed
		}
		l.report.set(source.Status{State: state, Advice: problem.Advice(), Err: problem})
		var held time.Duration
		if !began.IsZero() {
			held = time.Since(began)
		}
		if !pause.For(ctx, back.after(problem.Problem, held)) {
			return
		}
	}
}

// mainSilent is after how long without sound of the main stream that of the small one is taken.
const mainSilent = 5 * time.Second

// sound returns what takes the layer's sound; nil if it is not wanted.
func (l *layer) sound() func(codec.AccessUnit) {
	if !l.source.config.Sound {
		return nil
	}
	return func(au codec.AccessUnit) {
		now := time.Now().UnixMilli()
		if l.which == source.Main {
			l.source.heardMain.Store(now)
		} else if now-l.source.heardMain.Load() < mainSilent.Milliseconds() {
			return
		}
		l.sink.Deliver(source.Sound, au)
	}
}

func layerName(l source.Layer) string {
	if l == source.Sub {
		return "sub"
	}
	return "main"
}
