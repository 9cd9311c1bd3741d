package sentences

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// spoken is a call of words.js's t with a literal as its first argument.
var spoken = regexp.MustCompile(`\bt\(\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")`)

// InScripts returns the sentences that the scripts in a folder pass to t.
func InScripts(dir string) ([]Sentence, error) {
	var found []Sentence
	err := eachScript(dir, func(name, script string) {
		for _, m := range spoken.FindAllStringSubmatchIndex(script, -1) {
			text := unescape.Replace(script[m[2]+1 : m[3]-1])
			line := 1 + strings.Count(script[:m[0]], "\n")
			found = append(found, Sentence{text, strings.Contains(text, "%"), fmt.Sprintf("%s:%d", name, line)})
		}
	})
	return found, err
}

// packed is a sentence that package static/pack fills in.
var packed = regexp.MustCompile(`\{\{\s*say\s+"([^"]*)"\s*\}\}`)

// InManifest returns the sentences of the app's manifest.
func InManifest(file string) ([]Sentence, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found []Sentence
	for _, m := range packed.FindAllSubmatch(content, -1) {
		found = append(found, Sentence{string(m[1]), false, file})
	}
	return found, nil
}

var unescape = strings.NewReplacer(`\'`, `'`, `\"`, `"`, `\\`, `\`)

// eachScript calls f with each script in a folder.
func eachScript(dir string, f func(name, script string)) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.js"))
	if err != nil {
		return err
	}
	for _, name := range names {
		script, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f(name, string(script))
	}
	return nil
}
