//go:build js

package main

import (
	"encoding/json"
	"math"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/shortcut"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/sound"
	"github.com/sealcam/sealcam/wasm/storage"
)

// hearingKept is where volumes are kept, and hearingMost of how many cameras.
const (
	hearingKept = "sealcam.sound"
	hearingMost = 256
	// restAfter is how long after it was muted the loudspeaker is shut.
	restAfter = 5 * time.Second
)

// hearing is which camera is heard, one at a time, and how loud. Nothing is heard before somebody asked for it on this page.
type hearing struct {
	s      *screen
	output *sound.Output
	button dom.Node
	slider dom.Node

	key   viewer.TileKey
	on    bool
	full  viewer.TileKey // in full size; zero: none
	cares map[string]hearingOf
	shown string // of the button, to write it only when it changes
}

// hearingOf is what is kept of a camera.
type hearingOf struct {
	Volume float64 `json:"volume"` // 0 to 1
	On     bool    `json:"on"`     // was heard when it was last in full size
}

func newHearing(s *screen) *hearing {
	h := &hearing{s: s, output: sound.New(), cares: map[string]hearingOf{}}
	h.button, h.slider = dom.Node{Value: s.page.ToolButton(shortcut.Mute)}, dom.ByID("volume")
	h.load()
	s.page.Tool(shortcut.Mute, h.toggle)
	s.scope.On(h.slider, "input", func(js.Value) { h.turn(h.slider.Get("valueAsNumber").Float() / 100) })
	h.button.Show(false)
	node := js.FuncOf(func(js.Value, []js.Value) any { return h.output.Node() }) // for tests, as sealcam.stats
	s.handlers = append(s.handlers, node)
	js.Global().Get("sealcam").Set("sound", node)
	return h
}

// toggle mutes a camera, or has it heard and no other. It is called while a click or a key is handled.
func (h *hearing) toggle(key viewer.TileKey) {
	v := tileOf(h.s.tiles, key)
	switch {
	case v == nil || v.Sound == viewer.SoundNone:
		return
	case h.on && h.key == key:
		h.mute()
		h.s.app.boot.Say(words.Sayf("Sound of %s is off", v.Name))
	default:
		if err := h.output.Start(); err != nil || !sound.Available() {
			h.s.app.boot.Notice(words.Say("This browser plays no sound. Open the page in a current Chrome, Edge, Firefox or Safari."))
			return
		}
		h.listen(key)
		h.s.app.boot.Say(words.Sayf("Sound of %s is on", v.Name))
	}
	h.keep(key, func(of *hearingOf) { of.On = h.on })
	h.s.dirty.Store(true)
	h.s.wishes = h.wishes(h.s.wishes)
	h.s.wish()
}

func (h *hearing) listen(key viewer.TileKey) {
	h.key, h.on = key, true
	h.output.SetVolume(h.of(key).Volume)
}

func (h *hearing) mute() {
	h.on = false
	// What fades out may end, and who turns it on again at once need not wait.
	time.AfterFunc(restAfter, func() {
		if !h.on {
			h.output.Rest()
		}
	})
}

// turn sets the volume of the camera in full size. Moving it up from nothing has the camera heard.
func (h *hearing) turn(volume float64) {
	key, ok := h.s.page.Full()
	if !ok {
		return
	}
	h.keep(key, func(of *hearingOf) { of.Volume = volume })
	switch {
	case h.on && h.key == key:
		h.output.SetVolume(volume)
	case volume > 0:
		h.toggle(key)
	}
}

// follow shows what becomes of the sound of the camera in full size, and goes from camera to camera with the one that fills the window.
func (h *hearing) follow(tiles []viewer.Tile) {
	key, full := h.s.page.Full()
	if !full {
		key = viewer.TileKey{}
	}
	if key != h.full {
		h.full = key
		if full {
			h.enter(key)
		}
	}
	h.show(tileOf(tiles, key))
}

// tileOf returns a camera's tile; nil if there is none.
func tileOf(tiles []viewer.Tile, key viewer.TileKey) *viewer.Tile {
	for i := range tiles {
		if tiles[i].Key == key {
			return &tiles[i]
		}
	}
	return nil
}

// enter goes over to the camera that fills the window now. The click that made it do so lets it be heard, if it was when it last did.
func (h *hearing) enter(key viewer.TileKey) {
	if h.on && h.key == key {
		return
	}
	was := h.on
	h.on = false
	if h.of(key).On && h.output.Started() && h.output.Start() == nil {
		h.listen(key)
	} else if was {
		h.mute()
	}
	h.s.wishes = h.wishes(h.s.wishes)
	h.s.wish()
}

// show writes the button and the slider for a camera; nil for none.
func (h *hearing) show(t *viewer.Tile) {
	state := "none"
	if t != nil && t.Sound != viewer.SoundNone {
		state = "off"
		if h.on && h.key == t.Key {
			state = "on"
			if t.Sound == viewer.SoundUnsupported {
				state = "unsupported"
			}
		}
	}
	if state == "none" {
		h.shown = state
		h.button.Show(false)
		h.slider.Show(false)
		return
	}
	if volume := math.Round(100 * h.of(t.Key).Volume); h.slider.Get("valueAsNumber").Float() != volume {
		h.slider.Set("value", volume)
	}
	if state == h.shown {
		return
	}
	h.shown = state
	h.button.Show(true)
	h.slider.Show(true)
	h.button.SetAttr("data-sound", state)
	label := words.Say("Turn the sound on")
	if state != "off" {
		label = words.Say("Turn the sound off")
	}
	h.button.SetAttr("aria-label", label)
	h.button.SetAttr("title", label)
	if state == "unsupported" {
		h.s.app.boot.Notice(h.cannot())
	}
}

// cannot says why a camera is not heard.
func (h *hearing) cannot() string {
	if !sound.Decodes() {
		return words.Say("This page cannot decode this camera’s sound. Open it by https, or set the camera’s sound to G.711.")
	}
	return words.Say("This browser cannot decode this camera’s sound. Set the camera’s sound to AAC, Opus or G.711.")
}

// wishes marks the camera that is heard among those that are wished for.
func (h *hearing) wishes(list []viewer.Wish) []viewer.Wish {
	for i := range list {
		list[i].Sound = h.on && list[i].Key == h.key
	}
	return list
}

func (h *hearing) of(key viewer.TileKey) hearingOf {
	if of, known := h.cares[key.Camera.String()]; known {
		return of
	}
	return hearingOf{Volume: 0.8}
}

// keep changes what is kept of a camera. Where storage is blocked it is kept for as long as the page is open.
func (h *hearing) keep(key viewer.TileKey, change func(*hearingOf)) {
	of := h.of(key)
	change(&of)
	if len(h.cares) >= hearingMost {
		clear(h.cares)
	}
	h.cares[key.Camera.String()] = of
	text, err := json.Marshal(h.cares)
	if err == nil {
		_ = storage.Browser.Set(hearingKept, string(text))
	}
}

func (h *hearing) load() {
	text := storage.Browser.Get(hearingKept)
	const most = 64 << 10
	cares := map[string]hearingOf{}
	if len(text) > most || json.Unmarshal([]byte(text), &cares) != nil || len(cares) > hearingMost {
		return
	}
	for camera, of := range cares {
		if of.Volume >= 0 && of.Volume <= 1 {
			h.cares[camera] = of
		}
	}
}
