//go:build js

package recovery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
	"github.com/sealcam/sealcam/wasm/recovery"
)

func open(t *testing.T) *dialog.Dialog {
	t.Helper()
	domtest.Load(t)
	d := dialog.New()
	t.Cleanup(d.Release)
	return d
}

func root(t *testing.T) identity.RootKey {
	t.Helper()
	key, err := identity.RootFromSeed(bytes.Repeat([]byte{5}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func agentID(t *testing.T) identity.AgentID {
	t.Helper()
	key, err := identity.AgentFromSeed(bytes.Repeat([]byte{6}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key.Public().ID()
}

func panel() dom.Node { return dom.ByID("panel-body") }

func title() string { return dom.ByID("panel-title").Get("textContent").String() }

func says(t *testing.T, words string) {
	t.Helper()
	domtest.WaitFor(t, "the dialog says "+words, func() bool { return strings.Contains(panel().Get("textContent").String(), words) })
}

// The words are those of the key, in order; the key goes when three of them were right, and not before.
func TestPhrase(t *testing.T) {
	d, key := open(t), root(t)
	forgotten, done := 0, make(chan struct{})
	d.Do(recovery.Phrase{
		Dialog: d, Link: "https://cams.example/#recover=v1.x",
		Root:   func(context.Context) (identity.RootKey, bool, error) { return key, true, nil },
		Forget: func(context.Context) error { forgotten++; return nil },
		Done:   func() { close(done) },
	}.Show)
	domtest.WaitFor(t, "24 words", func() bool { return len(panel().All(".words li")) == identity.PhraseWords })
	var words []string
	for _, li := range panel().All(".words li") {
		words = append(words, li.Get("textContent").String())
	}
	if strings.Join(words, " ") != key.Phrase() {
		t.Error("other words are shown than the key's")
	}
	panel().Action("written").Call("click")
	inputs := panel().All("input")
	if len(inputs) != 3 {
		t.Fatalf("asked for %d words", len(inputs))
	}
	fill := func(wrong int) {
		for i, input := range inputs {
			var number int
			if _, err := fmt.Sscanf(input.Get("name").String(), "word-%d", &number); err != nil {
				t.Fatal(err)
			}
			word := words[number-1]
			if i == wrong {
				word = words[number%len(words)]
			}
			input.SetContent(word)
		}
		domtest.Submit(panel().Find("form"))
	}
	for wrong := range inputs {
		fill(wrong)
		says(t, "is another one")
		if forgotten != 0 {
			t.Fatal("the key went though a word was wrong")
		}
	}
	fill(-1)
	<-done
	says(t, "on your paper only")
	if forgotten != 1 {
		t.Errorf("the key was removed %d times", forgotten)
	}
}

func TestPhraseIsGone(t *testing.T) {
	d := open(t)
	d.Do(recovery.Phrase{Dialog: d, Root: func(context.Context) (identity.RootKey, bool, error) { return identity.RootKey{}, false, nil }}.Show)
	says(t, "no longer in this browser")
	if !panel().Action("written").Get("disabled").Bool() {
		t.Error("what is not there can be checked")
	}
}

func TestRestore(t *testing.T) {
	d, key, agent := open(t), root(t), agentID(t)
	type call struct {
		agent  identity.AgentID
		root   identity.RootPublic
		others bool
	}
	var calls []call
	answer := errors.New("viewer: the agent does not answer")
	done := make(chan struct{})
	d.Do(recovery.Restore{
		Dialog: d,
		Do: func(_ context.Context, agent identity.AgentID, root identity.RootKey, others bool) error {
			calls = append(calls, call{agent, root.Public(), others})
			return answer
		},
		Done: func() { close(done) },
	}.Show)
	submit := func(agent, words string) {
		panel().Field("agent").SetContent(agent)
		panel().Field("words").SetContent(words)
		domtest.Submit(panel().Find("form"))
	}
	link := pairing.RecoverLink{Server: "https://cams.example", Agent: agent}.String()
	submit("", key.Phrase())
	says(t, "neither a recovery address nor")
	submit(link[:len(link)-1], key.Phrase())
	says(t, "incomplete or mistyped")
	submit(link, "zoo zoo")
	says(t, "24 words")
	if len(calls) != 0 {
		t.Fatal("restoring began without the words")
	}
	submit(link, strings.ToUpper(strings.ReplaceAll(key.Phrase(), " ", "\n")))
	says(t, "The agent does not answer.")
	answer = nil
	panel().Field("revoke").SetChecked(true)
	submit(agent.String(), key.Phrase())
	<-done
	want := []call{{agent, key.Public(), false}, {agent, key.Public(), true}}
	if len(calls) != 2 || calls[0] != want[0] || calls[1] != want[1] {
		t.Errorf("called with %v, want %v", calls, want)
	}
	if dom.ByID("panel").Get("open").Bool() {
		t.Errorf("the dialog stays open: %s", title())
	}
}

func TestParseAgent(t *testing.T) {
	agent := agentID(t)
	for text, want := range map[string]bool{
		agent.String():                                          true,
		"  " + agent.String() + "\n":                            true,
		"recover=v1." + agent.String():                          true,
		"#recover=v1." + agent.String():                         true,
		"http://192.168.0.4:8080/#recover=v1." + agent.String(): true,
		"": false, "sca1": false, agent.String()[:30]: false, "https://cams.example/": false,
		"https://cams.example/#claim=v1." + agent.String():   false,
		"https://cams.example/#recover=v2." + agent.String(): false,
	} {
		got, err := recovery.ParseAgent(text)
		if (err == nil) != want || want && got != agent {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}
