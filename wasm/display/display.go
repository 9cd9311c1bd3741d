//go:build js

package display

import (
	"math"
	"strconv"
	"strings"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/kiosk"
	"github.com/sealcam/sealcam/wasm/awake"
	"github.com/sealcam/sealcam/wasm/dom"
)

const (
	// lookEvery is how often the clock is looked at.
	lookEvery = time.Second
	// moveEvery is how long the pictures rest at one place.
	moveEvery = 3 * time.Minute
	// idleAfter is how long the cursor and what can be pressed stay after the last movement, touch or key.
	idleAfter = 4 * time.Second
	// askEvery is how often a screen that could not be kept on is tried again.
	askEvery = time.Minute
)

// Page is what a display needs of the page.
type Page interface {
	Notice(text string)
	Guard(seconds int) // see static/watch.js; 0: nobody watches
}

// Display is the page as a display. Its methods belong to the goroutine that draws, but for what the browser's events call.
type Display struct {
	page    Page
	moved   func() // the stage lies elsewhere
	back    func() // to all cameras
	scope   dom.Scope
	lock    *awake.Lock
	body    dom.Node
	leave   dom.Node
	night   dom.Node
	options kiosk.Options
	on      bool
	left    bool // by a person, until the page is loaded again

	looked, began, touched, asked time.Time
	move                          int
	unknown                       string // names that mean no camera, as last told
	waits                         bool   // names have not been judged since the link was read
}

// New prepares a display that is off. moved is called when the pictures lie elsewhere, back when all cameras are to be shown.
func New(page Page, moved, back func()) *Display {
	d := &Display{
		page: page, moved: moved, back: back, body: dom.Node{Value: js.Global().Get("document").Get("body")},
		leave: dom.ByID("kiosk-leave"), night: dom.ByID("night"), move: -1,
	}
	d.lock = awake.New(page.Notice)
	window := dom.Node{Value: js.Global()}
	for _, event := range []string{"pointermove", "pointerdown", "keydown", "wheel"} {
		d.scope.On(window, event, func(js.Value) { d.touch(time.Now()) })
	}
	d.scope.On(window, "hashchange", func(js.Value) { d.Read() })
	d.scope.On(d.leave, "click", func(js.Value) { d.Leave() })
	return d
}

// Close makes the page an ordinary one and lets the document go.
func (d *Display) Close() {
	d.set(false)
	d.scope.Close()
	d.lock.Close()
}

// On reports whether the page is a display.
func (d *Display) On() bool { return d.on }

// Ordered reports whether the link gives the cameras' order.
func (d *Display) Ordered() bool { return d.on && len(d.options.Cameras) > 0 }

// Read takes what the page's address asks for.
func (d *Display) Read() {
	fragment := strings.TrimPrefix(js.Global().Get("location").Get("hash").String(), "#")
	if !kiosk.Is(fragment) {
		d.set(false)
		return
	}
	d.left = false
	d.enter(fragment)
}

// Become makes a device that was let in as a screen a display, as it last was one, unless the address says otherwise or a person has left.
func (d *Display) Become() {
	if d.on || d.left || js.Global().Get("location").Get("hash").String() != "" {
		return
	}
	fragment := remembered()
	if !kiosk.Is(fragment) {
		fragment = kiosk.Plain
	}
	address := js.Global().Get("location")
	js.Global().Get("history").Call("replaceState", js.Null(), "", address.Get("pathname").String()+address.Get("search").String()+"#"+fragment)
	d.enter(fragment)
}

func (d *Display) enter(fragment string) {
	options, complaints := kiosk.Parse(fragment)
	d.options, d.waits, d.unknown = options, len(options.Cameras) > 0, ""
	remember(fragment)
	d.set(true)
	if len(complaints) > 0 {
		d.page.Notice(strings.Join(complaints, " "))
	}
}

// Leave makes the page an ordinary one, at a person's wish.
func (d *Display) Leave() {
	d.left = true
	forget()
	address := js.Global().Get("location")
	js.Global().Get("history").Call("replaceState", js.Null(), "", address.Get("pathname").String()+address.Get("search").String())
	d.set(false)
}

func (d *Display) set(on bool) {
	now := time.Now()
	if on && !d.on {
		d.began, d.touched, d.move = now, time.Time{}, -1
	}
	d.on = on
	d.looked = time.Time{}
	guard, mark := 0, ""
	if on {
		guard, mark = int(d.options.Still/time.Second), "true"
	}
	d.page.Guard(guard)
	d.body.SetAttr("data-kiosk", mark)
	dim(on)
	d.body.SetAttr("data-idle", "")
	d.leave.Show(false)
	d.lock.Want(on && d.options.Awake)
	if !on {
		d.night.Show(false)
		d.body.SetAttr("data-night", "")
	}
	d.moved()
}

// dim makes messages dark too, unless a person chose otherwise (static/appearance.js), so that none lights up a room at night.
func dim(on bool) {
	root := dom.Node{Value: js.Global().Get("document").Get("documentElement")}
	chosen := ""
	if a := js.Global().Get("sealcam").Get("appearance"); a.Truthy() {
		chosen = a.Call("chosen").String()
	}
	if on && chosen == "" {
		chosen = "dark"
	}
	root.SetAttr("data-appearance", chosen)
}

func (d *Display) touch(now time.Time) {
	if !d.on {
		return
	}
	d.touched = now
	d.body.SetAttr("data-idle", "")
	d.leave.Show(true)
}

// Tick is called with each display frame.
func (d *Display) Tick(now time.Time) {
	if !d.on || now.Sub(d.looked).Abs() < lookEvery {
		return
	}
	d.looked = now
	if idle := now.Sub(d.touched); idle >= idleAfter && !d.leave.Call("matches", ":focus-visible").Bool() {
		d.body.SetAttr("data-idle", "true")
		d.leave.Show(false)
		if b := d.options.Back; b > 0 && !d.touched.IsZero() && idle >= b {
			d.touched = time.Time{}
			d.back()
		}
	}
	d.shift(now)
	d.darken(d.options.Brightness(minuteOfDay()))
	if now.Sub(d.asked).Abs() >= askEvery {
		d.asked = now
		d.lock.Try()
	}
}

// shift lets the pictures wander. Offsets are whole device pixels: nothing is scaled.
func (d *Display) shift(now time.Time) {
	move := int(now.Sub(d.began) / moveEvery)
	if move == d.move {
		return
	}
	d.move = move
	x, y := kiosk.Wander(move, d.options.Shift)
	ratio := js.Global().Get("devicePixelRatio").Float()
	style := d.body.Get("style")
	for name, css := range map[string]int{"--wander-margin": d.options.Shift, "--wander-x": x, "--wander-y": y} {
		style.Call("setProperty", name, strconv.FormatFloat(math.Round(float64(css)*ratio)/ratio, 'f', -1, 64)+"px")
	}
	d.moved()
}

func (d *Display) darken(brightness float64) {
	dark := brightness < 1
	d.night.Show(dark)
	mark := ""
	if dark {
		mark = "true"
	}
	d.body.SetAttr("data-night", mark)
	d.body.Get("style").Call("setProperty", "--brightness", strconv.FormatFloat(brightness, 'f', 2, 64))
}

// minuteOfDay is the device's own clock. Go reads a browser's time zone once, at the start, and would miss the change to summer time.
func minuteOfDay() int {
	now := js.Global().Get("Date").New()
	return now.Call("getHours").Int()*60 + now.Call("getMinutes").Int()
}

// Pick leaves the cameras that the link names, in its order. Once all agents have answered it says which names mean none; if it names no
// camera at all that there is, all are shown rather than nothing.
func (d *Display) Pick(tiles []viewer.Tile, ready bool) []viewer.Tile {
	if !d.on {
		return tiles
	}
	picked, unknown := kiosk.Pick(d.options.Cameras, tiles)
	if d.waits && ready && len(tiles) > 0 {
		if names := strings.Join(unknown, "\x00"); names != d.unknown && names != "" {
			d.unknown = names
			d.page.Notice(kiosk.Unknown(unknown, tiles))
		}
		d.waits = false
	}
	if len(picked) == 0 && !d.waits {
		return tiles
	}
	return picked
}
