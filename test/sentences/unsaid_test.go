package sentences_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/sealcam/sealcam/test/sentences"
)

// unread are texts that look like sentences and that no person at the page reads.
var unread = []string{}

// TestNothingIsUnsaid finds sentences that would stay English in every language. Say them with words.Say or t, or give the reason in unread.
func TestNothingIsUnsaid(t *testing.T) {
	var found []sentences.Sentence
	add := func(list []sentences.Sentence, err error) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, list...)
	}
	for _, dir := range []string{"viewer", "wasm"} {
		add(sentences.UnsaidInGo(filepath.Join(root, dir)))
	}
	add(sentences.UnsaidInScripts(filepath.Join(root, "static")))
	for _, s := range found {
		if !slices.Contains(unread, s.Text) {
			t.Errorf("%s: %q", s.Where, s.Text)
		}
	}
	for _, text := range unread {
		if !slices.ContainsFunc(found, func(s sentences.Sentence) bool { return s.Text == text }) {
			t.Errorf("nobody writes %q any more", text)
		}
	}
}

func TestUnsaidInGo(t *testing.T) {
	dir := write(t, "a.go", `package a
var a = words.Later("This one is said.")
func f() {
	log.Warn("This one is logged.")
	panic("This one ends all.")
	show("This one is unsaid.", words.Sayf("This one has %s.", "no More than two"), "Two words", "lower case and more", errors.New("Not This One"))
	show("“Quoted ones are” too")
}`)
	list, err := sentences.UnsaidInGo(dir)
	same(t, texts(t, list, err), "This one is unsaid.", "“Quoted ones are” too")
}

func TestUnsaidInScripts(t *testing.T) {
	dir := write(t, "a.js", "// 'This one is a comment.'\nconst a = t('This one is said.') + 'This one is not.' + `Nor is this one`; // \"Another comment there\"\n"+
		"throw new Error('This one is an error'); set(\n  'And this one not');")
	list, err := sentences.UnsaidInScripts(dir)
	same(t, texts(t, list, err), "And this one not", "Nor is this one", "This one is not.")
}
