//go:build js

package page

import (
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/shortcut"
)

// toolsFor is how long the tool bar stays after the last sign of somebody.
const toolsFor = 4 * time.Second

// tools is the bar over a camera in full size. Its buttons stand in index.html, hidden until their part of the page is there.
type tools struct {
	node  js.Value
	attr  attributes // of the body
	until time.Time  // it is seen; zero: not at all
}

// Tool makes a button of the tool bar do something with the camera in full size, and its key of the table as well, in the grid too. The
// button is #tools [data-tool=action] of index.html. do runs on the page's event loop and must not block.
func (p *Page) Tool(action shortcut.Action, do func(viewer.TileKey)) {
	p.onTool(action, do)
	p.Handle(action, func(shortcut.Press) bool {
		key, ok := p.Subject()
		if ok {
			do(key)
		}
		return ok
	})
}

// onTool shows the button and calls do at each click on it.
func (p *Page) onTool(action shortcut.Action, do func(viewer.TileKey)) {
	button := p.ToolButton(action)
	p.on(button, "click", func(js.Value) {
		if key, ok := p.Full(); ok {
			do(key)
		}
	})
	button.Set("hidden", false)
}

// ToolButton returns the tool bar's button for the action.
func (p *Page) ToolButton(action shortcut.Action) js.Value {
	return p.tools.node.Call("querySelector", `[data-tool="`+string(action)+`"]`)
}

// watchTools shows the bar when somebody moves the pointer, touches the screen or presses a key, and hides it when they have gone.
func (p *Page) watchTools() {
	p.tools.node = p.document.Call("getElementById", "tools")
	p.tools.attr.node = p.document.Get("body")
	for action, key := range keysOfTools() {
		if button := p.ToolButton(action); button.Truthy() {
			button.Call("setAttribute", "aria-keyshortcuts", key)
		}
	}
	p.on(p.stage, "pointermove", func(event js.Value) {
		if event.Get("pointerType").String() != "touch" { // whose taps show it and hide it
			p.tools.stir()
		}
	})
	p.on(p.tools.node, "focusin", func(js.Value) { p.tools.stir() })
	p.on(p.tools.node, "pointerdown", func(js.Value) { p.tools.stir() })
	p.onTool(shortcut.Back, func(viewer.TileKey) { p.goBack() })
}

// keysOfTools returns each action's key, as aria-keyshortcuts wants it (WAI-ARIA 1.2 §6.6).
func keysOfTools() map[shortcut.Action]string {
	keys := map[shortcut.Action]string{}
	for _, e := range shortcut.Table {
		keys[e.Action] = e.Keys[0]
	}
	return keys
}

// stir shows the bar for a while.
func (t *tools) stir() { t.until = time.Now().Add(toolsFor) }

// tapped is for screens that have no pointer to move: a tap shows the bar, the next one hides it.
func (t *tools) tapped() {
	if t.attr.now["data-tools"] != "" {
		t.until = time.Time{}
	} else {
		t.stir()
	}
	t.follow(true, time.Now())
}

// follow shows or hides the bar. What has the focus or lies under the pointer stays: style/tools.css sees to that.
func (t *tools) follow(full bool, now time.Time) {
	value := ""
	if full && now.Before(t.until) {
		value = "true"
	}
	t.attr.set("data-tools", value)
}

// controls returns what in the bar can have the focus.
func (t *tools) controls() (all []js.Value) {
	list := t.node.Call("querySelectorAll", "button:not([hidden], :disabled), input:not([hidden], :disabled)")
	for i := range list.Length() {
		if list.Index(i).Get("offsetParent").Truthy() {
			all = append(all, list.Index(i))
		}
	}
	return all
}

// step moves the focus along the bar, as arrow keys do in one (WAI-ARIA Authoring Practices, toolbar pattern). It reports whether the
// focus was there.
func (t *tools) step(by int) bool {
	focused := js.Global().Get("document").Get("activeElement")
	controls := t.controls()
	for i, c := range controls {
		if c.Equal(focused) {
			controls[(i+by+len(controls))%len(controls)].Call("focus")
			return true
		}
	}
	return false
}

// enter moves the focus into the bar.
func (t *tools) enter() {
	t.stir()
	if controls := t.controls(); len(controls) > 0 {
		controls[0].Call("focus")
	}
}
