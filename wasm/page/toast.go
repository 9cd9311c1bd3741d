//go:build js

package page

import (
	"syscall/js"
	"time"
)

// How long a toast stays: longer where there is something to press.
const (
	toastFor       = 5 * time.Second
	toastActionFor = 12 * time.Second
)

// toast is a sentence that goes by itself, for what somebody did and needs no answer.
type toast struct {
	node, text, button js.Value
	until              time.Time
	act                func()
}

func (p *Page) watchToast() {
	byID := func(id string) js.Value { return p.document.Call("getElementById", id) }
	p.toast = toast{node: byID("toast"), text: byID("toast-text"), button: byID("toast-action")}
	p.on(p.toast.button, "click", func(js.Value) {
		act := p.toast.act
		p.toast.hide()
		if act != nil {
			act()
		}
	})
}

// Toast shows a sentence for some seconds and has it read aloud. With an action's name there is a button, which calls act; act runs on the
// page's event loop and must not block.
func (p *Page) Toast(sentence, action string, act func()) {
	t := &p.toast
	t.act, t.until = act, time.Now().Add(toastFor)
	if action != "" {
		t.until = time.Now().Add(toastActionFor)
	}
	t.text.Set("textContent", sentence)
	t.button.Set("textContent", action)
	t.button.Set("hidden", action == "")
	t.node.Call("removeAttribute", "data-gone")
	p.boot.Say(sentence)
}

func (t *toast) hide() {
	t.act, t.until = nil, time.Time{}
	t.node.Call("setAttribute", "data-gone", "")
}

// follow hides the toast when its time is over, unless somebody is about to press its button.
func (t *toast) follow(now time.Time) {
	if !t.until.IsZero() && now.After(t.until) && !t.node.Call("matches", ":hover, :focus-within").Bool() {
		t.hide()
	}
}
