//go:build js

package recovery

import (
	"context"
	"errors"
	"strings"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
)

var errAgent = words.Error("that is neither a recovery address nor an agent's id: copy it from your paper, or from what the agent prints when it starts")

// Restore is what restoring ownership needs.
type Restore struct {
	Dialog *dialog.Dialog
	Agent  identity.AgentID // of the link that was opened; zero: to be typed
	// Do makes this device an owner again, and removes all others if asked.
	Do   func(ctx context.Context, agent identity.AgentID, root identity.RootKey, removeOthers bool) error
	Done func() // called, under the dialog's lock, when it is one and the dialog is closed
}

// Show opens the form. The dialog's lock must be held.
func (r Restore) Show() {
	v := r.Dialog.Push(words.Say("Restore with 24 words"), dom.Clone("view-restore"))
	f := dialog.NewForm(v)
	v.Body.Part("agent").Show(r.Agent == identity.AgentID{})
	v.OnSubmit(func() {
		agent, err := r.Agent, error(nil)
		if agent == (identity.AgentID{}) {
			agent, err = ParseAgent(v.Body.Field("agent").Content())
		}
		if err != nil {
			f.Fail(err)
			return
		}
		root, err := identity.ParsePhrase(v.Body.Field("words").Content())
		var word *identity.PhraseWordError
		if errors.As(err, &word) {
			err = errors.New(words.Sayf("Word %d is not a word of any recovery phrase; check its spelling.", word.Number))
		}
		if err != nil {
			f.Fail(err)
			return
		}
		others := v.Body.Field("revoke").Checked()
		f.WorkHere(words.Say("Restoring. The agent has to be connected"), func(ctx context.Context) error {
			return r.Do(ctx, agent, root, others)
		}, func() {
			r.Dialog.Close()
			r.Done()
		})
	})
}

// ParseAgent reads what names an agent: the address of the restoration form, its fragment, or the id itself.
func ParseAgent(text string) (identity.AgentID, error) {
	text = strings.TrimSpace(text)
	if id, err := identity.ParseAgentID(text); err == nil {
		return id, nil
	} else if errors.Is(err, identity.ErrChecksum) {
		return id, err
	}
	_, fragment, found := strings.Cut(text, "#")
	if !found {
		fragment = text
	}
	id, err := pairing.ParseRecover(fragment)
	if errors.Is(err, pairing.ErrNoLink) {
		err = errAgent
	}
	return id, err
}
