//go:build js

package screens

import (
	"sync"
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/pair"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/qrcode"
)

// Waiting is the page of a screen that waits to be let in.
type Waiting struct {
	node, title, short, digits, text, code, ok, no dom.Node
	scope                                          dom.Scope
	confirm                                        func(digits string, same bool)

	mu    sync.Mutex // guards what follows, and the elements
	view  pair.View
	link  string // that the QR code shows
	usual string // what is said when nothing is wrong
}

// NewWaiting shows the page. confirm is told whether the other device shows the same digits; it must not block.
func NewWaiting(confirm func(digits string, same bool)) *Waiting {
	w := &Waiting{
		node: dom.ByID("screen"), title: dom.ByID("screen-title"), short: dom.ByID("screen-short"), digits: dom.ByID("screen-digits"),
		text: dom.ByID("screen-text"), code: dom.ByID("screen-qr"), ok: dom.ByID("screen-ok"), no: dom.ByID("screen-no"), confirm: confirm,
	}
	w.scope.On(w.ok, "click", func(js.Value) { w.answer(true) })
	w.scope.On(w.no, "click", func(js.Value) { w.answer(false) })
	w.Show(pair.View{State: pair.Connecting})
	w.node.Show(true)
	return w
}

// Close takes the page away.
func (w *Waiting) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.node.Show(false)
	w.code.Clear()
	w.scope.Close()
}

// Show shows how far things are: pair.ScreenConfig's Show.
func (w *Waiting) Show(view pair.View) {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.view.State
	w.view = view
	w.node.SetAttr("data-state", view.State.String())
	w.title.SetText(title(view.State))
	// The first sentence beside a code says in words what the page says in steps.
	if view.State == pair.Offering && w.usual == "" {
		w.usual = view.Sentence
	}
	sentence := view.Sentence
	if view.State == pair.Offering && sentence == w.usual {
		sentence = ""
	}
	w.text.SetText(sentence)
	w.short.SetText("")
	if view.State == pair.Offering {
		w.short.SetText(view.Code.String())
		w.draw(view.Link.String())
	}
	w.digits.SetText(view.Digits)
	comparing := view.State == pair.Comparing
	w.ok.Show(comparing)
	w.no.Show(comparing)
	if comparing && was != pair.Comparing {
		w.ok.Focus() // a remote control's or a keyboard's Enter is enough
	}
}

func (w *Waiting) draw(link string) {
	if link == w.link {
		return
	}
	w.link = link
	if qrcode.Draw(w.code, link) != nil {
		w.code.Clear() // the code can still be typed
	}
}

func (w *Waiting) answer(same bool) {
	w.mu.Lock()
	view := w.view
	w.mu.Unlock()
	if view.State == pair.Comparing {
		w.confirm(view.Digits, same)
	}
}

func title(s pair.State) string {
	switch s {
	case pair.Offering:
		return words.Say("Let this screen in")
	case pair.Comparing:
		return words.Say("Does your other device show this number?")
	case pair.Waiting:
		return words.Say("Choose the cameras on your other device")
	case pair.Paused:
		return words.Say("One moment")
	}
	return words.Say("Connecting")
}
