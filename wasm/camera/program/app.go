//go:build js

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/camera/capture"
	"github.com/sealcam/sealcam/wasm/camera/folder"
	"github.com/sealcam/sealcam/wasm/page"
)

// cameraKey is the camera's name in the store, so that it stays the same camera whatever people call it.
const cameraKey = "camera"

// app is the program.
type app struct {
	log      *slog.Logger
	boot     *page.Boot
	view     *view
	awake    *awake
	folder   *folder.Folder
	settings settings
	camera   *capture.Camera
	agent    *camera.Agent
	changed  chan struct{} // holds a token when the page is to be brought up to date
	link     chan pairing.Link
	pause    pause
	origin   string
	shown    *pairing.Link   // the claim link that is shown
	call     *pairing.Secret // of an owner's device that waits for this camera
	note     string          // what became of the last call, if it went wrong
}

func newApp(boot *page.Boot, log *slog.Logger) *app {
	return &app{origin: js.Global().Get("location").Get("origin").String(), log: log, boot: boot, awake: newAwake(), changed: make(chan struct{}, 1), link: make(chan pairing.Link, 1)}
}

// stir brings the page up to date soon. It may be called from anywhere.
func (a *app) stir() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// run returns when the page cannot go on. What the person can mend is a sentence on the page.
func (a *app) run(ctx context.Context) error {
	err := a.open(ctx)
	for _, known := range []error{folder.ErrTaken, folder.ErrBlocked, folder.ErrFull, folder.ErrCrypto} {
		if errors.Is(err, known) {
			a.log.Warn("no camera", "error", err)
			return a.refuse(ctx, known)
		}
	}
	return err
}

// open opens what the browser keeps of the camera, and then serves.
func (a *app) open(ctx context.Context) error {
	a.view = newView()
	a.view.open()
	a.takeCall()
	a.boot.OnLink(func() {
		a.takeCall()
		a.stir()
	})
	if !js.Global().Get("isSecureContext").Truthy() {
		return a.refuse(ctx, capture.ErrInsecure)
	}
	var err error
	if a.folder, err = folder.Open(ctx); err != nil {
		return err
	}
	if a.settings, err = loadSettings(a.folder); err != nil {
		a.log.Warn("the settings are lost", "error", err)
	}
	if a.settings.Name == "" {
		if a.settings.Name, err = a.view.askName(ctx, page.DeviceName()); err != nil {
			return err
		}
		a.settings.On = true
		persist()
		a.save()
	}
	memory, err := store.OpenFolder(a.folder)
	if err != nil {
		return fmt.Errorf("the camera's memory: %w", err)
	}
	defer memory.Close()
	return a.serve(ctx, memory)
}

// refuse shows a sentence for good.
func (a *app) refuse(ctx context.Context, why error) error {
	a.view.refuse(words.Say(why.Error()))
	<-ctx.Done()
	return ctx.Err()
}

// serve runs the agent and keeps the page up to date.
func (a *app) serve(ctx context.Context, memory *store.Store) error {
	clock := source.NewClock()
	a.camera = capture.New(clock, a.view.video.Value, a.stir, a.log)
	a.camera.Use(a.settings.Settings)
	server, carried := a.boot.Server()
	config := camera.Config{
		Name: a.settings.Name, Servers: []string{a.origin}, Store: memory, Clock: clock,
		Cameras: []camera.Camera{{Name: a.settings.Name, Key: cameraKey, Source: a.camera}},
		Link: func(link pairing.Link, _ time.Time) {
			link.Server = server
			select {
			case <-a.link: // nobody showed it
			default:
			}
			a.link <- link
			a.stir()
		},
		Changed: a.stir, Log: a.log,
	}
	if carried {
		config.For = server
	}
	var err error
	if a.agent, err = camera.New(config); err != nil {
		return err
	}
	a.view.listen(a)
	if a.settings.On {
		a.camera.Start()
	}
	done := make(chan error, 1)
	go func() { done <- a.agent.Run(ctx) }()
	for {
		a.refresh(ctx)
		select {
		case <-a.changed:
		case err := <-done:
			return err
		}
	}
}

// refresh brings the page, and what depends on who watches, up to date.
func (a *app) refresh(ctx context.Context) {
	s := a.camera.State()
	var names []string
	for _, w := range a.agent.Watchers() {
		if len(names) == 0 || names[len(names)-1] != w.Name {
			names = append(names, w.Name)
		}
	}
	if watched := len(names) > 0; watched != a.view.watched {
		a.view.watched = watched
		a.camera.Watched(watched)
	}
	a.awake.keep(s.On)
	a.view.show(shown{
		State: s, Settings: a.settings.Settings, name: a.settings.Name, watchers: names, online: a.agent.Online(), owned: a.agent.Owned(), note: a.note, paused: a.pause.of(s),
	})
	select {
	case link := <-a.link:
		a.shown = &link
		if err := a.view.offer(link); err != nil {
			a.log.Error("no QR code", "error", err)
		}
	default:
	}
	switch {
	case a.call == nil:
	case a.agent.Owned():
		a.call, a.note = nil, words.Say("This device is a camera of somebody’s already, who can invite others.")
		a.stir()
	case a.shown != nil && a.agent.Online():
		go a.answer(ctx, *a.call, *a.shown)
		a.call = nil
	}
}

// toggle starts or stops the camera.
func (a *app) toggle() {
	if a.settings.On = !a.camera.State().On; a.settings.On {
		a.camera.Start()
	} else {
		a.camera.Stop()
	}
	a.save()
}

// retry tries a camera that failed again at once.
func (a *app) retry() { a.camera.Start() }

// use takes other settings.
func (a *app) use(s capture.Settings) {
	a.settings.Settings = s
	a.camera.Use(s)
	a.save()
}

// save keeps the settings.
func (a *app) save() {
	if err := a.settings.save(a.folder); err != nil {
		a.log.Warn("the settings were not kept", "error", err)
	}
}
