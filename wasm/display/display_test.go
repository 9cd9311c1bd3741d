//go:build js

package display_test

import (
	"strconv"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/display"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
)

type fixture struct {
	*display.Display
	notices     []string
	guard       int
	moved, back int
}

func (f *fixture) Notice(text string) { f.notices = append(f.notices, text) }
func (f *fixture) Guard(seconds int)  { f.guard = seconds }

func newFixture(t *testing.T) *fixture {
	t.Helper()
	domtest.Load(t)
	js.Global().Get("localStorage").Call("clear")
	address("")
	f := &fixture{}
	f.Display = display.New(f, func() { f.moved++ }, func() { f.back++ })
	t.Cleanup(func() {
		f.Close()
		js.Global().Get("localStorage").Call("clear")
		address("")
	})
	return f
}

// address changes the address's fragment without an event.
func address(fragment string) {
	js.Global().Get("history").Call("replaceState", js.Null(), "", js.Global().Get("location").Get("pathname").String()+fragment)
}

func hash() string { return js.Global().Get("location").Get("hash").String() }

func marked(name string) bool {
	return js.Global().Get("document").Get("body").Call("hasAttribute", name).Bool()
}

func (f *fixture) open(fragment string) {
	address(fragment)
	f.Read()
}

func named(names ...string) []viewer.Tile {
	tiles := make([]viewer.Tile, len(names))
	for i, name := range names {
		tiles[i].Name = name
		tiles[i].Key.Camera[0] = byte(i + 1)
	}
	return tiles
}

func TestLink(t *testing.T) {
	f := newFixture(t)
	f.Read()
	if f.On() || f.guard != 0 || marked("data-kiosk") {
		t.Fatal("a page without the link is a display")
	}
	f.open("#kiosk=Garden&still=20&wake=off")
	if !f.On() || f.guard != 20 || !marked("data-kiosk") || hash() != "#kiosk=Garden&still=20&wake=off" {
		t.Fatalf("on %v, guard %d, %s", f.On(), f.guard, hash())
	}
	tiles := named("Porch", "Garden")
	if p := f.Pick(tiles, false); len(p) != 1 || p[0].Name != "Garden" || len(f.notices) > 0 {
		t.Errorf("%d tiles, %q", len(p), f.notices)
	}
	f.open("#kiosk=Attic&dim=x&wake=off")
	if p := f.Pick(tiles, false); len(p) != 0 {
		t.Error("cameras are shown that the link does not name, though others may still come")
	}
	if p := f.Pick(tiles, true); len(p) != 2 {
		t.Errorf("%d tiles where no name is right", len(p))
	}
	f.Pick(tiles, true)
	said := strings.Join(f.notices, "\n")
	if len(f.notices) != 2 || !strings.Contains(said, "“Attic”") || !strings.Contains(said, "“Porch”, “Garden”") || !strings.Contains(said, "dim=x") {
		t.Errorf("says %q", f.notices)
	}
	f.Leave()
	if f.On() || hash() != "" || f.guard != 0 || marked("data-kiosk") {
		t.Error("it is a display after leaving")
	}
	f.Become()
	if f.On() {
		t.Error("it is a display again though a person left")
	}
}

// A device that was let in as a screen is a display as it last was, also with the plain address.
func TestBecome(t *testing.T) {
	f := newFixture(t)
	f.Become()
	if !f.On() || hash() != "#kiosk" {
		t.Errorf("on %v at %q", f.On(), hash())
	}
	f.open("#kiosk=Porch&wake=off")
	address("")
	g := &fixture{}
	g.Display = display.New(g, func() {}, func() {})
	defer g.Close()
	g.Read()
	g.Become()
	if hash() != "#kiosk=Porch&wake=off" {
		t.Errorf("after switching it on again the address is %q", hash())
	}
}

func TestTick(t *testing.T) {
	f := newFixture(t)
	begin := time.Now()
	hour := js.Global().Get("Date").New().Call("getHours").Int()
	night := func(from int) string {
		clock := func(h int) string { return strconv.Itoa((h + 24) % 24) }
		return "#kiosk&wake=off&back=60&night=" + clock(from) + "-" + clock(from+2)
	}
	f.open(night(hour - 1))
	f.Tick(begin)
	if dom.ByID("night").Get("hidden").Bool() || !marked("data-night") {
		t.Error("it is not darker at night")
	}
	f.open(night(hour + 2))
	f.Tick(begin.Add(time.Second))
	if !dom.ByID("night").Get("hidden").Bool() || marked("data-night") {
		t.Error("it is darker by day")
	}

	f.Tick(begin.Add(10 * time.Second))
	if !marked("data-idle") {
		t.Error("the cursor stays")
	}
	move := func() { js.Global().Call("dispatchEvent", js.Global().Get("Event").New("pointermove")) }
	move()
	leave := dom.ByID("kiosk-leave")
	if marked("data-idle") || leave.Get("hidden").Bool() {
		t.Error("a movement shows no way out")
	}
	f.Tick(time.Now().Add(30 * time.Second))
	if !marked("data-idle") || !leave.Get("hidden").Bool() || f.back > 0 {
		t.Errorf("after a while: idle %v, back %d times", marked("data-idle"), f.back)
	}
	for i := range 5 {
		f.Tick(time.Now().Add(time.Duration(70+10*i) * time.Second))
	}
	if f.back != 1 {
		t.Errorf("back to all cameras %d times", f.back)
	}

	style := js.Global().Get("document").Get("body").Get("style")
	at := func() string {
		return style.Call("getPropertyValue", "--wander-x").String() + " " + style.Call("getPropertyValue", "--wander-y").String()
	}
	before, moved := at(), f.moved
	f.Tick(time.Now().Add(3 * time.Minute))
	if at() == before || f.moved == moved {
		t.Errorf("the pictures stay at %s", before)
	}
}

// The settings make a display as it last was one, with the night that is chosen.
func TestSetting(t *testing.T) {
	f := newFixture(t)
	f.open("#kiosk=Porch&wake=off&night=1-2")
	f.open("")
	d := dialog.New()
	t.Cleanup(d.Release)
	d.Do(func() {
		v := d.Push("Settings", dom.Make("div"))
		v.Body.Add(f.Setting(v))
	})
	panel := dom.ByID("panel")
	if night := panel.Field("night").Content(); night != "1-2" {
		t.Errorf("the settings show the night %s", night)
	}
	panel.Field("night").SetContent("22-7")
	panel.Field("dim").SetContent("50")
	panel.Action("display").Call("click")
	domtest.WaitFor(t, "it is a display", f.On)
	if want := "#kiosk=Porch&night=22-7&dim=50&wake=off"; hash() != want || panel.Get("open").Bool() {
		t.Errorf("the address is %s, want %s", hash(), want)
	}
}
