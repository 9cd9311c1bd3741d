//go:build js

package page

import (
	"strings"
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/words"
)

// Boot is boot.js's half of the page: the sheet, the notice, and the link that it took out of the address.
type Boot struct {
	object js.Value
	onLink js.Func
	offer  js.Func // of the notice's button
}

// NewBoot finds boot.js's object.
func NewBoot() *Boot { return &Boot{object: js.Global().Get("sealcam").Get("boot")} }

// TakeLink returns the fragment of the link that opened the page, once; empty if there was none.
func (b *Boot) TakeLink() string { return b.object.Call("takeLink").String() }

// OnLink calls f when another link is opened in this tab. f must not block.
func (b *Boot) OnLink(f func()) {
	b.onLink = js.FuncOf(func(js.Value, []js.Value) any {
		f()
		return nil
	})
	b.object.Call("onLink", b.onLink)
}

// Asset returns the address of a file of the client.
func (b *Boot) Asset(name string) string {
	asset := b.object.Get("assets").Get(name)
	if !asset.Truthy() {
		return name
	}
	return asset.Get("url").String()
}

// Version names this client by its content's hash, as its file's name does; empty if it is not packed.
func (b *Boot) Version() string {
	parts := strings.Split(b.Asset("sealcam.wasm"), ".")
	if len(parts) != 3 {
		return ""
	}
	return parts[1]
}

// Offline reports whether the page was opened without the server, from what the device keeps (static/sw.js).
func (b *Boot) Offline() bool {
	return js.Global().Get("document").Get("body").Get("dataset").Get("offline").Truthy()
}

// Server returns the address of the server as links name it. carried tells that the page comes from a program on this machine, which
// carries the page's connection to that server (sealcam view) and wrote the address into the page's head.
func (b *Boot) Server() (address string, carried bool) {
	meta := js.Global().Get("document").Call("querySelector", `meta[name="sealcam-server"]`)
	if meta.Truthy() {
		if address := meta.Get("content").String(); address != "" {
			return address, true
		}
	}
	return js.Global().Get("location").Get("origin").String(), false
}

// Progress shows what the page waits for.
func (b *Boot) Progress(text, detail string) { b.object.Call("progress", text, -1, detail) }

// Message is what fills the page when there are no pictures to show. Its sentences may be in English still (words.Later).
type Message struct {
	Title, Text string
	Code        string // a command to type, or empty
	More        string // small print, or empty
	Action      string // text of the button that reloads the page; empty for none
	Choices     bool   // with links for devices without cameras: to be a screen, to restore
}

// Message fills the page.
func (b *Boot) Message(m Message) {
	b.object.Call("message", words.Say(m.Title), words.Say(m.Text), m.Code, words.Say(m.More), words.Say(m.Action), m.Choices)
}

// Stop fills the page for good; a display starts again by itself. why is a reason that static/watch.js knows; empty: crash.
func (b *Boot) Stop(title, text, why string) { b.object.Call("stop", title, text, "", why) }

// Reached tells the page that the server answers.
func (b *Boot) Reached() { b.object.Call("reached") }

// Notice shows a sentence beside the cameras until it is closed.
func (b *Boot) Notice(text string) { b.object.Call("notice", text) }

// Offer shows a sentence beside the cameras with a button that closes it and calls f, which must not block.
func (b *Boot) Offer(text, action string, f func()) {
	former := b.offer
	b.offer = js.FuncOf(func(js.Value, []js.Value) any {
		f()
		return nil
	})
	b.object.Call("notice", text, action, b.offer)
	if former.Truthy() {
		former.Release()
	}
}

// Say has a sentence read aloud.
func (b *Boot) Say(text string) { b.object.Call("say", text) }

// Beat tells the watch (static/watch.js) that a part of the page is alive: "frame", when display frames come, and "pictures", unless some
// come and cannot be drawn. A part that has beaten once must go on, or the watch takes it for dead.
func (b *Boot) Beat(part string) { b.watch().Call("beat", part) }

// Rest tells the watch that a part has nothing to do any more; "start" is the loading of the page.
func (b *Boot) Rest(part string) { b.watch().Call("rest", part) }

// Guard has the watch load the page again after so many seconds in which it stands still, and after every failure; 0 ends that.
func (b *Boot) Guard(seconds int) { b.watch().Call("guard", seconds) }

// Restart has the page loaded again by itself and remembers why; it reports false where a person should do it.
func (b *Boot) Restart(why string) bool { return b.watch().Call("restart", why).Bool() }

func (b *Boot) watch() js.Value { return b.object.Get("watch") }
