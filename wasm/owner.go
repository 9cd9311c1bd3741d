//go:build js

package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/pair"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/call"
	"github.com/sealcam/sealcam/wasm/devices"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/page"
	"github.com/sealcam/sealcam/wasm/recovery"
	"github.com/sealcam/sealcam/wasm/screens"
	"github.com/sealcam/sealcam/wasm/settings"
)

// drawEvery is how often the open list of devices is drawn anew.
const drawEvery = 100 * time.Millisecond

// owner joins the dialog's views with the viewer, the keys and the server.
type owner struct {
	app      *app
	dialog   *dialog.Dialog
	panel    *devices.Panel
	approver *screens.Approver
	settings *preferences
	scope    dom.Scope
	button   dom.Node
	alarm    dom.Node
	drawn    time.Time // by the frame's goroutine

	mu      sync.Mutex          // guards what follows
	states  []viewer.HomeStatus // of the last snapshot
	met     *screenLink
	alarmed identity.AgentID
	told    bool // the phrase was offered on this page
}

func newOwner(a *app) *owner {
	o := &owner{app: a, dialog: dialog.New(), button: dom.ByID("devices-open"), alarm: dom.ByID("alarm")}
	o.panel = &devices.Panel{
		Dialog: o.dialog, Server: a.server, Now: time.Now, Phrase: o.phrase, Custody: o.custody,
		Operations: func() devices.Operations {
			if v := a.current(); v != nil {
				return v
			}
			return viewer.New(viewer.Config{}) // knows no agent, and says so
		},
		AddScreen: func(agent identity.AgentID) { o.approver.Show(agent) },
	}
	calls := &call.View{Dialog: o.dialog, Server: a.server, Wait: o.waitForCamera, Claim: o.claimCamera}
	o.panel.Call = calls.Open
	o.approver = &screens.Approver{Dialog: o.dialog, Homes: o.homes, Meet: o.meet, Admit: o.admit, Now: time.Now, Scanner: a.boot.Asset("scanner.wasm")}
	o.settings = newPreferences(o.dialog, settings.Section{Fill: a.display.Setting})
	o.scope.On(o.button, "click", func(js.Value) {
		o.refresh()
		o.dialog.Do(o.panel.Open)
	})
	o.scope.On(dom.ByID("alarm-open"), "click", func(js.Value) {
		o.refresh()
		o.mu.Lock()
		agent := o.alarmed
		o.mu.Unlock()
		o.dialog.Do(func() {
			o.panel.Open()
			o.panel.Alarm(agent)
		})
	})
	return o
}

// open does what a link asks an owner for.
func (o *owner) open(l link) {
	o.mu.Lock()
	o.met = l.met
	o.mu.Unlock()
	if l.restore != nil {
		o.dialog.Do(func() {
			o.dialog.Close()
			o.restore(*l.restore)
		})
	}
	if l.devices && o.app.ownsSome() {
		o.dialog.Do(o.panel.Open)
	}
	if l.claim == nil && o.app.phraseWaits() && !o.app.display.On() && !o.app.boot.Offline() {
		o.mu.Lock()
		told := o.told
		o.told = true
		o.mu.Unlock()
		if !told {
			o.app.boot.Offer(words.Say("Your recovery phrase is not written down yet. Without it, nobody can bring your cameras back if this device is lost."), words.Say("Show the 24 words"), o.showPhrase)
		}
	}
}

// follow is called with each snapshot of the viewer: at most once a display frame.
func (o *owner) follow(snapshot *viewer.Snapshot, now time.Time) {
	owning, mark := false, ""
	var alarmed *viewer.HomeStatus
	for i := range snapshot.Homes {
		h := &snapshot.Homes[i]
		owning = owning || o.owns(h)
		if h.Alarm != nil && alarmed == nil {
			alarmed = h
		}
	}
	waits := o.app.phraseWaits()
	switch {
	case alarmed != nil:
		mark = "alarm"
	case waits:
		mark = "phrase"
	}
	o.button.Show(owning || mark != "")
	o.button.SetAttr("data-mark", mark)
	o.alarm.Show(alarmed != nil)
	if alarmed != nil {
		dom.ByID("alarm-text").SetText(words.Sayf("The list of who may watch at “%s” is not the one that this device saw before, so nothing from there is shown.", words.Name(alarmed.Name)))
		o.mu.Lock()
		o.alarmed = alarmed.Agent
		o.mu.Unlock()
	}
	o.mu.Lock()
	o.states = snapshot.Homes // made anew for each snapshot
	met := o.met
	o.mu.Unlock()
	open := false
	o.dialog.Do(func() { open = o.dialog.IsOpen() })
	if !open && met == nil || now.Sub(o.drawn) < drawEvery {
		return
	}
	o.drawn = now
	known := o.refresh()
	if met == nil {
		return
	}
	// Somebody who waits for an answer is not told yet that there is none.
	waiting := snapshot.Link.State != viewer.LinkReady || slices.ContainsFunc(snapshot.Homes, func(h viewer.HomeStatus) bool {
		return h.Reason == viewer.ReasonNone && (!h.Ready || o.owns(&h))
	})
	if known || !waiting {
		o.mu.Lock()
		o.met = nil
		o.mu.Unlock()
		o.dialog.Do(func() { o.approver.Open(met.code, met.pin) })
	}
}

// statuses returns the homes' as of the last snapshot.
func (o *owner) statuses() []viewer.HomeStatus {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.states
}

// owns reports whether this device is an owner there, or was when it last heard of it.
func (o *owner) owns(h *viewer.HomeStatus) bool {
	if h.Role != 0 {
		return h.Role == grant.Owner
	}
	o.app.mu.Lock()
	defer o.app.mu.Unlock()
	return o.app.homes[h.Agent].Role == grant.Owner
}

// ownsSome reports whether this device was an owner somewhere when it last heard of it.
func (a *app) ownsSome() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, h := range a.homes {
		if h.Role == grant.Owner {
			return true
		}
	}
	return false
}

// refresh gives the list what is known now, and reports whether some agent's list is.
func (o *owner) refresh() (known bool) {
	v := o.app.current()
	if v == nil {
		return false
	}
	states := o.statuses()
	homes := make([]devices.Home, 0, len(states))
	for i := range states {
		s := &states[i]
		h := devices.Home{Agent: s.Agent, Name: s.Name, Sentence: s.Sentence}
		if !o.owns(s) && s.Alarm == nil {
			continue
		}
		h.Trust, h.Known = v.Trust(s.Agent)
		known = known || h.Known && h.Trust.InStep
		homes = append(homes, h)
	}
	waits := o.app.phraseWaits()
	o.dialog.Do(func() { o.panel.Show(homes, waits) })
	return known
}

// homes returns those where a screen can be let in.
func (o *owner) homes() (homes []screens.Home) {
	v := o.app.current()
	if v == nil {
		return nil
	}
	for _, s := range o.statuses() {
		if t, ok := v.Trust(s.Agent); ok && t.InStep {
			homes = append(homes, screens.Home{Agent: s.Agent, Name: s.Name, Cameras: t.Cameras})
		}
	}
	return homes
}

func (o *owner) meet(ctx context.Context, code pairing.Code, pin pairing.Pin) (*screens.Met, error) {
	a, err := pair.Dial(ctx, pair.DialConfig{Dial: o.app.dialAs, Self: o.app.self, Code: code, Pin: pin, Log: o.app.log})
	if err != nil {
		return nil, err
	}
	return &screens.Met{Meeting: a, Digits: a.Digits, Name: a.Name, Device: a.Device}, nil
}

func (o *owner) admit(ctx context.Context, agent identity.AgentID, device identity.DevicePublic, t grant.Terms) (control.PairApproved, error) {
	v := o.app.current()
	if v == nil {
		return control.PairApproved{}, viewer.ErrClosed
	}
	added, err := v.Add(ctx, agent, device, t)
	if err != nil {
		return control.PairApproved{}, err
	}
	o.app.mu.Lock()
	h := o.app.homes[agent]
	o.app.mu.Unlock()
	return control.PairApproved{Agent: agent, AgentName: h.Name, Home: added.Home, Knock: added.Knock, Ephemeral: h.Ephemeral}, nil
}

// showPhrase opens the recovery phrase over the page. It does not block.
func (o *owner) showPhrase() {
	o.dialog.Do(func() {
		if !o.dialog.IsOpen() {
			o.phrase()
		}
	})
}

// phrase is called with the dialog's lock held.
func (o *owner) phrase() {
	a := o.app
	var agent identity.AgentID
	a.mu.Lock()
	for _, h := range a.homes {
		if !h.Ephemeral && h.Role == grant.Owner {
			agent = h.Agent
		}
	}
	a.mu.Unlock()
	recovery.Phrase{
		Dialog: o.dialog, Link: pairing.RecoverLink{Server: a.server, Agent: agent}.String(), Root: a.store.Root,
		Forget: func(ctx context.Context) error {
			err := a.store.ForgetRoot(ctx)
			a.lookForPhrase(ctx)
			return err
		},
		Done: func() {},
	}.Show()
}

// restore is called with the dialog's lock held.
func (o *owner) restore(agent identity.AgentID) {
	a := o.app
	recovery.Restore{
		Dialog: o.dialog, Agent: agent,
		Do: func(ctx context.Context, agent identity.AgentID, root identity.RootKey, others bool) error {
			home, err := viewer.Recover(ctx, viewer.RecoverConfig{
				Dial: a.dial, Root: root, Self: a.self, DeviceName: page.DeviceName(), Agent: agent, RevokeOthers: others, Log: a.log,
			})
			if err != nil {
				a.log.Warn("not restored", "error", err)
				return errors.New(restoreSentence(err))
			}
			a.store.Persist()
			return a.adopt(ctx, home, root)
		},
		Done: a.again,
	}.Show()
}

// adopt keeps a restored home, and what founds further ones beside it.
func (a *app) adopt(ctx context.Context, home viewer.Home, root identity.RootKey) error {
	if err := a.store.Remember(ctx, home); err != nil {
		return err
	}
	owner, err := identity.DevicePublicOf(a.self)
	if err != nil {
		return err
	}
	genesis, err := grant.Genesis(root, owner, page.DeviceName(), time.Now())
	if err != nil {
		return err
	}
	return a.store.Adopt(ctx, genesis)
}

// custody is called with the dialog's lock held.
func (o *owner) custody() {
	v := o.dialog.Push(words.Say("This device’s key"), dom.Clone("view-custody"))
	if self, err := identity.DevicePublicOf(o.app.self); err == nil {
		v.Body.Part("fingerprint").SetText(self.ID().Fingerprint())
	}
	persisted := false
	v.Go(func(ctx context.Context) error {
		persisted = o.app.store.Persisted(ctx)
		return nil
	}, func(error) {
		key, storage := custodyText(o.app.custody, persisted)
		v.Body.Part("key").SetText(key)
		v.Body.Part("storage").SetText(storage)
	})
}

// waitAsScreen shows the page of a screen that waits to be let in, until it is or another link is opened.
func (a *app) waitAsScreen(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.store.Persist()
	var screen *pair.Screen
	waiting := screens.NewWaiting(func(digits string, same bool) { screen.Confirm(digits, same) })
	defer waiting.Close()
	screen = pair.NewScreen(pair.ScreenConfig{
		Server: a.server, Dial: a.dialAs, Self: a.self, Name: page.DeviceName(), Show: waiting.Show, Log: a.log,
	})
	type result struct {
		home viewer.Home
		err  error
	}
	done := make(chan result, 1)
	go func() {
		home, err := screen.Run(ctx)
		done <- result{home, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return r.err
		}
		return a.store.Remember(ctx, r.home)
	case <-a.opened:
		cancel()
		<-done
		a.again() // the link is still to be read
		return nil
	}
}
