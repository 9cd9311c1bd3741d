//go:build js

package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"syscall/js"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport/rtp"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/decode"
	"github.com/sealcam/sealcam/wasm/display"
	"github.com/sealcam/sealcam/wasm/keys"
	"github.com/sealcam/sealcam/wasm/page"
	"github.com/sealcam/sealcam/wasm/verify"
)

// app is the program.
type app struct {
	log      *slog.Logger
	boot     *page.Boot
	meter    decode.Meter
	decoders *decode.Ladder
	verifier *verify.Verifier
	lacks    string        // notice on the decoders; may be empty
	server   string        // its address as links name it
	carried  bool          // to the server by the program that served the page
	opened   chan struct{} // a link was opened, or what is remembered changed
	screen   *screen
	owner    *owner
	display  *display.Display

	store   *keys.Store
	self    identity.Signer
	custody keys.Custody

	mu     sync.Mutex // guards what follows
	viewer *viewer.Viewer
	homes  map[identity.AgentID]viewer.Home // as remembered
	phrase bool                             // the recovery phrase of one of them waits to be written down
}

func newApp(boot *page.Boot, log *slog.Logger) *app {
	a := &app{log: log, boot: boot, verifier: verify.New(), opened: make(chan struct{}, 1), homes: map[identity.AgentID]viewer.Home{}}
	a.decoders, a.lacks = newDecoders(&a.meter)
	a.server, a.carried = boot.Server()
	return a
}

// run returns when the page cannot go on.
func (a *app) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.boot.OnLink(a.again)
	a.boot.Progress(words.Say("Opening this device’s keys"), "")
	var err error
	a.store, err = keys.Open(ctx)
	if err == nil {
		a.self, a.custody, err = a.store.Device(ctx)
	}
	a.boot.Rest("start")
	if errors.Is(err, keys.ErrBlocked) || errors.Is(err, keys.ErrFull) {
		a.log.Warn("no keys can be kept", "error", err)
		a.boot.Message(messageUnkept(err))
		<-ctx.Done()
		return nil
	}
	if err != nil {
		return err
	}
	a.display = display.New(a.boot, func() {
		if a.screen != nil {
			a.screen.page.Measure()
		}
	}, func() {
		if a.screen != nil {
			a.screen.page.LeaveFull()
		}
	})
	a.owner = newOwner(a)
	a.display.Read()
	failed := make(chan error, 1)
	for {
		if err := a.once(ctx, failed); err != nil {
			return err
		}
	}
}

// again makes the next round: another link, or other homes. It may be called from anywhere.
func (a *app) again() {
	select {
	case a.opened <- struct{}{}:
	default:
	}
}

// once does what the opened link asks for and shows the homes, until another link is opened.
func (a *app) once(ctx context.Context, failed chan error) error {
	homes, err := a.store.Homes(ctx)
	if err != nil {
		return err
	}
	link, refused := a.readLink(ctx)
	if link.display {
		return a.waitAsScreen(ctx)
	}
	if refused != nil && len(homes) > 0 {
		a.boot.Notice(refused.Text)
	}
	a.remembered(ctx, homes)
	if isScreen(homes) {
		a.display.Become()
	}
	a.owner.open(link)
	if link.claim == nil && link.invite == nil && len(homes) == 0 {
		switch {
		case refused != nil:
			a.boot.Message(*refused)
		case link.met != nil:
			a.boot.Message(messageNoOwner)
		default:
			a.boot.Message(messageWelcome)
		}
		select {
		case <-a.opened:
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	if a.screen == nil {
		if a.screen, err = newScreen(a); err != nil {
			return err
		}
		go func() { failed <- a.screen.run() }()
	}
	return a.view(ctx, homes, link, failed)
}

// isScreen reports whether this device was let in as a screen and as nothing else.
func isScreen(homes []viewer.Home) bool {
	return len(homes) > 0 && !slices.ContainsFunc(homes, func(h viewer.Home) bool { return h.Role != grant.Display })
}

// view runs one viewer until another link is opened.
func (a *app) view(ctx context.Context, homes []viewer.Home, link link, failed <-chan error) error {
	ctx, cancel := context.WithCancel(ctx)
	v := viewer.New(viewer.Config{
		Dial: a.dial, Self: a.self, DeviceName: page.DeviceName(), Homes: homes, Claim: link.claim, Invite: link.invite, Route: a.route(),
		NewPeer: a.newPeer, NewDecoder: a.decoders.New, Heavy: a.decoders.Heavy, Unbuffered: a.unbuffered(), NewSound: a.screen.hearing.output.Sink,
		Verifier: a.verifier,
		Remember: func(h viewer.Home) { a.remember(ctx, h, link.claim != nil && link.claim.Agent == h.Agent) },
		Changed:  a.screen.changed, Log: a.log,
	})
	a.setViewer(v)
	a.screen.show(v, link.claim != nil || link.invite != nil)
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx) }()
	var err error
	select {
	case err = <-failed:
		cancel()
		<-done
	case err = <-done:
		cancel()
	case <-a.opened:
		cancel()
		<-done
	}
	a.screen.show(nil, false)
	a.setViewer(nil)
	return err
}

func (a *app) setViewer(v *viewer.Viewer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.viewer = v
}

// current returns the viewer that runs; nil if none does.
func (a *app) current() *viewer.Viewer {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.viewer
}

// dial connects to the server as a viewer.
func (a *app) dial(ctx context.Context) (*signal.Client, error) {
	return a.dialAs(ctx, signal.RoleViewer, a.self)
}

// dialAs is a pair.DialFunc.
func (a *app) dialAs(ctx context.Context, role signal.Role, self identity.Signer) (*signal.Client, error) {
	o := signal.Options{URL: js.Global().Get("location").Get("origin").String(), Role: role, Signer: self, Log: a.log}
	if a.carried {
		o.For = a.server
	}
	return signal.Dial(ctx, o)
}

// genesis makes the first entry of a home's log. It is the same for all agents that this device claims: they make one home.
func (a *app) genesis(ctx context.Context) ([]byte, error) {
	owner, err := identity.DevicePublicOf(a.self)
	if err != nil {
		return nil, err
	}
	return a.store.Genesis(ctx, func(root identity.RootKey) ([]byte, error) {
		return grant.Genesis(root, owner, page.DeviceName(), time.Now())
	})
}

// remembered takes the homes that this device knows.
func (a *app) remembered(ctx context.Context, homes []viewer.Home) {
	a.mu.Lock()
	clear(a.homes)
	for _, h := range homes {
		a.homes[h.Agent] = h
	}
	a.mu.Unlock()
	a.lookForPhrase(ctx)
}

// remember keeps what the device learned of an agent. A home that cannot be kept is shown all the same, and said to be lost.
func (a *app) remember(ctx context.Context, h viewer.Home, claimed bool) {
	a.mu.Lock()
	_, known := a.homes[h.Agent]
	a.homes[h.Agent] = h
	a.mu.Unlock()
	if err := a.store.Remember(ctx, h); err != nil && ctx.Err() == nil {
		a.log.Error("home not kept", "error", err)
		a.boot.Notice(words.Say("This browser did not keep the key to your cameras, so they will be gone when you close this tab. Free some space or leave the private window, then ask the agent for a new link."))
	}
	if known {
		return
	}
	a.lookForPhrase(ctx)
	if claimed && a.phraseWaits() {
		a.owner.showPhrase()
	}
}

// lookForPhrase finds out whether the root key of a home that lasts is still stored, so that its phrase has to be written down.
func (a *app) lookForPhrase(ctx context.Context) {
	root, ok, err := a.store.Root(ctx)
	if err != nil {
		a.log.Error("root key", "error", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.phrase = false
	for _, h := range a.homes {
		a.phrase = a.phrase || ok && !h.Ephemeral && h.ID == root.Public().ID()
	}
}

func (a *app) phraseWaits() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.phrase
}

// newPeer makes a browser's peer connection.
func (a *app) newPeer(events viewer.PeerEvents, ice []viewer.ICEServer) (viewer.Peer, error) {
	servers := make([]webrtc.ICEServer, len(ice))
	for i, s := range ice {
		servers[i] = webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential}
	}
	return rtp.NewReceiver(rtp.ReceiverConfig{
		ICEServers: servers, WorkerURL: a.boot.Asset("worker.js"), Log: a.log,
		OnCandidate: events.Candidate,
		OnState:     func(s rtp.State) { events.State(peerState(s)) },
		OnFrame:     events.Frame,
	})
}

// route reads ?transport=.
func (a *app) route() viewer.RouteChoice {
	value, asked := queried("transport")
	if !asked {
		return viewer.RouteAuto
	}
	switch value {
	case "relay":
		return viewer.RelayOnly
	case "p2p":
		return viewer.PeerOnly
	case "auto":
		return viewer.RouteAuto
	}
	a.boot.Notice(words.Sayf("The address asks for transport %q, which there is not. Use relay, p2p or auto.", value))
	return viewer.RouteAuto
}

// unbuffered reads ?buffer=.
func (a *app) unbuffered() bool {
	value, asked := queried("buffer")
	if asked && value != "off" && value != "on" {
		a.boot.Notice(words.Sayf("The address asks for buffer %q, which there is not. Use on or off.", value))
	}
	return value == "off"
}

func peerState(s rtp.State) viewer.PeerState {
	switch s {
	case rtp.StateConnected:
		return viewer.PeerConnected
	case rtp.StateDisconnected:
		return viewer.PeerDisconnected
	case rtp.StateFailed:
		return viewer.PeerFailed
	case rtp.StateClosed:
		return viewer.PeerClosed
	}
	return viewer.PeerConnecting
}
