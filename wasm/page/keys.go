//go:build js

package page

import (
	"syscall/js"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/shortcut"
)

// Handle has f called when a key of the table asks for the action. What was registered last is asked first; where it returns false the
// key is left to the one before, and at last to the browser. Keys do nothing while somebody types, nor behind an open dialog.
func (p *Page) Handle(a shortcut.Action, f func(shortcut.Press) bool) {
	p.actions[a] = append(p.actions[a], f)
}

// Handled reports whether some part of the page acts on the action, so that the help sheet names it.
func (p *Page) Handled(a shortcut.Action) bool { return len(p.actions[a]) > 0 }

// do asks the action's handlers.
func (p *Page) do(press shortcut.Press) bool {
	handlers := p.actions[press.Action]
	for i := len(handlers) - 1; i >= 0; i-- {
		if handlers[i](press) {
			return true
		}
	}
	return false
}

// watchKeys is the one place where keys are heard.
func (p *Page) watchKeys() {
	p.on(p.document, "keydown", func(event js.Value) {
		// Browsers that fill in forms send keydown events without a key.
		if event.Get("key").Type() != js.TypeString || event.Get("isComposing").Truthy() || event.Get("defaultPrevented").Truthy() ||
			event.Get("ctrlKey").Truthy() || event.Get("altKey").Truthy() || event.Get("metaKey").Truthy() {
			return
		}
		if p.document.Call("querySelector", "dialog[open], #screen:not([hidden])").Truthy() || p.phase() != phaseStage {
			return // what covers the cameras has keys of its own
		}
		key := shortcut.Key{Key: event.Get("key").String(), Shift: event.Get("shiftKey").Truthy(), Held: event.Get("repeat").Truthy()}
		if code := event.Get("code"); code.Type() == js.TypeString {
			key.Code = code.String()
		}
		press, known := shortcut.Find(key)
		if !known || p.typing(event.Get("target"), press) {
			return
		}
		p.tools.stir()
		if p.do(press) {
			event.Call("preventDefault")
		}
	})
}

// typing reports whether the key belongs to the element that has the focus.
func (p *Page) typing(target js.Value, press shortcut.Press) bool {
	if !target.Truthy() || target.Get("closest").Type() != js.TypeFunction {
		return false
	}
	const (
		texts   = `textarea, select, [contenteditable], input:not([type="range"], [type="checkbox"], [type="radio"], [type="button"])`
		sliders = `input[type="range"], input[type="radio"]`
	)
	arrows := press.DX != 0 || press.DY != 0
	return target.Call("closest", texts).Truthy() || arrows && target.Call("closest", sliders).Truthy()
}

// Subject returns the camera that a key means which names none: the one in full size, else the one that has the focus, else the only one.
func (p *Page) Subject() (viewer.TileKey, bool) {
	if p.full != nil {
		return *p.full, true
	}
	if t := p.focusedTile(); t != nil {
		return t.key, true
	}
	if len(p.order) == 1 {
		return p.order[0], true
	}
	return viewer.TileKey{}, false
}

// Full returns the camera that fills the window, if one does.
func (p *Page) Full() (viewer.TileKey, bool) {
	if p.full == nil {
		return viewer.TileKey{}, false
	}
	return *p.full, true
}

func (p *Page) focusedTile() *tile {
	focused := p.document.Get("activeElement")
	for _, t := range p.tiles {
		if t.button.Equal(focused) {
			return t
		}
	}
	return nil
}
