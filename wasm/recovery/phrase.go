//go:build js

// Package recovery shows the 24 words of the recovery phrase and asks for three of them, and restores ownership with all of them.
package recovery

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"syscall/js"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
)

// asked is how many words are asked for, of 24: who guesses one of them has no chance, and who has written them down no trouble.
const asked = 3

// Phrase is what showing a recovery phrase needs.
type Phrase struct {
	Dialog *dialog.Dialog
	Link   string // where the words are typed
	// Root returns the root key as long as it is stored, and Forget removes it for good.
	Root   func(ctx context.Context) (key identity.RootKey, ok bool, err error)
	Forget func(ctx context.Context) error
	Done   func() // called, under the dialog's lock, when the words were checked and the key is gone
}

// Show opens the view with the words. The dialog's lock must be held.
func (p Phrase) Show() {
	v := p.Dialog.Push(words.Say("Recovery phrase"), dom.Clone("view-words"))
	v.Body.Field("link").SetContent(p.Link)
	v.OnClick(v.Body.Field("link"), func() { v.Body.Field("link").Call("select") })
	v.OnClick(v.Body.Action("later"), v.Leave)
	v.OnClick(v.Body.Action("print"), func() { js.Global().Call("print") })
	written := v.Body.Action("written")
	written.Enable(false)
	var phrase []string
	v.OnClick(written, func() { p.check(v, phrase) })
	v.Go(func(ctx context.Context) error {
		key, ok, err := p.Root(ctx)
		if err == nil && !ok {
			err = words.Error("the words were checked before and are no longer in this browser")
		}
		if err == nil {
			phrase = strings.Fields(key.Phrase())
		}
		return err
	}, func(err error) {
		list := v.Body.Part("words")
		if err != nil {
			list.Add(item(dialog.Sentence(err)))
			return
		}
		for _, w := range phrase {
			list.Add(item(w))
		}
		written.Enable(true)
	})
}

func item(text string) dom.Node {
	li := dom.Make("li")
	li.SetText(text)
	return li
}

// check asks for some of the words.
func (p Phrase) check(shown *dialog.View, phrase []string) {
	v := p.Dialog.Push(words.Say("Check your paper"), dom.Clone("view-check"))
	f := dialog.NewForm(v)
	numbers := choose(len(phrase), asked)
	var fields []dom.Node
	for _, n := range numbers {
		label, caption, input := dom.Make("label"), dom.Make("span"), dom.Make("input")
		label.Set("className", "field")
		caption.SetText(words.Sayf("Word %d", n+1))
		for name, value := range map[string]string{
			"type": "text", "name": fmt.Sprintf("word-%d", n+1), "autocomplete": "off", "autocapitalize": "none", "autocorrect": "off", "spellcheck": "false",
		} {
			input.SetAttr(name, value)
		}
		label.Add(caption, input)
		v.Body.Part("questions").Add(label)
		fields = append(fields, input)
	}
	v.OnSubmit(func() {
		for i, n := range numbers {
			if !strings.EqualFold(strings.TrimSpace(fields[i].Content()), phrase[n]) {
				f.Fail(errors.New(words.Sayf("Word %d is another one: look at your paper again, or go back and compare it with the words.", n+1)))
				fields[i].Focus()
				return
			}
		}
		f.Work(words.Say("Removing the key from this browser"), p.Forget, func() {
			shown.Leave()
			p.finish()
		})
	})
	fields[0].Focus()
}

func (p Phrase) finish() {
	v := p.Dialog.Push(words.Say("Recovery phrase"), dom.Clone("view-done"))
	v.Body.Part("text").SetText(words.Say("Right. The words are now on your paper only. Keep it safe: nobody can make them again."))
	v.OnClick(v.Body.Action("done"), v.Leave)
	p.Done()
}

// choose returns some different numbers below n, ascending.
func choose(n, some int) []int {
	var numbers []int
	for len(numbers) < min(some, n) {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
		if err != nil {
			panic(err) // crypto/rand never fails
		}
		if number := int(i.Int64()); !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers
}
