//go:build js

package main

import (
	"image"
	"slices"
	"sync/atomic"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/diagnosis"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/diagnostics"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/naming"
	"github.com/sealcam/sealcam/wasm/page"
	"github.com/sealcam/sealcam/wasm/stage"
)

const (
	// labelsEvery is how often ages and clocks are written: as often as they can be read.
	labelsEvery = 500 * time.Millisecond
	// lookEvery is how often the viewer is asked though it told of no change: ages grow by themselves.
	lookEvery = 250 * time.Millisecond
	// hiddenFor is how long a page must be hidden before its cameras are let go altogether.
	hiddenFor = 20 * time.Second
	// staleFade darkens a picture that is no longer live.
	staleFade = 0.55
)

// screen brings the viewer's snapshots to the page and the stage, at most once a display frame.
type screen struct {
	app      *app
	page     *page.Page
	stage    *stage.Stage
	dirty    atomic.Bool // the viewer told of a change
	viewer   *viewer.Viewer
	claiming bool // a link was opened that lets this device in, so its refusal concerns the whole page

	tick     js.Func
	looked   time.Time
	labelled time.Time
	tiles    []viewer.Tile
	homes    []viewer.HomeStatus
	tooLarge []viewer.TileKey
	hurry    bool          // pictures that came at once are shown one after the other, of so few cameras that drawing keeps up
	wishes   []viewer.Wish // of the tiles that were last placed
	offline  bool          // the page was opened without the server, which has not answered yet
	message  string        // of the sheet, to write it only when it changes
	told     string        // of the notice
	clocks   bool          // were said to differ
	covered  atomic.Bool   // the page is hidden: key frames are enough
	away     atomic.Bool   // and has been for long: nothing is watched
	leave    *time.Timer   // until then
	alive    pulse
	lost     bool // the graphics, so that there is nothing to draw with until the page is loaded again
	busy     time.Duration
	looks    uint64
	handlers []js.Func
	scope    dom.Scope
	hearing  *hearing

	names       *naming.Names
	diagnostics *diagnostics.Panel
}

func newScreen(a *app) (*screen, error) {
	s := &screen{app: a, offline: a.boot.Offline(), names: naming.Load()}
	s.page = page.New(a.boot, func(width, height int) {
		if s.stage != nil {
			s.stage.Resize(width, height)
		}
	})
	var err error
	if s.stage, err = stage.New(s.page.Stage(), s.drawn); err != nil {
		return nil, err
	}
	s.page.Resize()
	s.hearing = newHearing(s)
	s.watchContext()
	s.watchVisibility()
	s.watchNetwork()
	s.watchKeyboard()
	s.watchSnapshot()
	s.watchRename()
	s.watchDiagnostics()
	s.exposeStats()
	if a.lacks != "" {
		a.boot.Notice(a.lacks)
	}
	return s, nil
}

// run draws until drawing fails.
func (s *screen) run() error {
	requestFrame := js.Global().Get("requestAnimationFrame")
	s.tick = js.FuncOf(func(js.Value, []js.Value) any {
		requestFrame.Invoke(s.tick)
		s.frame(time.Now())
		return nil
	})
	// The browser calls these in the order of their registration, each frame anew. Ours comes before ebiten's, so that what it places
	// is drawn in the same frame.
	requestFrame.Invoke(s.tick)
	return s.stage.Run()
}

// changed is the viewer's Changed.
func (s *screen) changed() { s.dirty.Store(true) }

// show changes the viewer whose snapshots are shown; nil for none.
func (s *screen) show(v *viewer.Viewer, claiming bool) {
	s.viewer, s.claiming = v, claiming
	s.message, s.told = "", ""
	s.dirty.Store(true)
}

// frame is one display frame: it asks the viewer if there may be news, and hands on what differs.
func (s *screen) frame(now time.Time) {
	s.beat(now)
	if s.lost {
		return
	}
	s.app.display.Tick(now)
	moved := s.page.Moved()
	if s.viewer != nil && !moved && !s.hurry && !s.stage.May(now) {
		return
	}
	if s.viewer == nil || !moved && !s.dirty.Swap(false) && now.Sub(s.looked) < lookEvery {
		return
	}
	s.looked = now
	snapshot := s.viewer.Snapshot()
	s.alive.look(snapshot.Tiles, now)
	snapshot.Tiles = s.app.display.Pick(snapshot.Tiles, ready(&snapshot))
	s.page.GiveOrder(s.app.display.Ordered())
	s.names.Apply(snapshot.Tiles)
	s.tiles = snapshot.Tiles
	more := slices.ContainsFunc(s.tiles, func(t viewer.Tile) bool { return t.More })
	if more {
		s.dirty.Store(true)
	}
	s.homes = snapshot.Homes
	if len(s.homes) > 0 && !slices.ContainsFunc(s.homes, func(h viewer.HomeStatus) bool { return h.Role != grant.Display }) {
		s.app.display.Become()
	}
	s.link(&snapshot)
	s.app.owner.follow(&snapshot, now)
	s.diagnose(&snapshot, now)
	if len(snapshot.Tiles) == 0 {
		s.stage.Place(nil)
		s.wishes = nil
		s.wish()
		return
	}
	placed := s.page.Lay(snapshot.Tiles)
	s.hurry = more && len(placed) <= 2
	tiles := make([]stage.Tile, len(placed))
	pictures := make(map[viewer.TileKey]image.Rectangle, len(placed))
	for i, p := range placed {
		t := stage.Tile{Key: p.Tile.Key, Box: p.Box, Radius: p.Radius, Picture: p.Tile.Picture, Frame: p.Frame, Over: p.Over}
		if p.Tile.State == viewer.Stale {
			t.Fade = staleFade
		}
		if t.Picture != nil {
			pictures[t.Key] = t.Place(t.Picture.Width(), t.Picture.Height())
		}
		tiles[i] = t
	}
	s.tooLarge = s.stage.Place(tiles)
	for _, key := range s.tooLarge {
		delete(pictures, key)
	}
	slow := now.Sub(s.labelled) >= labelsEvery || moved
	if slow {
		s.labelled = now
		s.compareClocks(now)
	}
	s.page.Label(placed, pictures, s.tooLarge, slow, now)
	s.hearing.follow(s.tiles)
	s.wishes = s.hearing.wishes(s.app.lessen(page.Wishes(placed)))
	s.wish()
	s.looks++
	s.busy += time.Since(now)
}

// compareClocks says once that this device's clock and an agent's are far apart.
func (s *screen) compareClocks(now time.Time) {
	if s.clocks {
		return
	}
	if text := diagnosis.Clocks(s.tiles, now); text != "" {
		s.clocks = true
		s.app.boot.Notice(text)
	}
}

// link shows how the viewer stands with the server and the agents: on the sheet while there is nothing else, then in the bar.
func (s *screen) link(snapshot *viewer.Snapshot) {
	l := snapshot.Link
	if s.offline && l.State == viewer.LinkReady {
		s.offline = false
		s.app.boot.Reached()
	}
	if len(snapshot.Tiles) == 0 {
		s.sheet(snapshot)
		return
	}
	s.message = ""
	if s.claiming && l.State == viewer.LinkRefused && s.told != l.Sentence {
		s.told = l.Sentence
		s.app.boot.Notice(l.Sentence)
	}
	trouble := homeTrouble(snapshot)
	switch {
	case l.State == viewer.LinkUnreachable:
		s.page.Link(page.Wrong, l.Sentence)
	case l.State == viewer.LinkConnecting || l.State == viewer.LinkClaiming:
		s.page.Link(page.Wait, l.Sentence)
	case trouble != "":
		s.page.Link(page.Wait, trouble)
	default:
		s.page.Link(page.Good, words.Say("Connected"))
	}
}

// sheet tells how far things are when there is no tile yet.
func (s *screen) sheet(snapshot *viewer.Snapshot) {
	l := snapshot.Link
	text, detail := l.Sentence, ""
	switch l.State {
	case viewer.LinkUnreachable:
		if !s.offline {
			detail = words.Say(hintSocket)
		}
	case viewer.LinkReady:
		text = homeTrouble(snapshot)
		if text == "" {
			text = words.Say("Proving that it is your camera")
		}
		if ready(snapshot) {
			text = cameraless(snapshot)
		}
	}
	if s.message == text {
		return
	}
	s.message = text
	if l.State == viewer.LinkRefused || l.State == viewer.LinkClaiming && l.Reason == viewer.ReasonAgentOffline {
		s.app.boot.Message(messageRefused(l))
		return
	}
	s.app.boot.Progress(text, detail)
}

// cameraless says what to do where all agents have answered and offer no camera: owners can add one, others have to ask.
func cameraless(snapshot *viewer.Snapshot) string {
	if slices.ContainsFunc(snapshot.Homes, func(h viewer.HomeStatus) bool { return h.Role == grant.Owner }) {
		return words.Say("The agent has no cameras yet. Add one to its sealcam.toml; it appears here by itself.")
	}
	return words.Say("No camera is shared with this device just now. Ask the owner to share one; it appears here by itself.")
}

// homeTrouble returns what is wrong with an agent that no tile can say it of.
func homeTrouble(snapshot *viewer.Snapshot) string {
	for _, h := range snapshot.Homes {
		if h.Sentence != "" && !slices.ContainsFunc(snapshot.Tiles, func(t viewer.Tile) bool { return t.Key.Agent == h.Agent }) {
			return h.Sentence
		}
	}
	return ""
}

// ready reports whether all agents have answered.
func ready(snapshot *viewer.Snapshot) bool {
	return !slices.ContainsFunc(snapshot.Homes, func(h viewer.HomeStatus) bool { return !h.Ready })
}

// wish tells the viewer what should be sent.
func (s *screen) wish() {
	v := s.viewer
	switch {
	case v == nil:
	case s.away.Load():
		v.Wish(nil)
	case s.covered.Load():
		hidden := slices.Clone(s.wishes)
		for i := range hidden {
			hidden[i].Hidden = true
		}
		v.Wish(hidden)
	default:
		v.Wish(s.wishes)
	}
}

// watchVisibility keeps to key frames while nobody can see the page, so that there is a picture at once when somebody can, and lets the
// cameras go after a while. A hidden page draws no frames, so wishes are told from here.
func (s *screen) watchVisibility() {
	document := js.Global().Get("document")
	follow := func() {
		hidden := document.Get("visibilityState").String() == "hidden"
		if hidden == s.covered.Load() {
			return
		}
		s.covered.Store(hidden)
		if hidden {
			s.leave = time.AfterFunc(hiddenFor, func() {
				s.away.Store(s.covered.Load() && !s.hearing.on) // who listens goes on listening
				s.wish()
			})
		} else {
			s.leave.Stop()
			s.away.Store(false)
			s.dirty.Store(true)
		}
		s.wish()
	}
	handler := js.FuncOf(func(js.Value, []js.Value) any {
		follow()
		return nil
	})
	s.handlers = append(s.handlers, handler)
	document.Call("addEventListener", "visibilitychange", handler)
	follow()
}
