package camera

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/signal"
)

// maxSessions is how many viewers an agent serves at once.
const maxSessions = 64

// Camera is one camera of an agent.
type Camera struct {
	Name   string
	Source source.Source
}

// Config is what an agent needs.
type Config struct {
	Name    string // what viewers see
	Server  string // http(s)://host[:port] of the server
	Store   *store.Store
	Clock   *source.Clock // the one the sources use
	Cameras []Camera
	// Loopback offers 127.0.0.1 as a direct path: for viewers on this machine.
	Loopback bool
	// Ephemeral homes are gone when the agent ends (the demo); devices do not keep them.
	Ephemeral bool
	// Link is told of each claim link while the agent has no owner. It is the only way that the link leaves the agent.
	Link func(link pairing.Link, expires time.Time)
	// LinkLife is how long a claim link is good for; pairing.DefaultTTL if zero.
	LinkLife time.Duration
	Log      *slog.Logger
}

// Agent serves cameras to the devices that its owner granted them to.
type Agent struct {
	name      string
	server    string
	store     *store.Store
	key       identity.AgentKey
	id        identity.AgentID
	clock     *source.Clock
	loopback  bool
	ephemeral bool
	link      func(pairing.Link, time.Time)
	linkLife  time.Duration
	log       *slog.Logger
	hubs      []*hub
	sources   []source.Source

	mu       sync.Mutex
	grants   *grant.Log
	codes    *pairing.Codes
	signal   *signal.Client
	sessions map[*viewerSession]struct{}
}

// New checks the store and makes an agent.
func New(c Config) (*Agent, error) {
	a := &Agent{
		name: c.Name, server: c.Server, store: c.Store, key: c.Store.Key(), clock: c.Clock,
		loopback: c.Loopback, ephemeral: c.Ephemeral, link: c.Link, linkLife: cmp.Or(c.LinkLife, pairing.DefaultTTL), log: c.Log,
		grants:   grant.NewLog(),
		codes:    pairing.NewCodes(c.Store.Key().Public(), nil),
		sessions: map[*viewerSession]struct{}{},
	}
	a.id = a.key.Public().ID()
	for i, entry := range c.Store.Entries() {
		if err := a.grants.AppendBytes(entry); err != nil {
			return nil, fmt.Errorf("the grant log is damaged at entry %d: put back a copy of it; nothing of it was used: %w", i, err)
		}
	}
	if len(c.Cameras) == 0 || len(c.Cameras) > control.MaxCameras {
		return nil, fmt.Errorf("an agent serves 1 to %d cameras, not %d", control.MaxCameras, len(c.Cameras))
	}
	for i, cam := range c.Cameras {
		id, err := c.Store.Camera(cam.Name)
		if err != nil {
			return nil, fmt.Errorf("camera %q: %w", cam.Name, err)
		}
		h := newHub(uint8(i), id, cam.Name, cam.Source.Layers(), a.key, c.Log)
		h.status = a.broadcast
		a.hubs = append(a.hubs, h)
		a.sources = append(a.sources, cam.Source)
	}
	return a, nil
}

// ID is the agent's public id.
func (a *Agent) ID() identity.AgentID { return a.id }

// Run runs the cameras and serves viewers until ctx ends. It connects to the server again by itself.
func (a *Agent) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for i, s := range a.sources {
		wg.Go(func() { a.runSource(ctx, a.hubs[i], s) })
	}
	if !a.owned() {
		wg.Go(func() { a.issueLinks(ctx) })
	}
	a.connect(ctx)
	cancel()
	wg.Wait()
	return nil
}

func (a *Agent) runSource(ctx context.Context, h *hub, s source.Source) {
	if err := s.Run(ctx, h); err != nil && ctx.Err() == nil {
		h.Status(source.Status{State: source.Failed, Advice: err.Error(), Err: err})
	}
}

// connect keeps a connection to the server.
func (a *Agent) connect(ctx context.Context) {
	var backoff signal.Backoff
	said := ""
	for ctx.Err() == nil {
		began := time.Now()
		err := a.online(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > time.Minute {
			backoff.Reset()
		}
		wait := backoff.Next()
		if text := fmt.Sprint(err); text != said { // once per cause, not once per try
			a.log.Warn("the server cannot be reached; trying again by itself", "error", err)
			said = text
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// online serves viewers over one connection to the server, until it breaks.
func (a *Agent) online(ctx context.Context) error {
	c, err := signal.Dial(ctx, signal.Options{URL: a.server, Role: signal.RoleAgent, Signer: a.key.Signer(), Log: a.log})
	if err != nil {
		return err
	}
	a.log.Info("connected to the server")
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() {
		for _, h := range a.hubs {
			h.setRelay(nil)
		}
		a.setSignal(nil)
		cancel()
		c.Close()
		wg.Wait()
	}()
	if err := a.setSignal(c); err != nil {
		return err
	}
	for _, h := range a.hubs {
		h.setRelay(c)
	}
	for {
		pipe, in, err := c.AcceptPipe(ctx)
		if err != nil {
			return err
		}
		wg.Go(func() {
			if err := a.serve(ctx, pipe, in, c.ICE()); err != nil {
				a.log.Debug("session ended", "error", err)
			}
		})
	}
}

// setSignal notes the connection and tells it who may knock.
func (a *Agent) setSignal(c *signal.Client) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.signal = c
	return a.tellKnocks()
}

// tellKnocks gives the server the hashes of the tokens that may wake this agent. Callers hold mu.
func (a *Agent) tellKnocks() error {
	if a.signal == nil {
		return nil
	}
	var hashes [][32]byte
	for _, d := range a.grants.Devices(a.clock.Wall()) {
		hashes = append(hashes, identity.KnockHash(a.id, a.knock(d)))
	}
	return a.signal.SetKnocks(append(hashes, a.codes.Knocks(a.clock.Wall())...))
}

// knock is a device's own knock token: made from the agent's key, so that nothing need be kept.
func (a *Agent) knock(d identity.DevicePublic) (token [16]byte) {
	b, err := hkdf.Key(sha256.New, a.key.Seed(), nil, "sealcam device knock v1"+string(d.Bytes()), len(token))
	if err != nil {
		panic(err) // only for lengths that HKDF cannot make
	}
	copy(token[:], b)
	return token
}

// enter counts a session; false when there are too many.
func (a *Agent) enter(s *viewerSession) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.sessions) >= maxSessions {
		return false
	}
	a.sessions[s] = struct{}{}
	return true
}

func (a *Agent) leave(s *viewerSession) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sessions, s)
}

// broadcast tells every viewer of a camera's change.
func (a *Agent) broadcast(m control.CameraStatus) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for s := range a.sessions {
		if a.allowedLocked(s.device, a.hubs[m.Number].id) {
			s.sendControl(&m)
		}
	}
}

func (a *Agent) clockNow() control.Clock {
	zone, offset := time.Now().Zone()
	return control.Clock{
		Now: a.clock.Now(), WallOffset: a.clock.WallOffset().Microseconds(),
		ZoneOffset: int32(offset), Zone: limit(zone, 16),
	}
}

var errNotGranted = errors.New("camera: this device holds no grant")
