package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/sealcam/sealcam/static/catalogue"
)

// appManifest is what browsers ask of a page that is installed. It is there once for each language, as app-LANGUAGE.webmanifest; words.js
// links the right one.
const appManifest = "app.webmanifest"

var (
	sentence = regexp.MustCompile(`\{\{\s*say\s+"([^"]*)"\s*\}\}`)
	tongue   = regexp.MustCompile(`\{\{\s*language\s*\}\}`)
)

// readWords returns each language's sentences, from the source folder's folder words; none if there is no such folder.
func readWords(dir string) (map[string]map[string]string, error) {
	dir = filepath.Join(dir, "words")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	all, err := catalogue.Read(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	languages := make(map[string]map[string]string, len(all))
	for language, areas := range all {
		languages[language] = catalogue.Merge(areas)
	}
	return languages, nil
}

// addWords adds a file of sentences for each language, words-LANGUAGE.json, and the app's manifest in each.
func addWords(sources map[string][]byte, languages map[string]map[string]string) error {
	app, isApp := sources[appManifest]
	if isApp {
		sources[appManifest] = speak(app, "en", nil)
	}
	for language, sentences := range languages {
		b, err := marshal(sentences) // sorted by key
		if err != nil {
			return err
		}
		sources["words-"+language+".json"] = b
		if isApp {
			sources[strings.Replace(appManifest, ".", "-"+language+".", 1)] = speak(app, language, sentences)
		}
	}
	return nil
}

// speak fills in what a JSON file says. What a language lacks it says in English, as the page does.
func speak(content []byte, language string, sentences map[string]string) []byte {
	content = sentence.ReplaceAllFunc(content, func(match []byte) []byte {
		text := string(sentence.FindSubmatch(match)[1])
		if translation := sentences[text]; translation != "" {
			text = translation
		}
		b, err := marshal(text)
		if err != nil {
			panic(err) // a string
		}
		return b[1 : len(b)-len("\"\n")]
	})
	return tongue.ReplaceAllLiteral(content, []byte(language))
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
