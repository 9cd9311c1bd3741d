package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/static"
	"github.com/sealcam/sealcam/test/hostile"
)

// Words of the two homes.
var (
	persons = [homes]string{"Anna", "Ben"}
	rooms   = [homes]string{"nursery", "living room"}
	scenes  = [homes]func() *scene{nursery, parlour}
)

// linkWithin is how long an agent may take to come to its claim link.
const linkWithin = 30 * time.Second

// replay is the server with its cache, the two cameras, and what was opened of the page.
type replay struct {
	log     *slog.Logger
	server  *hostile.Server
	clock   *source.Clock
	network *network
	clear   *cache[[]byte] // the naive viewer's way
	eyes    [homes]*eye
	ctx     context.Context // of Run, for showings, which begin with requests
	ready   chan struct{}   // closed when ctx is set

	mu       sync.Mutex
	showing  *showing // the page opened last; who opened one before sees its pictures grow old
	showings sync.WaitGroup
}

func newReplay(log *slog.Logger) (*replay, error) {
	s, err := hostile.New(hostile.Config{
		Real: server.Config{Client: static.Client(), Log: log.With("part", "server")}, Log: log.With("part", "cache"),
	})
	if err != nil {
		return nil, err
	}
	r := &replay{log: log, server: s, clock: source.NewClock(), network: newNetwork(), ready: make(chan struct{})}
	r.clear = &cache[[]byte]{network: r.network}
	for h := range r.eyes {
		r.eyes[h] = &eye{home: h, scene: scenes[h](), clock: r.clock, clear: r.clear, sinks: map[source.Sink]struct{}{}}
	}
	return r, nil
}

// run runs server and cameras until ctx ends.
func (r *replay) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.ctx = ctx
	close(r.ready)
	var wg sync.WaitGroup
	errs := make(chan error, 1+homes)
	for _, f := range []func(context.Context) error{r.server.Run, r.eyes[0].shoot, r.eyes[1].shoot} {
		wg.Go(func() {
			defer cancel()
			errs <- f(ctx)
		})
	}
	wg.Wait()
	r.awaitShowings()
	close(errs)
	var err error
	for e := range errs {
		err = errors.Join(err, e)
	}
	return err
}

// awaitShowings waits for the end of what show began; r.ctx has ended, so that no other showing begins.
func (r *replay) awaitShowings() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.showings.Wait()
}

// showing is the page, opened once: agents and addresses of its own, so that a browser which has seen it before starts anew.
type showing struct {
	replay *replay
	sealed *cache[[]byte] // Sealcam's way: the same cache, full of sealed frames
	agents [homes]identity.AgentID
	frames [homes]string // addresses of the real client, with the claim link
	cancel context.CancelFunc

	homeOf map[*hostile.Conn]int // whose viewer a connection is; only hooks use it
}

// show begins a showing and ends the one before.
func (r *replay) show() (*showing, error) {
	<-r.ready
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return nil, r.ctx.Err()
	}
	if r.showing != nil {
		r.showing.cancel()
		r.showing = nil
	}
	ctx, cancel := context.WithCancel(r.ctx)
	s := &showing{replay: r, sealed: &cache[[]byte]{network: r.network}, cancel: cancel, homeOf: map[*hostile.Conn]int{}}
	for h := range homes {
		if err := s.open(ctx, h); err != nil {
			cancel()
			return nil, err
		}
	}
	stop := r.server.Use(s.script())
	r.showings.Go(func() {
		<-ctx.Done()
		stop()
	})
	r.showing = s
	return s, nil
}

// open starts a home's agent and the address at which its owner watches.
func (s *showing) open(ctx context.Context, home int) error {
	r := s.replay
	memory, err := store.Memory()
	if err != nil {
		return err
	}
	links := make(chan pairing.Link, 1)
	agent, err := camera.New(camera.Config{
		Name: persons[home] + "'s home", Servers: []string{r.server.Address()}, Store: memory, Clock: r.clock,
		Cameras:   []camera.Camera{{Name: persons[home] + "'s " + rooms[home], Source: r.eyes[home]}},
		Ephemeral: true,
		Link: func(l pairing.Link, _ time.Time) {
			select {
			case links <- l:
			default:
			}
		},
		Log: r.log.With("part", "agent", "home", persons[home]),
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return err
	}
	front := &http.Server{Handler: newFront(r.server.Address()), ReadHeaderTimeout: 10 * time.Second}
	r.showings.Go(func() {
		if err := agent.Run(ctx); err != nil {
			r.log.Error("agent", "error", err)
		}
	})
	r.showings.Go(func() {
		if err := front.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			r.log.Error("front", "error", err)
		}
	})
	r.showings.Go(func() {
		<-ctx.Done()
		front.Close()
	})
	select {
	case l := <-links:
		_, fragment, _ := strings.Cut(l.String(), "#")
		s.agents[home] = agent.ID()
		s.frames[home] = fmt.Sprintf("http://localhost:%d/?transport=relay#%s", listener.Addr().(*net.TCPAddr).Port, fragment)
		return nil
	case <-time.After(linkWithin):
		return errors.New("an agent prints no claim link")
	case <-ctx.Done():
		return ctx.Err()
	}
}
