package camera

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/signal"
)

// morning is when the tests begin.
var morning = time.Date(2026, time.November, 21, 9, 0, 0, 0, time.UTC)

// inHome runs a test in a bubble of time, with an agent that has an owner and three cameras.
func inHome(t *testing.T, test func(t *testing.T, h *home)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t)
		h.found()
		defer h.close()
		test(t, h)
	})
}

// home is an agent, the relay it publishes to, and who visits.
type home struct {
	t        *testing.T
	a        *Agent
	store    *store.Store
	relay    *tap
	entrance *entrance
	root     identity.RootKey
	owner    identity.DeviceKey
	log      *lines
	frame    int
	stop     context.CancelFunc
	wg       sync.WaitGroup
	ctx      context.Context
	visitor  []*guest

	mu    sync.Mutex
	ahead time.Duration // of the wall clock, before the bubble's
}

func newHome(t *testing.T) *home {
	t.Helper()
	memory, err := store.Memory()
	if err != nil {
		t.Fatal(err)
	}
	return newHomeWith(t, memory, morning)
}

// newHomeWith starts an agent on a store, with its clock at a time.
func newHomeWith(t *testing.T, s *store.Store, at time.Time) *home {
	t.Helper()
	h := &home{t: t, store: s, relay: newTap(), log: &lines{}, ahead: time.Until(at)}
	root, err := identity.GenerateRoot(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h.root, h.owner = root, newDevice(t)
	h.entrance = newEntrance(h.relay, nil)
	if h.a, err = New(h.config()); err != nil {
		t.Fatal(err)
	}
	h.ctx, h.stop = context.WithCancel(context.Background())
	h.wg.Go(func() { h.a.look(h.ctx) })
	return h
}

func (h *home) config() Config {
	c := Config{
		Name: "Home", Servers: []string{"http://localhost"}, Store: h.store, Clock: source.NewClock(),
		Log: newLogger(h.log), Now: h.now,
	}
	for i := range 3 {
		c.Cameras = append(c.Cameras, Camera{Name: fmt.Sprintf("camera %d", i), Source: idle{}})
	}
	return c
}

// now is the agent's wall clock.
func (h *home) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.ahead)
}

// set sets the agent's wall clock.
func (h *home) set(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ahead = time.Until(t)
}

// found makes the owner by a genesis entry, as a claim does.
func (h *home) found() {
	h.t.Helper()
	genesis, err := grant.Genesis(h.root, h.owner.Public(), "owner", morning)
	if err != nil {
		h.t.Fatal(err)
	}
	h.mustAppend(genesis)
}

func (h *home) mustAppend(entry []byte) {
	h.t.Helper()
	if _, reason := h.a.extend(entry, func(*grant.Entry) bool { return true }); reason != 0 {
		h.t.Fatalf("not appended: %d", reason)
	}
	h.a.tellKnocks()
	h.a.spread(nil)
}

func (h *home) close() {
	h.t.Helper()
	for _, g := range h.visitor {
		g.leave()
	}
	h.stop()
	h.wg.Wait()
}

// film lets a camera produce frames; keys marks key frames with a 'K'.
func (h *home) film(camera int, keys string) {
	for _, k := range keys {
		h.frame++
		h.a.hubs[camera].Deliver(source.Main, codec.AccessUnit{
			Data: fmt.Appendf(nil, "picture %d", h.frame), Key: k == 'K',
			Captured: codec.Timestamp(time.Now().UnixMicro()), Config: testConfig,
		})
	}
	synctest.Wait()
}

// idle is a source that says nothing by itself.
type idle struct{}

func (idle) Layers() []source.Layer                       { return []source.Layer{source.Main, source.Sub} }
func (idle) Run(ctx context.Context, _ source.Sink) error { <-ctx.Done(); return nil }

func newDevice(t testing.TB) identity.DeviceKey {
	t.Helper()
	key, err := identity.GenerateDevice(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Terms of the kinds of device.
func guestTerms(from time.Time, life time.Duration, cameras ...identity.CameraID) grant.Terms {
	slices.SortFunc(cameras, func(a, b identity.CameraID) int { return bytes.Compare(a[:], b[:]) })
	return grant.Terms{Name: "guest", Role: grant.Guest, Rights: grant.Live, Cameras: cameras, NotBefore: from, Expires: from.Add(life)}
}

func viewerTerms(cameras ...identity.CameraID) grant.Terms {
	slices.SortFunc(cameras, func(a, b identity.CameraID) int { return bytes.Compare(a[:], b[:]) })
	return grant.Terms{Name: "viewer", Role: grant.Viewer, Rights: grant.Live, Cameras: cameras}
}

func ownerTerms() grant.Terms {
	return grant.Terms{Name: "another", Role: grant.Owner, Rights: grant.AllRights}
}

// entry makes the log's next entry, signed by an owner.
func (h *home) entry(kind grant.Kind, subject identity.DevicePublic, terms grant.Terms, signer identity.Signer) []byte {
	h.t.Helper()
	h.a.mu.Lock()
	e := h.a.grants.Next(kind, subject)
	h.a.mu.Unlock()
	e.Issued = h.now().Truncate(time.Second)
	if kind != grant.Revoke {
		e.Terms = terms
	}
	if kind == grant.Invite {
		e.RedeemBefore = e.Issued.Add(time.Hour)
	}
	return h.signed(e, signer)
}

func (h *home) signed(e grant.Entry, signer identity.Signer) []byte {
	h.t.Helper()
	if err := e.Sign(signer, h.a.id); err != nil {
		h.t.Fatal(err)
	}
	b, err := e.MarshalBinary()
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

// add makes a new device a member.
func (h *home) add(terms grant.Terms) identity.DeviceKey {
	h.t.Helper()
	d := newDevice(h.t)
	h.mustAppend(h.entry(grant.Add, d.Public(), terms, h.owner.Signer()))
	return d
}

// change appends an entry about a member.
func (h *home) change(kind grant.Kind, d identity.DeviceKey, terms grant.Terms) {
	h.t.Helper()
	h.mustAppend(h.entry(kind, d.Public(), terms, h.owner.Signer()))
}

func (h *home) camera(i int) identity.CameraID { return h.a.hubs[i].id }

// token is what a member knocks with.
func (h *home) token(d identity.DevicePublic) [32]byte {
	return identity.KnockHash(h.a.id, h.a.knock(d))
}

// knock comes to the agent's door as the device that signs, and returns the session or why there is none.
func (h *home) knock(signer identity.Signer, hash [32]byte) (*session.Conn, error) {
	near, far := net.Pipe()
	h.wg.Go(func() {
		if err := h.a.serve(h.ctx, h.entrance, far, signal.Incoming{Hash: hash}); err != nil {
			h.a.log.Debug("ended", "error", err)
		}
	})
	return session.Client(h.ctx, near, signer, h.a.id)
}

// ask says Hello and returns the answer.
func (h *home) ask(signer identity.Signer, hash [32]byte, hello *control.Hello) (*session.Conn, control.Message) {
	h.t.Helper()
	conn, err := h.knock(signer, hash)
	if err != nil {
		h.t.Fatal(err)
	}
	hello.Version = control.Version
	return conn, say(h.t, conn, hello)
}

func say(t *testing.T, conn *session.Conn, m control.Message) control.Message {
	t.Helper()
	b, err := control.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteMessage(b); err != nil {
		t.Fatal(err)
	}
	return hear(t, conn)
}

func hear(t *testing.T, conn *session.Conn) control.Message {
	t.Helper()
	b, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	m, err := control.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// visit is a session of a member.
func (h *home) visit(d identity.DeviceKey) *guest {
	h.t.Helper()
	conn, m := h.ask(d.Signer(), h.token(d.Public()), &control.Hello{})
	return h.enter(d, conn, m)
}

func (h *home) enter(d identity.DeviceKey, conn *session.Conn, m control.Message) *guest {
	h.t.Helper()
	accept, ok := m.(*control.Accept)
	if !ok {
		h.t.Fatalf("answered %T %+v", m, m)
	}
	g := &guest{
		h: h, key: d, conn: conn, accept: accept, in: make(chan control.Message, 4096),
		openers: map[uint8]*seal.Opener{}, seen: map[uint8][]string{},
	}
	h.visitor = append(h.visitor, g)
	h.wg.Go(g.listen)
	return g
}

// refused checks that a device is turned away with a reason.
func (h *home) refused(d identity.Signer, hash [32]byte, hello *control.Hello, want control.RefuseReason) {
	h.t.Helper()
	conn, m := h.ask(d, hash, hello)
	defer conn.Close()
	if r, ok := m.(*control.Refuse); !ok || r.Reason != want {
		h.t.Errorf("answered %T %+v, want the refusal %d", m, m, want)
	}
	if b, err := conn.ReadMessage(); err == nil {
		h.t.Errorf("after the refusal came %x", b)
	}
}

// pass lets time pass while these stay connected.
func (h *home) pass(d time.Duration, stay ...*guest) {
	h.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(20*time.Second, time.Until(end)))
		for _, g := range stay {
			g.alive()
		}
	}
}

// tap is a relay that lets everybody see everything.
type tap struct {
	mu     sync.Mutex
	frames []tapped
	fn     map[signal.Topic][]func([]byte)
}

type tapped struct {
	topic  signal.Topic
	sealed []byte
}

func newTap() *tap { return &tap{fn: map[signal.Topic][]func([]byte){}} }

func (r *tap) Publish(topic signal.Topic, _ bool, sealed []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames = append(r.frames, tapped{topic, sealed})
	for _, fn := range r.fn[topic] {
		fn(sealed)
	}
	return true
}

func (*tap) Retire(signal.Topic) {}

func (r *tap) subscribe(topic signal.Topic, fn func([]byte)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fn[topic] = append(r.fn[topic], fn)
	for _, f := range r.frames {
		if f.topic == topic {
			fn(f.sealed)
		}
	}
}

// since returns the frames from number n on, and how many there are.
func (r *tap) since(n int) ([]tapped, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.frames[n:]), len(r.frames)
}

// lines collects the agent's log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.b.Bytes(), []byte(text))
}

// link is an invitation's link as its holder has it.
func (h *home) link(terms grant.Terms) pairing.Secret {
	h.t.Helper()
	secret, err := pairing.NewSecret(rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	h.mustAppend(h.entry(grant.Invite, secret.InviteKey(), terms, h.owner.Signer()))
	return secret
}

func newLogger(l *lines) *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// restart is the agent after its process ended and another one began, on the same store and with the clock as it is now.
func (h *home) restart() *home {
	h.t.Helper()
	h.close()
	h.visitor = nil
	again := newHomeWith(h.t, h.store, h.now())
	again.root, again.owner = h.root, h.owner
	return again
}
