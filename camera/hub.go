package camera

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/sealcam/sealcam/camera/ladder"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport"
)

// Times of an epoch's life (DESIGN §3).
const (
	// A viewer is moved to a new epoch when it acked the key, or this long after the key was sent.
	epochGrace = 300 * time.Millisecond
	// Viewers that join within this time of an epoch's start share it: each is given the current GOP anyway, so the older ones'
	// key opens nothing that it does not.
	epochShare = 250 * time.Millisecond
	// No key lives longer.
	epochLife = 24 * time.Hour
	// A viewer may ask for the current GOP again this often.
	againEvery = 500 * time.Millisecond
)

// publisher is the relay as a hub sees it.
type publisher interface {
	Publish(topic signal.Topic, key bool, sealed []byte) bool
	Retire(topic signal.Topic)
}

// watcherSink is a viewer's session as a hub sees it. Its methods return at once and are called with the hub's mutex held.
type watcherSink interface {
	// sendControl queues a message; a session that cannot take it ends.
	sendControl(control.Message)
	// sendFrame hands a frame to the direct path.
	sendFrame(transport.Frame)
	// delivered tells whether nothing of a camera is under way on the direct path.
	delivered(camera uint8) bool
}

// hub is one camera at the agent: it keeps the current GOP of each layer, seals it once an epoch and stream, and hands the sealed
// frames to whoever watches. A viewer that joins gets the current GOP at once under a key that no earlier viewer's frames used.
type hub struct {
	number uint8
	id     identity.CameraID
	name   string
	layers []source.Layer
	sound  bool // is handed on
	src    seal.Source
	sign   func([]byte) ([]byte, error)
	log    *slog.Logger
	now    func() time.Time
	status func(control.CameraStatus) // told of every change, without the mutex
	offers func()                     // told when there are stills or sound for the first time, or stills no more; called with the mutex held

	mu       sync.Mutex
	state    control.CameraStatus
	gops     [seal.Sound + 1]gop // by stream
	stills   stills
	epochs   []*epoch // oldest first; the last one takes those who join
	nextID   uint64   // number of the next epoch
	watchers map[*watcher]struct{}
	relays   []publisher // of distribute, so that it need not allocate
}

// watcher is one viewer of one camera. The hub's mutex guards it.
type watcher struct {
	sink   watcherSink
	device identity.DevicePublic
	relay  publisher // of the server by which the viewer came
	// As the viewer wishes.
	stream seal.Stream
	lower  control.Streams // may be sent in its place directly, and comes beside it by the relay alone
	area   uint32          // of the picture, in pixels
	route  control.Route

	feeds   []feed
	ear     *feed // of sound; nil: not wanted
	epoch   *epoch
	next    *epoch // announced, not yet used
	sentAt  time.Time
	acked   uint64
	againAt time.Time
}

// position numbers a frame within its layer.
type position struct {
	gop   uint32
	index int
}

func newHub(number uint8, id identity.CameraID, name string, layers []source.Layer, agent identity.AgentKey, log *slog.Logger) *hub {
	return &hub{
		number:   number,
		id:       id,
		name:     name,
		layers:   layers,
		src:      seal.Source{Agent: agent.Public(), Camera: id},
		sign:     agent.Signer().Sign,
		log:      log.With("camera", name),
		now:      time.Now,
		status:   func(control.CameraStatus) {},
		offers:   func() {},
		state:    control.CameraStatus{Number: number, State: control.CameraConnecting},
		nextID:   uint64(time.Now().Unix()), // grows over restarts too, as seal.Epoch asks
		watchers: map[*watcher]struct{}{},
		stills:   stills{work: make(chan stillWork, 1)},
	}
}

// pictures are the streams that may stand for one another: the layers, and stills.
func (h *hub) pictures() control.Streams {
	set := control.StreamsOf(seal.Still)
	for _, l := range h.layers {
		set |= control.StreamsOf(streamOf(l))
	}
	return set
}

// streams are the layers of pictures under their protocol names, and stills if they can be made. Callers hold mu.
func (h *hub) streams() []seal.Stream {
	var s []seal.Stream
	for _, l := range h.layers {
		s = append(s, streamOf(l))
	}
	if h.stills.possible() {
		s = append(s, seal.Still)
	}
	slices.Sort(s)
	return s
}

func (h *hub) has(s seal.Stream) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.streams(), s)
}

// hasStills reports whether stills of the camera can be made, as far as is known by now.
func (h *hub) hasStills() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stills.possible()
}

func streamOf(l source.Layer) seal.Stream {
	switch l {
	case source.Sub:
		return seal.Sub
	case source.Sound:
		return seal.Sound
	}
	return seal.Main
}

// Deliver implements source.Sink.
func (h *hub) Deliver(l source.Layer, au codec.AccessUnit) {
	if l == source.Sound {
		h.hear(au)
		return
	}
	if l > source.Sub || len(au.Data) > codec.MaxAccessUnit || au.Config.Codec.Sound() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.spread(streamOf(l), au)
	if au.Key && h.stills.keyCame(h.now(), l, au) {
		h.offers()
	}
}

// spread adds a unit to a stream and hands it to whoever watches that. Callers hold mu.
func (h *hub) spread(stream seal.Stream, au codec.AccessUnit) {
	now := h.now()
	if !h.gops[stream].add(now, au) {
		return
	}
	h.moveEpochs(now)
	for _, e := range h.epochs {
		h.distribute(e, stream)
	}
}

// Status implements source.Sink.
func (h *hub) Status(s source.Status) {
	h.mu.Lock()
	state := control.CameraStatus{Number: h.number, State: control.CameraState(s.State), Advice: limit(s.Advice, control.MaxAdvice)}
	changed := state != h.state
	h.state = state
	h.mu.Unlock()
	if !changed {
		return
	}
	switch {
	case s.State == source.Running:
		h.log.Info("camera runs")
	case s.Advice != "":
		h.log.Warn(s.Advice, "error", s.Err)
	}
	h.status(state)
}

// forget drops what was noted about a relay whose connection ended. A new connection knows no topic, so publishing starts over.
func (h *hub) forget(p publisher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.epochs {
		for _, s := range e.streams {
			delete(s.published, p)
		}
	}
}

// join makes w a viewer of the camera: a new epoch for everybody who watches, and the current GOP for w.
func (h *hub) join(w *watcher) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	e := h.newest()
	if e == nil || now.Sub(e.began) > epochShare || e.exhausted() {
		var err error
		if e, err = h.begin(now); err != nil {
			return err
		}
	}
	h.watchers[w] = struct{}{}
	w.epoch, w.next = e, nil
	h.announce(e, w)
	w.feeds = []feed{{Step: ladder.Step{Stream: w.stream}, at: h.gops[w.stream].start()}}
	h.listen(w, w.ear != nil)
	h.distribute(e, w.stream)
	h.attendStills(now)
	return nil
}

// change applies another wish of a viewer that watches already.
func (h *hub) change(w *watcher, m *control.Watch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	direct := w.route.Has(control.Peer) && m.Route.Has(control.Peer)
	w.stream, w.lower, w.area, w.route = m.Stream, m.Lower, m.Area, m.Route
	h.listen(w, m.Sound)
	if !direct {
		// By the relay it is what is asked for. A direct path begins with that too; what it carries is seen then.
		f := feed{Step: ladder.Step{Stream: m.Stream}, at: h.gops[m.Stream].start()}
		if old := w.feed(m.Stream); old != nil && !old.Keys {
			f.at = old.at
		}
		w.feeds = []feed{f}
	}
	if m.Again && h.now().Sub(w.againAt) >= againEvery {
		w.againAt = h.now()
		for i := range w.feeds {
			w.feeds[i].at = h.gops[w.feeds[i].Stream].again(w.againAt)
		}
		if s := w.epoch.streams[m.Stream]; s != nil && m.Route.Has(control.Relay) {
			delete(s.published, w.relay)
		}
	}
	for _, f := range w.feeds {
		h.distribute(w.epoch, f.Stream)
	}
	for _, stream := range h.streams() {
		if w.relays(stream) {
			h.distribute(w.epoch, stream)
		}
	}
	h.attendStills(h.now())
}

// leave ends w's watching.
func (h *hub) leave(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers, w)
	h.attendStills(h.now())
	h.prune()
}

// distribute seals what is new of a stream in an epoch, if anybody wants it, and hands it on.
func (h *hub) distribute(e *epoch, stream seal.Stream) {
	wanted := false
	h.relays = h.relays[:0]
	for w := range h.watchers {
		if w.epoch == e && w.takes(stream) {
			wanted = true
			if w.relays(stream) && w.relay != nil && !slices.Contains(h.relays, w.relay) {
				h.relays = append(h.relays, w.relay)
			}
		}
	}
	if !wanted {
		return
	}
	g := &h.gops[stream]
	s, err := e.sealUp(h, stream, g)
	if err != nil {
		h.log.Error("sealing failed", "error", err)
		return
	}
	for _, p := range h.relays {
		s.published[p] = s.publish(p, e.relayTopic(stream), s.published[p])
	}
	for w := range h.watchers {
		if w.epoch == e {
			w.catchUp(stream, s)
		}
	}
}

// camera describes the hub to a viewer.
func (h *hub) camera(agent identity.AgentID) (control.Camera, error) {
	sig, err := h.sign(identity.CameraStatement(agent, h.id))
	if err != nil {
		return control.Camera{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	streams := h.streams()
	if h.heard() {
		streams = append(streams, seal.Sound)
	}
	return control.Camera{
		Number: h.number, ID: h.id, Name: limit(h.name, control.MaxName), Streams: streams,
		State: h.state.State, Advice: h.state.Advice, Sig: sig,
	}, nil
}
