package sentences_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sealcam/sealcam/test/sentences"
)

func write(t *testing.T, name, content string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func texts(t *testing.T, list []sentences.Sentence, err error) (found []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if s.Where == "" {
			t.Errorf("%q stands nowhere", s.Text)
		}
		found = append(found, s.Text)
	}
	slices.Sort(found)
	return found
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

func TestInGo(t *testing.T) {
	dir := write(t, "a.go", "package a\n"+`
var x = words.Later("later" + " on")
func f(n int) string {
	_ = words.Say(x) + other.Say("not ours") + words.Sayf(("%d of %s"), n, words.Say("inner")) + words.Say(`+"`raw “text”`"+`)
	return words.Sayn(n, "one", "many", n)
}
var errA, advice = words.Error("pkg: it failed"), status{Advice: "Mend it.", Other: "no"}`)
	list, err := sentences.InGo(dir)
	same(t, texts(t, list, err), "%d of %s", "It failed.", "Mend it.", "inner", "later on", "many", "one", "raw “text”")
}

func TestInManifest(t *testing.T) {
	dir := write(t, "a.webmanifest", `{"name": "{{say "Cameras"}}", "url": "{{asset "a.png"}}", "x": "{{ say "Who may watch" }}"}`)
	list, err := sentences.InManifest(filepath.Join(dir, "a.webmanifest"))
	same(t, texts(t, list, err), "Cameras", "Who may watch")
}

func TestInScripts(t *testing.T) {
	dir := write(t, "a.js", `const x = t('It’s \'so\'', 1) + set('no') + t(
		"say \"%s\"") + t(variable) + words.t('member');`)
	list, err := sentences.InScripts(dir)
	same(t, texts(t, list, err), "It’s 'so'", "member", `say "%s"`)
}

func TestInPage(t *testing.T) {
	dir := write(t, "a.html", `<title>A title</title><script>"no"</script><noscript><p>no</p></noscript>
<p>Open <b>Devices</b>,
   then <i></i>.</p><p><b>One</b><small>Two</small> 1.</p><svg><text>no</text></svg>
<template><button title="Close it" aria-label="24">×</button><input placeholder="Yours"><label><input type="checkbox"><span>All</span></label></template>
<select><option translate="no">Deutsch</option><option>Other</option></select>`)
	list, err := sentences.InPage(filepath.Join(dir, "a.html"))
	same(t, texts(t, list, err), "A title", "All", "Close it", "One", "Open <b>Devices</b>, then <i></i>.", "Other", "Two", "Yours")
}

func TestVerbs(t *testing.T) {
	same(t, sentences.Verbs("%d of %s, 100 %%"), "1d", "2s")
	same(t, sentences.Verbs("%[2]s: %[1]d"), "1d", "2s")
	same(t, sentences.Verbs("%.1f"), "1.1f")
	same(t, sentences.Verbs("none"))
}
