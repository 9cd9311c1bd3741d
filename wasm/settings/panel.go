//go:build js

package settings

import (
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
)

// Section is a part of the panel.
type Section struct {
	// Fill makes the section's element each time the panel is opened. Listeners belong to v, which is left when the panel is closed. It
	// runs under the dialog's lock. A node without a value leaves the section out.
	Fill func(v *dialog.View) dom.Node
}

// Panel is the view.
type Panel struct {
	Dialog   *dialog.Dialog
	Sections []Section // in the order in which they are shown

	view *dialog.View
}

// Open opens the panel. The dialog's lock must be held.
func (p *Panel) Open() {
	if p.view != nil && p.view.Alive() {
		return
	}
	v := p.Dialog.Push(words.Say("Settings"), dom.Clone("view-settings"))
	p.view = v
	for _, s := range p.Sections {
		if n := s.Fill(v); n.Truthy() {
			v.Body.Part("sections").Add(n)
		}
	}
}

// note says below the sections what came of a choice.
func note(v *dialog.View, text string) { v.Body.Part("note").Write(text) }
