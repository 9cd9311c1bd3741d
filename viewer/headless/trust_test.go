//go:build !js

package headless_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/headless"
)

// player is a viewer that runs, and what it shows.
type player struct {
	t      *testing.T
	client *headless.Client

	mu   sync.Mutex
	now  viewer.Snapshot
	news chan struct{} // closed, and made anew, at every look
}

func (d *device) play(cfg viewer.Config) *player {
	p := &player{t: d.w.t, news: make(chan struct{})}
	p.client = headless.New(cfg, headless.Options{Stream: seal.Sub, Snapshot: func(s viewer.Snapshot) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.now = s
		close(p.news)
		p.news = make(chan struct{})
	}})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := p.client.Run(ctx); err != nil {
			p.t.Errorf("viewer: %v", err)
		}
	})
	d.w.t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return p
}

// until waits for something to be shown.
func (p *player) until(what string, ok func(viewer.Snapshot) bool) {
	p.t.Helper()
	late := time.After(within)
	for {
		p.mu.Lock()
		s, news := p.now, p.news
		p.mu.Unlock()
		if ok(s) {
			return
		}
		select {
		case <-news:
		case <-late:
			for _, t := range s.Tiles {
				p.t.Logf("%s is %v (%v, %q)", t.Name, t.State, t.Reason, t.Progress)
			}
			p.t.Fatalf("never %s: link %+v, homes %+v", what, s.Link, s.Homes)
		}
	}
}

func live(n int) func(viewer.Snapshot) bool {
	return func(s viewer.Snapshot) bool {
		lively := 0
		for _, t := range s.Tiles {
			if t.State == viewer.Live {
				lively++
			}
		}
		return lively == n
	}
}

// home returns what the device remembers of an agent.
func (d *device) remembered(agent identity.AgentID) viewer.Home {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.home[agent]
}

// A home's life, with a real agent behind a real server: claimed, a guest invited, watched by both, the guest's cameras changed and its
// access taken back, the owner's device lost, and all of it recovered.
func TestTrust(t *testing.T) {
	w := newWorld(t)
	link := w.agent(2)
	ctx, cancel := context.WithTimeout(t.Context(), 2*within)
	defer cancel()
	root, err := identity.GenerateRoot(nil)
	if err != nil {
		t.Fatal(err)
	}
	owner, guest := w.device(), w.device()
	genesis, err := grant.Genesis(root, owner.key.Public(), "owner", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cfg := owner.config(viewer.RelayOnly)
	cfg.Claim = &viewer.Claim{Agent: link.Agent, Secret: link.Secret, Genesis: genesis}
	o := owner.play(cfg)
	o.until("live for the owner", live(2))
	rule := o.client.Viewer()
	var trust viewer.Trust
	o.until("in the list", func(viewer.Snapshot) (ok bool) {
		trust, ok = rule.Trust(link.Agent)
		return ok
	})
	if len(trust.Devices) != 1 || !trust.Devices[0].Self || len(trust.Cameras) != 2 {
		t.Fatalf("%+v", trust)
	}

	// Invited by a link, with one camera.
	now := time.Now()
	terms := grant.Terms{
		Name: "Aunt Mia", Role: grant.Guest, Rights: grant.Live, Cameras: []identity.CameraID{trust.Cameras[0].ID},
		NotBefore: now.Add(-time.Minute), Expires: now.Add(time.Hour),
	}
	secret, err := rule.Invite(ctx, link.Agent, terms, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	cfg = guest.config(viewer.RelayOnly)
	cfg.Invite = &viewer.Invite{Agent: link.Agent, Secret: secret}
	g := guest.play(cfg)
	g.until("live for the guest", live(1))
	o.until("the guest in the owner's list", func(viewer.Snapshot) bool {
		trust, _ = rule.Trust(link.Agent)
		return len(trust.Devices) == 2 && trust.StatesKnown && trust.Devices[1].Connected && len(trust.Devices[1].Watching) == 1
	})
	mia := trust.Devices[1]
	if mia.Name != "Aunt Mia" || trust.Invites[0].State != grant.InviteUsed || mia.Device != guest.key.Public() {
		t.Errorf("%+v", mia)
	}

	// The link leads nobody else in.
	thief := w.device()
	cfg = thief.config(viewer.RelayOnly)
	cfg.Invite = &viewer.Invite{Agent: link.Agent, Secret: secret}
	thief.play(cfg).until("refused to another", func(s viewer.Snapshot) bool {
		return s.Link.State == viewer.LinkRefused && s.Link.Reason == viewer.ReasonInviteUsed || s.Link.Reason == viewer.ReasonInviteSilent
	})

	// Another camera in the place of the one.
	changed := mia.Terms
	changed.Cameras = []identity.CameraID{trust.Cameras[1].ID}
	if err := rule.Change(ctx, link.Agent, mia.Device, changed); err != nil {
		t.Fatal(err)
	}
	g.until("the other camera for the guest", func(s viewer.Snapshot) bool {
		gone, other := false, false
		for _, tile := range s.Tiles {
			gone = gone || tile.Key.Camera == trust.Cameras[0].ID && tile.State == viewer.Blank && tile.Reason == viewer.ReasonCameraGone
			other = other || tile.Key.Camera == trust.Cameras[1].ID && tile.State == viewer.Live
		}
		return gone && other
	})

	page, err := rule.Journal(ctx, link.Agent, 0, 50)
	if err != nil || len(page.Visits) < 4 {
		t.Errorf("%d visits, %v", len(page.Visits), err)
	}

	began := time.Now()
	if err := rule.Revoke(ctx, link.Agent, mia.Device); err != nil {
		t.Fatal(err)
	}
	acked := time.Since(began)
	g.until("blank for the guest", func(s viewer.Snapshot) bool {
		for _, tile := range s.Tiles {
			if tile.State != viewer.Blank {
				return false
			}
		}
		return s.Homes[0].Reason == viewer.ReasonRevoked
	})
	t.Logf("revocation acknowledged after %v, blank after %v", acked, time.Since(began))
	o.until("still live for the owner", live(2))

	// The owner's device is lost; another comes with the 24 words and shuts it out.
	restored, err := identity.ParsePhrase(root.Phrase())
	if err != nil {
		t.Fatal(err)
	}
	phone := w.device()
	home, err := viewer.Recover(ctx, viewer.RecoverConfig{
		Dial: func(ctx context.Context) (*signal.Client, error) {
			return signal.Dial(ctx, signal.Options{URL: w.url, Role: signal.RoleViewer, Signer: phone.key.Signer()})
		},
		Root: restored, Self: phone.key.Signer(), DeviceName: "New phone", Agent: link.Agent, RevokeOthers: true, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	o.until("over for the lost device", func(s viewer.Snapshot) bool { return s.Homes[0].Reason == viewer.ReasonRevoked })
	if err := rule.Revoke(ctx, link.Agent, phone.key.Public()); err == nil {
		t.Error("the lost device still rules")
	}
	cfg = phone.config(viewer.RelayOnly)
	cfg.Homes = []viewer.Home{home}
	p := phone.play(cfg)
	p.until("live on the new phone", live(2))
	p.until("in the list", func(viewer.Snapshot) (ok bool) {
		trust, ok = p.client.Viewer().Trust(link.Agent)
		return ok
	})
	if len(trust.Devices) != 3 || trust.Devices[0].Name != "New phone" || !trust.Devices[1].Revoked || !trust.Devices[2].Revoked {
		t.Errorf("%+v", trust)
	}

	// Words of another home.
	other, err := identity.GenerateRoot(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := viewer.Recover(ctx, viewer.RecoverConfig{
		Dial: func(ctx context.Context) (*signal.Client, error) {
			return signal.Dial(ctx, signal.Options{URL: w.url, Role: signal.RoleViewer, Signer: phone.key.Signer()})
		},
		Root: other, Self: phone.key.Signer(), DeviceName: "New phone", Agent: link.Agent,
	}); !errors.Is(err, viewer.ErrRecoverSilent) {
		t.Errorf("words of another home: %v", err)
	}
}

// A screen is let in by its key, as display approval does, and comes by the token that the owner is given for it.
func TestScreenLetIn(t *testing.T) {
	w := newWorld(t)
	link := w.agent(1)
	owner, screen := w.device(), w.device()
	cfg := owner.config(viewer.RelayOnly)
	cfg.Claim = owner.claim(link)
	o := owner.play(cfg)
	o.until("live for the owner", live(1))
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	now := time.Now()
	added, err := o.client.Viewer().Add(ctx, link.Agent, screen.key.Public(), grant.Terms{
		Name: "Kitchen", Role: grant.Display, Rights: grant.Live, NotBefore: now.Add(-time.Minute), Expires: now.Add(90 * 24 * time.Hour),
	})
	if err != nil || added.Home != owner.remembered(link.Agent).ID {
		t.Fatalf("%+v, %v", added, err)
	}
	cfg = screen.config(viewer.RelayOnly)
	cfg.Homes = []viewer.Home{{Agent: link.Agent, Knock: added.Knock, ID: added.Home}}
	screen.play(cfg).until("live on the screen", live(1))
}
