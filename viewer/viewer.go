package viewer

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
)

// tickEvery is how often time-outs and ages are looked at.
const tickEvery = 200 * time.Millisecond

// ErrConfig is returned by Run for a Config that lacks something.
var ErrConfig = errors.New("viewer: the configuration lacks Dial, Self or NewDecoder")

// server is what the viewer needs of signal.Client. None of its methods but Knock and Close blocks.
type server interface {
	Knock(ctx context.Context, agent identity.AgentID, token [16]byte) (net.Conn, signal.TURN, error)
	Subscribe(topic signal.Topic, cached bool, fn func(signal.RelayFrame)) error
	Unsubscribe(topic signal.Topic)
	ICE() []string
	Probe()               // asks the server whether it is there
	Quiet() time.Duration // how long nothing has come from it
	Done() <-chan struct{}
	Err() error
	Close() error
}

// client makes a signal.Client a server.
type client struct{ *signal.Client }

func (c client) Knock(ctx context.Context, agent identity.AgentID, token [16]byte) (net.Conn, signal.TURN, error) {
	pipe, turn, err := c.Client.Knock(ctx, agent, token)
	if err != nil {
		return nil, turn, err // not a nil *Pipe in an interface
	}
	return pipe, turn, nil
}

// Viewer watches the cameras of any number of agents through one server.
type Viewer struct {
	cfg  Config
	log  *slog.Logger
	now  func() time.Time
	dial func(context.Context) (server, error)

	retry  chan struct{}  // holds a token when the server is to be dialled at once
	strand chan struct{}  // holds a token while the connection to it seems to be dead
	timers sync.WaitGroup // of lanes
	closes sync.WaitGroup // of connections

	mu      sync.Mutex
	running bool
	ended   bool // Run has returned
	link    linkStatus
	server  server    // while there is a connection to it
	offline bool      // this device says that it has no network
	moved   time.Time // when its network last changed, until the server is known to answer on the new one; zero: it did not
	twin    twin
	homes   []*home
	wishes  map[TileKey]Wish
	tried   time.Time // when a camera's try of a larger stream by the relay last ended
}

// New returns a Viewer for Run.
func New(cfg Config) *Viewer {
	v := &Viewer{
		cfg: cfg, log: cfg.Log, now: cfg.Now, wishes: map[TileKey]Wish{}, retry: make(chan struct{}, 1), strand: make(chan struct{}, 1),
		twin: twin{turn: make(chan struct{}, 1)},
	}
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	if v.now == nil {
		v.now = time.Now
	}
	if cfg.NewPeer == nil && cfg.Route == RouteAuto {
		v.cfg.Route = RelayOnly
	}
	v.dial = func(ctx context.Context) (server, error) {
		c, err := cfg.Dial(ctx)
		if err != nil {
			return nil, err
		}
		return client{c}, nil
	}
	for _, known := range cfg.Homes {
		if v.home(known.Agent) == nil {
			v.homes = append(v.homes, newHome(v, known))
		}
	}
	if c := cfg.Invite; c != nil {
		v.homeOf(c.Agent).link = opened{invite: c}
	}
	if c := cfg.Claim; c != nil {
		v.homeOf(c.Agent).link = opened{claim: c}
	}
	return v
}

// homeOf returns the agent's home, of which nothing may be known yet. It is for New alone.
func (v *Viewer) homeOf(agent identity.AgentID) *home {
	if h := v.home(agent); h != nil {
		return h
	}
	h := newHome(v, Home{Agent: agent})
	v.homes = append(v.homes, h)
	return h
}

// home returns the agent's home, or nil.
func (v *Viewer) home(agent identity.AgentID) *home {
	for _, h := range v.homes { // the slice is never changed after New
		if h.id == agent {
			return h
		}
	}
	return nil
}

// Run connects, and connects again whenever the connection ends, until ctx does; then it returns nil once everything that it started
// has ended. It returns ErrConfig at once, and may be called once.
func (v *Viewer) Run(ctx context.Context) error {
	if v.cfg.Dial == nil || v.cfg.Self == nil || v.cfg.NewDecoder == nil {
		return ErrConfig
	}
	return v.run(ctx)
}

func (v *Viewer) run(ctx context.Context) error {
	v.mu.Lock()
	if v.running {
		v.mu.Unlock()
		return errors.New("viewer: Run was called before")
	}
	v.running = true
	v.mu.Unlock()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var ticker sync.WaitGroup
	ticker.Go(func() { v.tickUntil(ctx) })
	v.stayConnected(ctx)
	cancel()
	ticker.Wait()
	v.closes.Wait()

	v.mu.Lock()
	v.ended = true
	for _, h := range v.homes {
		for _, c := range h.cameras {
			c.closeLanes()
			c.shelf.Clear()
		}
		h.notify()
	}
	v.mu.Unlock()
	v.timers.Wait()
	v.changed()
	return nil
}

// stayConnected is the loop over connections to the server.
func (v *Viewer) stayConnected(ctx context.Context) {
	var backoff signal.Backoff
	var out outage
	var c server // stands already
	for again := false; ; again = true {
		var err error
		began := v.now()
		if c == nil {
			v.setLink(linkStatus{state: LinkConnecting, again: again, out: out})
			if c, err = v.dial(ctx); err != nil {
				c = nil
				out.failed(v.now(), err, v.now().Sub(began))
			}
			began = v.now()
		}
		if c != nil {
			v.setLink(linkStatus{state: LinkReady})
			var next server
			old := c
			next, err = v.serve(ctx, old)
			v.close(old)
			out.broken(v.now(), err)
			// A connection that lasted did its work; one that breaks at once must not be made again at full speed.
			if v.now().Sub(began) > signal.MaxBackoff {
				backoff.Reset()
			}
			if c = next; c != nil {
				v.log.Info("viewer: another connection to the server", "error", err)
				continue
			}
		}
		if ctx.Err() != nil {
			return
		}
		wait := backoff.Next()
		v.log.Info("viewer: no connection to the server", "error", err, "again in", wait)
		v.setLink(linkStatus{state: LinkUnreachable, err: err, out: out, retry: v.now().Add(wait)})
		if !v.pauseUntilOnline(ctx, wait) {
			return
		}
	}
}

// close ends a connection without waiting for it: a dead one takes its time.
func (v *Viewer) close(c server) { v.closes.Go(func() { c.Close() }) }

// serve runs the sessions over one connection until it ends, and returns why, and the connection to go on with if there is one already.
func (v *Viewer) serve(ctx context.Context, c server) (next server, err error) {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	v.attach(c)
	defer v.attach(nil)
	var homes sync.WaitGroup
	for _, h := range v.homes { // the slice is never changed after New
		homes.Go(func() { h.run(within, c) })
	}
	homes.Go(func() { v.double(within) })
	next = v.follow(ctx, c)
	cancel()
	homes.Wait()
	if err = c.Err(); err == nil {
		err = signal.ErrSilent // which is why there is another one
	}
	return next, err
}

// Wish says which cameras are on the screen; one that is not is no longer watched. It may be called with the same wishes as often as
// is convenient. Of several wishes for a camera the last counts.
func (v *Viewer) Wish(wishes []Wish) {
	v.mu.Lock()
	defer v.mu.Unlock()
	same := len(wishes) == len(v.wishes)
	for _, w := range wishes {
		w.Stream = min(w.Stream, seal.MaxStream)
		same = same && v.wishes[w.Key] == w
	}
	if same {
		return
	}
	clear(v.wishes)
	for _, w := range wishes {
		w.Stream = min(w.Stream, seal.MaxStream)
		v.wishes[w.Key] = w
	}
	now := v.now()
	for _, h := range v.homes {
		for _, c := range h.cameras {
			c.wish(now)
		}
		h.wake()
	}
}

// tickUntil looks after everything that happens because time passes.
func (v *Viewer) tickUntil(ctx context.Context) {
	t := time.NewTicker(tickEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if v.tick() {
				v.changed()
			}
		}
	}
}

// tick reports whether a tile may look different now.
func (v *Viewer) tick() (differs bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	if v.stranded(now) || v.cutOff() {
		signalOnce(v.strand)
	}
	for _, h := range v.homes {
		h.forget(now)
		if _, known := h.clock.Latest(now); !known && h.session != nil && len(h.session.pings) == 0 {
			signalOnce(h.session.hurry) // this device slept, or its time was set
		}
		h.tick(now)
		for _, c := range h.cameras {
			c.tick(now)
			differs = c.differs(now) || differs
		}
		h.wake()
	}
	v.judgeTwin(now)
	return differs || v.link.state == LinkUnreachable
}

// changed tells the page. It must not be called with mu held.
func (v *Viewer) changed() {
	if v.cfg.Changed != nil {
		v.cfg.Changed()
	}
}

// pauseUntilOnline waits, but not longer than until this device's network is back; false if ctx ended first.
func (v *Viewer) pauseUntilOnline(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-v.retry:
	case <-t.C:
	}
	return true
}
