package camera

import (
	"cmp"
	"context"
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
)

// How often the agent looks at what changes by itself.
const (
	lookEvery = time.Second     // who expired
	saveEvery = time.Minute     // last seen, and knocks of those who expired
	markEvery = 5 * time.Minute // the clock's mark
)

// Camera is one camera of an agent.
type Camera struct {
	Name   string
	Key    string // under which the store keeps its id; the name if empty. It must stay the same for as long as the camera does
	Source source.Source
	// Sound hands on what the camera hears to those who may watch it. Without it no sound leaves the agent, whatever the source delivers.
	Sound bool
}

// Config is what an agent needs.
type Config struct {
	Name    string   // what viewers see
	Servers []string // http(s)://host[:port] of each server; links name the first
	// For names the server when the one of Servers is a program on this machine that carries the connection there; see signal.Options.
	For     string
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
	// Changed is told that what Watchers, Online or Owned return may have changed. It is called from any goroutine, and must not block or
	// call the Agent. May be nil.
	Changed func()
	Log     *slog.Logger
	// Now is the wall clock; time.Now if nil. Grants begin and expire by it, as far as it can be trusted.
	Now func() time.Time
}

// Agent serves cameras to the devices that its owner granted them to.
type Agent struct {
	name      string
	store     *store.Store
	key       identity.AgentKey
	id        identity.AgentID
	clock     *source.Clock // of capture
	wall      *wallClock
	loopback  bool
	ephemeral bool
	link      func(pairing.Link, time.Time)
	linkLife  time.Duration
	// linkClosed holds a token when a claim link was tried too often.
	linkClosed chan struct{}
	// offered holds a token when a camera has more to offer than viewers were told.
	offered   chan struct{}
	changed   func()
	carriedTo string // signal.Options.For
	log       *slog.Logger
	hubs      []*hub
	sources   []source.Source
	servers   []*serverLink
	codes     *pairing.Codes

	// appending is held from the check of an entry until the log has it. It is taken before mu.
	appending sync.Mutex

	mu         sync.Mutex
	grants     *grant.Log
	statement  statement // of the log's head
	checkpoint uint64    // entries that the checkpoint on the disk covers
	doors      doors
	sessions   map[*viewerSession]struct{}
}

// New checks the store and makes an agent. Its errors are sentences for the agent's owner.
func New(c Config) (*Agent, error) {
	if len(c.Servers) == 0 {
		return nil, errors.New("an agent needs a server to be reached by")
	}
	if len(c.Cameras) == 0 || len(c.Cameras) > control.MaxCameras {
		return nil, fmt.Errorf("an agent serves 1 to %d cameras, not %d", control.MaxCameras, len(c.Cameras))
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &Agent{
		name: c.Name, store: c.Store, key: c.Store.Key(), clock: c.Clock,
		loopback: c.Loopback, ephemeral: c.Ephemeral, link: c.Link, linkLife: cmp.Or(c.LinkLife, pairing.DefaultTTL), log: c.Log,
		linkClosed: make(chan struct{}, 1), offered: make(chan struct{}, 1), changed: c.Changed, carriedTo: c.For,
		codes:    pairing.NewCodes(c.Store.Key().Public(), nil),
		sessions: map[*viewerSession]struct{}{},
	}
	a.id = a.key.Public().ID()
	a.wall = newWallClock(c.Now, c.Store.ClockMark(), c.Store.ClockPath(), c.Log)
	if err := a.load(); err != nil {
		return nil, err
	}
	for _, sentence := range c.Store.Warnings() {
		c.Log.Warn(sentence)
	}
	if err := c.Store.Journal().CloseVisits(c.Store.ClockMark()); err != nil {
		c.Log.Warn("the access journal could not be written", "error", err)
	}
	for i, url := range c.Servers {
		a.servers = append(a.servers, newServerLink(url, i, len(c.Servers), c.Log))
	}
	for i, cam := range c.Cameras {
		id, err := c.Store.Camera(cmp.Or(cam.Key, cam.Name))
		if err != nil {
			return nil, fmt.Errorf("camera %q: %w", cam.Name, err)
		}
		h := newHub(uint8(i), id, cam.Name, cam.Source.Layers(), a.key, c.Log)
		h.nextID = max(h.nextID, uint64(max(c.Store.ClockMark().Unix(), 0))) // also when the clock was set back meanwhile
		h.sound = cam.Sound
		h.status, h.offers = a.broadcast, a.noteOffer
		a.hubs = append(a.hubs, h)
		a.sources = append(a.sources, cam.Source)
	}
	a.openDoors()
	return a, nil
}

// ID is the agent's public id.
func (a *Agent) ID() identity.AgentID { return a.id }

// Run runs the cameras and serves viewers until ctx ends. It connects to its servers again by itself.
func (a *Agent) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for i, s := range a.sources {
		wg.Go(func() { a.runSource(ctx, a.hubs[i], s) })
		wg.Go(func() { a.hubs[i].makeStills(ctx) })
	}
	if !a.owned() {
		wg.Go(func() { a.issueLinks(ctx) })
	}
	for _, l := range a.servers {
		wg.Go(func() { a.connect(ctx, l) })
	}
	a.look(ctx)
	cancel()
	wg.Wait()
	a.save(a.wall.mark())
	return nil
}

func (a *Agent) runSource(ctx context.Context, h *hub, s source.Source) {
	if err := s.Run(ctx, h); err != nil && ctx.Err() == nil {
		h.Status(source.Status{State: source.Failed, Advice: err.Error(), Err: err})
	}
}

// noteOffer has viewers told soon of what a camera has come to offer. It does not wait.
func (a *Agent) noteOffer() {
	select {
	case a.offered <- struct{}{}:
	default:
	}
}

// look does, until ctx ends, what time brings: it ends the sessions of those who expired, and keeps on the disk what may get lost. Of what
// cameras have come to offer it tells at once.
func (a *Agent) look(ctx context.Context) {
	ticks := time.NewTicker(lookEvery)
	defer ticks.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-a.offered:
			a.review()
		case <-ticks.C:
			n++
			a.review()
			a.saveCheckpoint()
			if n%int(saveEvery/lookEvery) == 0 {
				a.tellKnocks()
				mark := time.Time{}
				if n%int(markEvery/lookEvery) == 0 {
					mark = a.wall.mark()
				}
				a.save(mark)
			}
		}
	}
}

// save writes down who was seen last, and how late it is. What cannot be written is not vital.
func (a *Agent) save(mark time.Time) {
	now, _ := a.wall.now()
	for _, s := range a.all() {
		if !s.recovery {
			a.store.Seen(s.device.ID(), now)
		}
	}
	if err := errors.Join(a.store.SaveSeen(), a.store.SaveClockMark(mark)); err != nil {
		a.log.Warn("the state folder cannot be written: look at its disk", "error", err)
	}
	a.saveCheckpoint()
}

// all returns the sessions that there are.
func (a *Agent) all() []*viewerSession {
	a.mu.Lock()
	defer a.mu.Unlock()
	sessions := make([]*viewerSession, 0, len(a.sessions))
	for s := range a.sessions {
		sessions = append(sessions, s)
	}
	return sessions
}

// broadcast tells every viewer of a camera's change.
func (a *Agent) broadcast(m control.CameraStatus) {
	for _, s := range a.all() {
		if a.allowed(s.device, a.hubs[m.Number].id) {
			s.sendControl(&m)
		}
	}
}

// camerasOf describes the cameras that a member may see. Callers hold mu.
func (a *Agent) camerasOf(m grant.Member) []control.Camera {
	var cameras []control.Camera
	for _, h := range a.hubs {
		if m.Allows(h.id, grant.Live) != nil {
			continue
		}
		c, err := h.camera(a.id)
		if err != nil {
			a.log.Error("camera cannot be announced", "error", err)
			continue
		}
		cameras = append(cameras, c)
	}
	return cameras
}

func (a *Agent) clockNow() control.Clock {
	zone, offset := time.Now().Zone()
	return control.Clock{
		Now: a.clock.Now(), WallOffset: a.clock.WallOffset().Microseconds(),
		ZoneOffset: int32(offset), Zone: limit(zone, 16),
	}
}

// unixOf is a time as messages tell it: in Unix seconds, 0 for none.
func unixOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func rawKey(d identity.DevicePublic) [identity.PublicKeySize]byte {
	return [identity.PublicKeySize]byte(d.Bytes())
}
