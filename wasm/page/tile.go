//go:build js

package page

import (
	"fmt"
	"image"
	"strconv"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/layout"
	"github.com/sealcam/sealcam/viewer/words"
)

// tile is the button over one tile, and its labels.
type tile struct {
	key    viewer.TileKey
	button js.Value
	attr   attributes
	way    attributes
	style  js.Value
	box    box
	cell   box     // its place in the layout, where it returns to when it is carried elsewhere
	radius float64 // of its corners, CSS pixels
	shows  shown   // as data-picture says
	shape  layout.Shape
	state  viewer.State
	told   bool      // state was announced before
	shot   time.Time // when the last picture was taken; zero: none came
	labels struct{ large, reason, brief, state, way, name, clock, age, ago text }
}

// shown is a part of the canvas, and where the canvas lies in the window.
type shown struct {
	part   image.Rectangle
	scale  float64
	origin box
}

// box is an area in CSS pixels.
type box struct{ x, y, width, height float64 }

// newTile clones the template in index.html.
func newTile(document js.Value, key viewer.TileKey) *tile {
	node := document.Call("getElementById", "tile").Get("content").Get("firstElementChild").Call("cloneNode", true)
	find := func(selector string) js.Value { return node.Call("querySelector", selector) }
	t := &tile{key: key, button: node, style: node.Get("style")}
	t.attr.node = node
	t.way.node = find(".way")
	t.way.now = map[string]string{"hidden": "hidden"}
	t.labels.large.node = find(".large")
	t.labels.reason.node = find(".reason")
	t.labels.brief.node = find(".brief")
	t.labels.ago.node = find(".ago")
	t.labels.state.node = find(".state")
	t.labels.way.node = find(".way b")
	t.labels.name.node = find(".name")
	t.labels.clock.node = find(".clock")
	t.labels.age.node = find(".age")
	t.attr.set("data-camera", key.Camera.String())
	t.attr.set("data-home", key.Agent.String())
	return t
}

// px writes a length in CSS pixels.
func px(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) + "px" }

// place moves the button.
func (t *tile) place(b box) {
	if t.box == b {
		return
	}
	t.box = b
	t.style.Set("left", px(b.x))
	t.style.Set("top", px(b.y))
	t.style.Set("width", px(b.width))
	t.style.Set("height", px(b.height))
}

// round rounds the button's corners, in CSS pixels.
func (t *tile) round(radius float64) {
	if t.radius != radius {
		t.radius = radius
		t.style.Set("borderRadius", px(radius))
	}
}

// show writes the labels. Ages and clocks are written only when slow is set, a few times a second. announce is what should be read
// aloud, empty if nothing new.
func (t *tile) show(v *viewer.Tile, tooLarge, slow bool, now time.Time) (announce string) {
	reason := ""
	switch v.State {
	case viewer.Waiting:
		reason = progress(v.Progress)
	case viewer.Stale, viewer.Blank:
		reason = v.Sentence()
	}
	state := v.State
	if tooLarge {
		state, reason = viewer.Blank, words.Say("This picture is larger than this device's graphics can draw. Give the camera a smaller sub-stream.")
	}
	t.attr.set("data-state", state.String())
	t.attr.set("data-reason", v.Reason.String())
	t.attr.set("data-decoder", v.Decoder)
	t.attr.set("data-sound", soundSign(v.Sound))
	t.labels.name.set(v.Name)
	t.labels.state.set(badge(state))
	t.labels.reason.set(reason)
	brief := v.Reason.Brief()
	if reason == "" || tooLarge {
		brief = ""
	}
	t.labels.brief.set(brief)
	t.attr.set("title", reason) // whole, also where a small tile has no room for it
	if way := way(v.Route); way == "" {
		t.way.set("hidden", "hidden")
	} else {
		t.way.set("hidden", "")
		title := journey(v.Route, v.Decoder)
		if v.Stream == seal.Still {
			way = words.Sayf("%s, stills", way)
			title = words.Sentences(title, stills(v.Lowered))
		} else if v.Lowered == viewer.ReasonPath {
			way = words.Sayf("%s, slow network", way)
			title = words.Sentences(title, v.Lowered.Sentence())
		}
		t.labels.way.set(way)
		t.way.set("title", title)
	}
	if v.Picture != nil {
		t.shot = now.Add(-v.Age)
	}
	if changed := state != t.state || !t.told; changed || slow {
		old, short, large := "", "", ""
		switch {
		case v.Picture != nil:
			old = age(v.Age)
			short = old
		case !t.shot.IsZero():
			past := ago(now.Sub(t.shot))
			old, short = words.Sayf("last picture %s", past), past
		}
		t.labels.ago.set(short)
		if state == viewer.Stale {
			large = old
		}
		t.labels.large.set(large)
		t.labels.age.set(old)
		t.labels.clock.set(clock(v.CameraTime, now))
		t.attr.set("aria-label", spoken(v, reason)+spokenSound(v.Sound))
		if changed {
			announce = spoken(v, reason)
		}
	}
	t.state, t.told = state, true
	return announce
}

// picture notes where the picture lies, in CSS pixels of the window, or that there is none.
func (t *tile) picture(r image.Rectangle, scale float64, origin box) {
	now := shown{r, scale, origin}
	if r.Empty() {
		now = shown{}
	}
	if now == t.shows {
		return
	}
	t.shows = now
	if r.Empty() {
		t.attr.set("data-picture", "")
		return
	}
	t.attr.set("data-picture", fmt.Sprintf("%g,%g,%g,%g", origin.x+float64(r.Min.X)/scale, origin.y+float64(r.Min.Y)/scale,
		float64(r.Dx())/scale, float64(r.Dy())/scale))
}
