//go:build js

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall/js"

	"github.com/pion/webrtc/v3"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/transport/rtp"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/decode"
	"github.com/sealcam/sealcam/wasm/keys"
	"github.com/sealcam/sealcam/wasm/page"
)

// app is the program.
type app struct {
	log    *slog.Logger
	boot   *page.Boot
	meter  decode.Meter
	claims chan struct{} // a link was opened
	screen *screen
}

func newApp(boot *page.Boot, log *slog.Logger) *app {
	return &app{log: log, boot: boot, claims: make(chan struct{}, 1)}
}

// run returns when the page cannot go on.
func (a *app) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.boot.OnClaim(func() {
		select {
		case a.claims <- struct{}{}:
		default:
		}
	})
	a.boot.Progress("Opening this device’s keys", "")
	store, err := keys.Open(ctx)
	if errors.Is(err, keys.ErrBlocked) {
		a.log.Warn("storage is blocked", "error", err)
		a.boot.Message(messageBlocked)
		<-ctx.Done()
		return nil
	}
	if err != nil {
		return err
	}
	self, err := store.Device(ctx)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	for {
		homes, err := store.Homes(ctx)
		if err != nil {
			return err
		}
		claim, refused := a.claim(ctx, store, self)
		switch {
		case refused != nil && len(homes) == 0:
			a.boot.Message(*refused)
		case refused != nil:
			a.boot.Notice(refused.Text)
		case claim == nil && len(homes) == 0:
			a.boot.Message(messageWelcome)
		}
		if claim == nil && len(homes) == 0 {
			<-a.claims
			continue
		}
		if a.screen == nil {
			if a.screen, err = newScreen(a); err != nil {
				return err
			}
			go func() { failed <- a.screen.run() }()
		}
		if err := a.view(ctx, store, self, homes, claim, failed); err != nil {
			return err
		}
	}
}

// view runs one viewer until another claim link is opened.
func (a *app) view(ctx context.Context, store *keys.Store, self identity.Signer, homes []viewer.Home, claim *viewer.Claim, failed <-chan error) error {
	ctx, cancel := context.WithCancel(ctx)
	v := viewer.New(viewer.Config{
		Dial: func(ctx context.Context) (*signal.Client, error) {
			return signal.Dial(ctx, signal.Options{URL: origin(), Role: signal.RoleViewer, Signer: self, Log: a.log})
		},
		Self: self, DeviceName: page.DeviceName(), Homes: homes, Claim: claim, Route: a.route(),
		NewPeer: a.newPeer, NewDecoder: decode.Factory(&a.meter),
		Remember: func(h viewer.Home) { a.remember(ctx, store, h) },
		Changed:  a.screen.changed, Log: a.log,
	})
	a.screen.show(v, claim != nil)
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx) }()
	var err error
	select {
	case err = <-failed:
		cancel()
		<-done
	case err = <-done:
		cancel()
	case <-a.claims:
		cancel()
		<-done
	}
	a.screen.show(nil, false)
	return err
}

// claim reads the link that opened the page and founds the home with it. Both results are nil if there is no link; refused says
// what is wrong with the link.
func (a *app) claim(ctx context.Context, store *keys.Store, self identity.Signer) (*viewer.Claim, *page.Message) {
	fragment := a.boot.TakeClaim()
	if fragment == "" {
		return nil, nil
	}
	agent, secret, err := pairing.ParseFragment(fragment)
	if err != nil {
		m := messageLink(err)
		return nil, &m
	}
	store.Persist(ctx)
	genesis, err := a.genesis(ctx, store, self)
	if err != nil {
		a.log.Error("no root key", "error", err)
		m := messageBlocked
		return nil, &m
	}
	return &viewer.Claim{Agent: agent, Secret: secret, Genesis: genesis}, nil
}

// genesis makes the first entry of a home's log. The root key is the same for all agents that this device claims: they make one home.
func (a *app) genesis(ctx context.Context, store *keys.Store, self identity.Signer) ([]byte, error) {
	root, err := store.Root(ctx)
	if err != nil {
		return nil, err
	}
	owner, err := identity.DevicePublicOf(self)
	if err != nil {
		return nil, err
	}
	return grant.Genesis(root, owner, page.DeviceName())
}

// remember keeps what the device learned of an agent. A home that cannot be kept is shown all the same, and said to be lost.
func (a *app) remember(ctx context.Context, store *keys.Store, h viewer.Home) {
	if err := store.Remember(ctx, h); err != nil && ctx.Err() == nil {
		a.log.Error("home not kept", "error", err)
		a.boot.Notice("This browser did not keep the key to your cameras, so they will be gone when you close this tab. Free some space or leave the private window, then ask the agent for a new link.")
	}
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
	query := js.Global().Get("URLSearchParams").New(js.Global().Get("location").Get("search"))
	value := query.Call("get", "transport")
	if value.IsNull() {
		return viewer.RouteAuto
	}
	switch value.String() {
	case "relay":
		return viewer.RelayOnly
	case "p2p":
		return viewer.PeerOnly
	case "auto":
		return viewer.RouteAuto
	}
	a.boot.Notice(fmt.Sprintf("The address asks for transport %q, which there is not. Use relay, p2p or auto.", value.String()))
	return viewer.RouteAuto
}

func origin() string { return js.Global().Get("location").Get("origin").String() }

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
