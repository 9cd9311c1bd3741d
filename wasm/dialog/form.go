//go:build js

package dialog

import (
	"context"
	"errors"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dom"
)

// Form is a view with a form in which something is done that takes time: while it lasts, nothing can be sent again, and what went wrong
// stands above the buttons.
type Form struct {
	*View
	error, busy, confirm dom.Node
	working              bool
}

// NewForm takes a view whose body has the parts "error" and "busy" and the action "confirm".
func NewForm(v *View) *Form {
	return &Form{View: v, error: v.Body.Part("error"), busy: v.Body.Part("busy"), confirm: v.Body.Find(`[type="submit"]`)}
}

// Fail says what is wrong.
func (f *Form) Fail(err error) { f.error.Write(Sentence(err)) }

// Work runs work, saying so, and then done if it succeeded; if it failed the form can be sent again. Work goes on when the view is left,
// without anything more being said.
func (f *Form) Work(saying string, work func(ctx context.Context) error, done func()) {
	if f.working {
		return
	}
	f.begin(saying)
	f.d.Go(work, func(err error) { f.end(err, done) })
}

// WorkHere is Work whose context ends with the view.
func (f *Form) WorkHere(saying string, work func(ctx context.Context) error, done func()) {
	if f.working {
		return
	}
	f.begin(saying)
	f.Go(work, func(err error) { f.end(err, done) })
}

func (f *Form) begin(saying string) {
	f.working = true
	f.error.Write("")
	f.busy.Write(saying)
	f.confirm.Enable(false)
}

func (f *Form) end(err error, done func()) {
	if !f.Alive() {
		return
	}
	f.working = false
	f.busy.Write("")
	f.confirm.Enable(true)
	if err != nil {
		f.Fail(err)
		return
	}
	done()
}

// Sentence says an error as a sentence. An error of the context says nothing that a person needs.
func Sentence(err error) string {
	if err == nil || errors.Is(err, context.Canceled) && err.Error() == context.Canceled.Error() {
		return ""
	}
	return words.Explain(err)
}

// Confirm names the button that sends the form.
func (f *Form) Confirm(text string) { f.confirm.SetText(text) }
