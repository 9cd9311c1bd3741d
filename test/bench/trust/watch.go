package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/test/bench/trust/measure"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/program"
	"github.com/sealcam/sealcam/test/rtspcam"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/headless"
)

func startCamera(tb browser.TB) *rtspcam.Camera {
	config, err := clips.Make(tb.Context(), clips.Camera(1))
	if err != nil {
		tb.Fatalf("%v", err)
	}
	cam, err := rtspcam.Start(config)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(cam.Close)
	return cam
}

// claimToPicture measures from opening a claim link, in a browser that has never seen the page, to the first picture drawn: loading the
// client, making keys, founding the home, and the picture's way. Each time the agent is a new one.
func claimToPicture(ctx context.Context, log *slog.Logger, o options) ([]measure.Result, error) {
	var times []time.Duration
	err := browser.Run(ctx, "trust-claim", log, func(tb browser.TB) {
		cam, b := startCamera(tb), browser.Start(tb)
		for range o.claims {
			link := program.StartHome(tb, program.Options{Subs: true}, cam).Link
			page := b.NewPage(browser.Script("__sealcamSampler.on = true"))
			page.Open(link)
			samples := page.WaitSamples(patience, browser.Frames("", 1))
			begin := browser.Eval[float64](page, "performance.timeOrigin")
			for _, s := range samples {
				if s.Err == nil {
					times = append(times, s.At.Sub(time.UnixMicro(int64(begin*1000))))
					break
				}
			}
			page.Close()
		}
	})
	if err != nil {
		return nil, err
	}
	return []measure.Result{measure.Of("claim_to_picture", "wasm", times)}, nil
}

// watchBlank notes in the page when its only tile stops being live: in the attributes by which the page hides the picture, which it does
// in the same turn.
const watchBlank = `!(() => {
	const tile = document.querySelector("[data-tile]");
	new MutationObserver((_, observer) => {
		if (tile.isConnected && tile.dataset.state !== "blank") return;
		globalThis.__blank = performance.timeOrigin + performance.now();
		observer.disconnect();
	}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
})()`

// revokeToBlank measures from an owner's revocation of a guest, who is watching in Chromium, to the guest's tile being blank. The owner is
// a native viewer. Each time the guest is a new one, let in by an invitation.
func revokeToBlank(ctx context.Context, log *slog.Logger, o options) ([]measure.Result, error) {
	var times []time.Duration
	err := browser.Run(ctx, "trust-revoke", log, func(tb browser.TB) {
		cam, b := startCamera(tb), browser.Start(tb)
		home := program.StartHome(tb, program.Options{Subs: true}, cam)
		address, link := "http://"+home.Address, home.Link
		owner := newOwner(tb, address, link)
		for i := range o.revocations {
			times = append(times, owner.revokeGuest(tb, b, address, i))
		}
	})
	if err != nil {
		return nil, err
	}
	return []measure.Result{measure.Of("revoke_to_blank", "wasm", times)}, nil
}

// owner is a native viewer that claimed an agent.
type owner struct {
	viewer  *viewer.Viewer
	agent   identity.AgentID
	changed chan struct{} // holds a token after a change
}

func newOwner(tb browser.TB, address, link string) *owner {
	_, fragment, _ := strings.Cut(link, "#")
	agent, secret, err := pairing.ParseFragment(fragment)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	device, err := identity.GenerateDevice(nil)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	root, err := identity.GenerateRoot(nil)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	genesis, err := grant.Genesis(root, device.Public(), "Owner", time.Now().Truncate(time.Second))
	if err != nil {
		tb.Fatalf("%v", err)
	}
	o := &owner{agent: agent, changed: make(chan struct{}, 1)}
	decoders := &headless.Decoders{}
	o.viewer = viewer.New(viewer.Config{
		Dial: func(ctx context.Context) (*signal.Client, error) {
			return signal.Dial(ctx, signal.Options{URL: address, Role: signal.RoleViewer, Signer: device.Signer()})
		},
		Self: device.Signer(), DeviceName: "Owner", Route: viewer.RelayOnly,
		Claim: &viewer.Claim{Agent: agent, Secret: secret, Genesis: genesis}, NewDecoder: decoders.New,
		Changed: func() {
			select {
			case o.changed <- struct{}{}:
			default:
			}
		},
	})
	ctx, cancel := context.WithCancel(tb.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := o.viewer.Run(ctx); err != nil && ctx.Err() == nil {
			tb.Errorf("the owner: %v", err)
		}
	})
	tb.Cleanup(func() {
		cancel()
		running.Wait()
		decoders.Wait()
	})
	o.wait(tb, "the owner's list of devices", func(viewer.Trust) bool { return true })
	return o
}

// wait returns what the owner knows of the home once that satisfies a condition.
func (o *owner) wait(tb browser.TB, what string, condition func(viewer.Trust) bool) viewer.Trust {
	deadline := time.After(patience)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		if t, ok := o.viewer.Trust(o.agent); ok && condition(t) {
			return t
		}
		select {
		case <-o.changed:
		case <-again.C:
		case <-deadline:
			tb.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// revokeGuest lets a guest in, waits until it shows live pictures, and revokes it.
func (o *owner) revokeGuest(tb browser.TB, b *browser.Browser, address string, n int) time.Duration {
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	now := time.Now().Truncate(time.Second)
	name := fmt.Sprintf("Guest %d", n)
	secret, err := o.viewer.Invite(ctx, o.agent, grant.Terms{
		Name: name, Role: grant.Guest, Rights: grant.Live, NotBefore: now.Add(-time.Minute), Expires: now.Add(time.Hour),
	}, now.Add(time.Hour))
	if err != nil {
		tb.Fatalf("inviting: %v", err)
	}
	page := b.NewPage(browser.Viewport(640, 400))
	defer page.Close()
	page.Open(pairing.InviteLink{Server: address, Agent: o.agent, Secret: secret}.String())
	page.WaitTiles(1, patience, browser.In(browser.Live))
	page.Sample(true)
	page.WaitSamples(patience, browser.Frames("", 30))
	var guest identity.DevicePublic
	o.wait(tb, name, func(t viewer.Trust) bool {
		for _, d := range t.Devices {
			if d.Name == name && !d.Pending {
				guest = d.Device
				return true
			}
		}
		return false
	})
	browser.Eval[bool](page, watchBlank)
	begin := time.Now()
	if err := o.viewer.Revoke(ctx, o.agent, guest); err != nil {
		tb.Fatalf("revoking: %v", err)
	}
	page.WaitFor("!!globalThis.__blank", patience)
	if !browser.Eval[bool](page, `[...document.querySelectorAll("[data-tile]")].every((tile) => tile.dataset.state === "blank")`) {
		tb.Fatalf("the guest still sees something: %+v", page.Tiles())
	}
	blank := time.UnixMicro(int64(browser.Eval[float64](page, "__blank") * 1000))
	return blank.Sub(begin)
}
