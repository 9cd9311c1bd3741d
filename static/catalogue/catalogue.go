package catalogue

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Languages are those that the page speaks besides English, as BCP 47 tags and as their folders are called. Keep them in step with
// static/words.js.
var Languages = []string{"de", "fr", "zh-Hans", "zh-Hant"}

// Area is one file of a language.
type Area struct {
	Name      string // the file's, without .json
	Sentences map[string]string
}

// Read returns the areas of each language, sorted by name, from a folder whose own folders are the languages. A folder that is no language
// of the page is an error, and so is a language without a folder.
func Read(dir fs.FS) (map[string][]Area, error) {
	folders, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	all := make(map[string][]Area, len(Languages))
	for _, f := range folders {
		if !f.IsDir() {
			continue
		}
		if !slices.Contains(Languages, f.Name()) {
			return nil, fmt.Errorf("%s: no language of the page", f.Name())
		}
		if all[f.Name()], err = readLanguage(dir, f.Name()); err != nil {
			return nil, err
		}
	}
	for _, language := range Languages {
		if _, ok := all[language]; !ok {
			return nil, fmt.Errorf("%s: there is no such folder", language)
		}
	}
	return all, nil
}

func readLanguage(dir fs.FS, language string) ([]Area, error) {
	files, err := fs.Glob(dir, path.Join(language, "*.json")) // sorted
	if err != nil {
		return nil, err
	}
	areas := make([]Area, 0, len(files))
	for _, name := range files {
		content, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		sentences, err := parse(content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		areas = append(areas, Area{strings.TrimSuffix(path.Base(name), ".json"), sentences})
	}
	return areas, nil
}

// parse reads an object of strings. encoding/json lets the last of two equal keys win; here they are an error.
func parse(content []byte) (map[string]string, error) {
	sentences := map[string]string{}
	if err := json.Unmarshal(content, &sentences); err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(string(content)))
	seen := map[string]bool{}
	for key := true; ; key = !key {
		token, err := d.Token()
		if err != nil {
			return sentences, nil // the end: the object was read before
		}
		text, ok := token.(string)
		if !ok { // a brace
			key = !key
			continue
		}
		if key && seen[text] {
			return nil, fmt.Errorf("%q stands there twice", text)
		}
		if key {
			seen[text] = true
		} else if text == "" {
			return nil, errors.New("an empty translation")
		}
	}
}

// Merge makes one catalogue of a language's areas. Where two areas say the same sentence in different ways, the first counts; a test
// finds it.
func Merge(areas []Area) map[string]string {
	all := map[string]string{}
	for _, a := range slices.Backward(areas) {
		maps.Copy(all, a.Sentences)
	}
	return all
}
