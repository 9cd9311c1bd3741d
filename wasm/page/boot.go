//go:build js

package page

import "syscall/js"

// Boot is boot.js's half of the page: the sheet, the notice, and the claim link that it took out of the address.
type Boot struct {
	object  js.Value
	onClaim js.Func
}

// NewBoot finds boot.js's object.
func NewBoot() *Boot { return &Boot{object: js.Global().Get("sealcam").Get("boot")} }

// TakeClaim returns the fragment of the claim link that opened the page, once; empty if there was none.
func (b *Boot) TakeClaim() string { return b.object.Call("takeClaim").String() }

// OnClaim calls f when another claim link is opened in this tab. f must not block.
func (b *Boot) OnClaim(f func()) {
	b.onClaim = js.FuncOf(func(js.Value, []js.Value) any {
		f()
		return nil
	})
	b.object.Call("onClaim", b.onClaim)
}

// Asset returns the address of a file of the client.
func (b *Boot) Asset(name string) string {
	asset := b.object.Get("assets").Get(name)
	if !asset.Truthy() {
		return name
	}
	return asset.Get("url").String()
}

// Progress shows what the page waits for.
func (b *Boot) Progress(text, detail string) { b.object.Call("progress", text, -1, detail) }

// Message is what fills the page when there are no pictures to show.
type Message struct {
	Title, Text string
	Code        string // a command to type, or empty
	More        string // small print, or empty
	Action      string // text of the button that reloads the page; empty for none
}

// Message fills the page.
func (b *Boot) Message(m Message) {
	b.object.Call("message", m.Title, m.Text, m.Code, m.More, m.Action)
}

// Stop fills the page for good.
func (b *Boot) Stop(title, text string) { b.object.Call("stop", title, text, "") }

// Notice shows a sentence beside the cameras until it is closed.
func (b *Boot) Notice(text string) { b.object.Call("notice", text) }

// Say has a sentence read aloud.
func (b *Boot) Say(text string) { b.object.Call("say", text) }
