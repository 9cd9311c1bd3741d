package sentences_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/static/catalogue"
	"github.com/sealcam/sealcam/test/sentences"
)

const root = "../.."

// all returns every sentence that the page says, by its text.
func all(t *testing.T) map[string]sentences.Sentence {
	t.Helper()
	found := map[string]sentences.Sentence{}
	add := func(list []sentences.Sentence, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			found[s.Text] = s
		}
	}
	for _, dir := range []string{"viewer", "wasm", "camera"} {
		add(sentences.InGo(filepath.Join(root, dir)))
	}
	add(sentences.InScripts(filepath.Join(root, "static")))
	add(sentences.InManifest(filepath.Join(root, "static", "app.webmanifest")))
	add(sentences.InPage(filepath.Join(root, "static", "index.html")))
	add(sentences.Elsewhere(), nil)
	if len(found) < 10 {
		t.Fatalf("only %d sentences were found", len(found))
	}
	return found
}

func catalogues(t *testing.T) map[string][]catalogue.Area {
	t.Helper()
	languages, err := catalogue.Read(os.DirFS(filepath.Join(root, "static", "words")))
	if err != nil {
		t.Fatal(err)
	}
	return languages
}

// TestNothingIsMissing prints what is missing so that it can be pasted into static/words/LANGUAGE/AREA.json.
func TestNothingIsMissing(t *testing.T) {
	found := all(t)
	for language, areas := range catalogues(t) {
		known := catalogue.Merge(areas)
		missing := map[string]string{}
		for text, s := range found {
			if known[text] == "" {
				missing[text] = s.Where
			}
		}
		if len(missing) > 0 {
			t.Errorf("%d sentences are missing in static/words/%s (here with their places):\n%s", len(missing), language, pretty(missing))
		}
	}
}

func pretty(m map[string]string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		panic(err) // a map of strings
	}
	return b.String()
}

func TestNothingIsLeftOver(t *testing.T) {
	found := all(t)
	for language, areas := range catalogues(t) {
		for _, a := range areas {
			for text := range a.Sentences {
				if _, ok := found[text]; !ok {
					t.Errorf("static/words/%s/%s.json: nobody says %q", language, a.Name, text)
				}
			}
		}
	}
}

func TestAreasAgree(t *testing.T) {
	for language, areas := range catalogues(t) {
		first := map[string]catalogue.Area{}
		for _, a := range areas {
			for text, translation := range a.Sentences {
				if other, ok := first[text]; ok && other.Sentences[text] != translation {
					t.Errorf("%s: %q is %q in %s.json, and %q in %s.json", language, text, other.Sentences[text], other.Name, translation, a.Name)
				} else if !ok {
					first[text] = a
				}
			}
		}
	}
}

// TestElements holds the translations of sentences with elements in them to the same elements.
func TestElements(t *testing.T) {
	element := regexp.MustCompile(`<([a-z0-9]+)>`)
	names := func(text string) (list []string) {
		for _, m := range element.FindAllStringSubmatch(text, -1) {
			list = append(list, m[1])
		}
		slices.Sort(list)
		return list
	}
	for language, areas := range catalogues(t) {
		for text, translation := range catalogue.Merge(areas) {
			if !slices.Equal(names(text), names(translation)) {
				t.Errorf("%s: %q has other elements than %q", language, translation, text)
			}
		}
	}
}

// TestArguments holds the translations to the arguments of the English sentences: the same ones, by their numbers.
func TestArguments(t *testing.T) {
	found := all(t)
	for language, areas := range catalogues(t) {
		for text, translation := range catalogue.Merge(areas) {
			want, got := sentences.Verbs(text), sentences.Verbs(translation)
			if found[text].Format && !slices.Equal(want, got) {
				t.Errorf("%s: %q takes %v, its translation %q takes %v", language, text, want, translation, got)
			}
		}
	}
}
