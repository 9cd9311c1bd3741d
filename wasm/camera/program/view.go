//go:build js

package main

import (
	"context"
	"strconv"
	"strings"
	"syscall/js"
	"time"
	"unicode/utf8"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/camera/capture"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/promise"
	"github.com/sealcam/sealcam/wasm/qrcode"
)

// view is the page's section of a device that is a camera. It belongs to the goroutine of app.serve.
type view struct {
	root    dom.Node
	video   dom.Node
	scope   dom.Scope
	watched bool // as the camera was told
	lenses  []capture.Lens
	settled bool // a claim link is shown
}

// shown is what there is to show.
type shown struct {
	capture.State
	capture.Settings
	name          string
	watchers      []string
	online, owned bool
	note          string
	paused        time.Duration // how long the browser paused the camera, if it did of late
}

func newView() *view {
	root := dom.ByID("camera")
	return &view{root: root, video: root.Find("video")}
}

// open shows the section in the place of the sheet.
func (v *view) open() {
	js.Global().Get("document").Get("body").Get("dataset").Set("phase", "camera")
	v.root.Show(true)
	size := v.root.Field("size")
	for _, s := range capture.Sizes {
		size.Add(option(strconv.Itoa(s), strconv.Itoa(s)+"p"))
	}
}

func option(value, text string) dom.Node {
	o := dom.Make("option")
	o.Set("value", value)
	o.SetText(text)
	return o
}

// refuse shows a sentence, and nothing that could be done here.
func (v *view) refuse(sentence string) {
	v.root.SetAttr("data-state", "refused")
	v.root.Part("problem").Write(sentence)
}

// askName explains what is going to happen, and waits for a name.
func (v *view) askName(ctx context.Context, guess string) (string, error) {
	v.root.SetAttr("data-state", "new")
	field := v.root.Field("name")
	field.SetContent(guess)
	named := make(chan string, 1)
	var scope dom.Scope
	defer scope.Close()
	scope.On(v.root.Part("setup"), "submit", func(event js.Value) {
		event.Call("preventDefault")
		name := strings.TrimSpace(field.Content())
		for len(name) > control.MaxName {
			_, n := utf8.DecodeLastRuneInString(name)
			name = name[:len(name)-n]
		}
		if name == "" {
			field.Focus()
			return
		}
		select {
		case named <- name:
		default:
		}
	})
	select {
	case name := <-named:
		return name, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// listen acts on the controls.
func (v *view) listen(a *app) {
	// Whatever waits for the browser must not wait in the handler of an event.
	act := func(action string, f func()) {
		v.scope.On(v.root.Action(action), "click", func(js.Value) { go f() })
	}
	act("toggle", a.toggle)
	act("retry", a.retry)
	act("copy", v.copyLink)
	for _, name := range []string{"lens", "size", "turn"} {
		v.scope.On(v.root.Field(name), "change", func(js.Value) {
			s := capture.Settings{Lens: v.root.Field("lens").Content()}
			s.Size, _ = strconv.Atoi(v.root.Field("size").Content()) // what is no number is mended
			s.Turn, _ = strconv.Atoi(v.root.Field("turn").Content())
			go a.use(s)
		})
	}
}

// show brings the section up to date.
func (v *view) show(s shown) {
	state := "off"
	switch {
	case s.On && s.Live && len(s.watchers) > 0:
		state = "air"
	case s.On && s.Live:
		state = "ready"
	case s.On && s.Err != nil:
		state = "failed"
	case s.On:
		state = "opening"
	}
	v.root.SetAttr("data-state", state)
	v.root.SetAttr("data-owned", map[bool]string{true: "yes"}[s.owned])
	badge := map[string]string{
		"air": words.Say("On air"), "ready": words.Say("Ready"), "off": words.Say("Off"),
		"opening": words.Say("Starting"), "failed": words.Say("No picture"),
	}[state]
	v.root.Part("badge").SetText(badge)
	v.root.Part("title").SetText(s.name)
	v.video.SetAttr("data-turn", map[bool]string{true: strconv.Itoa(s.Turn)}[s.Turn != 0])
	js.Global().Get("document").Set("title", map[bool]string{true: "● "}[state == "air"]+badge+" – Sealcam")
	problem := ""
	if s.Err != nil {
		problem = words.Say(s.Err.Error())
	}
	v.root.Part("problem").Write(problem)
	v.root.Part("said").Write(v.sentence(s, state))
	v.root.Part("facts").Write(facts(s))
	toggle := v.root.Action("toggle")
	text := words.Say("Stop the camera")
	if !s.On {
		text = words.Say("Start the camera")
	}
	toggle.SetText(text)
	toggle.SetAttr("class", map[bool]string{true: "primary danger", false: "primary"}[s.On])
	v.root.Action("retry").Show(state == "failed")
	v.root.Part("nobody").Show(len(s.watchers) == 0)
	v.list(s.watchers)
	v.choices(s)
	v.root.Part("claim").Show(!s.owned && v.settled)
	v.root.Part("owned").Show(s.owned)
}

// sentence says what goes on, for eyes and ears.
func (v *view) sentence(s shown, state string) string {
	switch {
	case s.Err != nil:
		return ""
	case !s.On:
		return words.Say("The camera is off. Those who may watch it see a sentence that says so.")
	case !s.online:
		return words.Say("The server cannot be reached just now, so nobody can watch. It goes on by itself.")
	case s.note != "":
		return s.note
	case s.paused >= time.Second:
		return words.Sayf("While this page was in the background, the browser paused the camera for %d s.", int(s.paused.Round(time.Second)/time.Second))
	case state == "air":
		return words.Sayn(len(s.watchers), "%d device is watching now.", "%d devices are watching now.", len(s.watchers))
	case state == "ready" && !s.owned:
		return words.Say("The camera is ready. Open its link on the device that is to show it.")
	case state == "ready":
		return words.Say("The camera is ready. Nobody is watching.")
	}
	return words.Say("The camera is starting. If the browser asks, let it use the camera.")
}

func facts(s shown) string {
	if s.Width == 0 || !s.Live {
		return ""
	}
	return strconv.Itoa(s.Width) + " × " + strconv.Itoa(s.Height) + " · " + s.Format
}

// list shows the names of those who watch.
func (v *view) list(names []string) {
	list := v.root.Part("watchers")
	now := list.All("li")
	nodes := make([]dom.Node, len(names))
	for i, name := range names {
		if i < len(now) {
			nodes[i] = now[i]
		} else {
			nodes[i] = dom.Make("li")
			nodes[i].SetAttr("dir", "auto")
		}
		nodes[i].SetText(name)
	}
	list.Order(nodes)
}

// choices brings the form in step with the camera.
func (v *view) choices(s shown) {
	lens := v.root.Field("lens")
	if len(s.Lenses) != len(v.lenses) {
		v.lenses = s.Lenses
		lens.Clear()
		for i, l := range s.Lenses {
			label := l.Label
			if label == "" {
				label = words.Sayf("Camera %d", i+1)
			}
			lens.Add(option(l.ID, label))
		}
	}
	lens.Get("parentElement").Set("hidden", len(s.Lenses) < 2)
	set := func(name, value string) {
		if field := v.root.Field(name); value != "" && field.Content() != value && !js.Global().Get("document").Get("activeElement").Equal(field.Value) {
			field.SetContent(value)
		}
	}
	size := s.Size
	if size == 0 {
		size = capture.DefaultSize
	}
	set("lens", s.State.Lens)
	set("size", strconv.Itoa(size))
	set("turn", strconv.Itoa(s.Turn))
}

// offer shows a claim link.
func (v *view) offer(link pairing.Link) error {
	text := link.String()
	v.root.Field("link").SetContent(text)
	v.root.Part("here").SetAttr("href", text)
	v.settled = true
	v.root.Part("claim").Show(v.root.Get("dataset").Get("owned").IsUndefined())
	return qrcode.Draw(v.root.Part("qr"), text)
}

// copyLink copies the claim link, and says so.
func (v *view) copyLink() {
	field := v.root.Field("link")
	var p js.Value
	err := promise.Try(func() { p = js.Global().Get("navigator").Get("clipboard").Call("writeText", field.Content()) })
	if err == nil {
		_, err = promise.Await(context.Background(), p)
	}
	if err != nil { // the person copies it by hand
		field.Focus()
		field.Call("select")
		return
	}
	v.root.Action("copy").SetText(words.Say("Copied"))
}
