package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sealcam/sealcam/static/catalogue"
)

// readWords makes one file for each language of the sentences in the source folder's folder words: words-LANGUAGE.json. It returns none
// if there is no such folder.
func readWords(dir string) (map[string][]byte, error) {
	dir = filepath.Join(dir, "words")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	all, err := catalogue.Read(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	files := make(map[string][]byte, len(all))
	for language, areas := range all {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(catalogue.Merge(areas)); err != nil { // sorted by key
			return nil, err
		}
		files["words-"+language+".json"] = b.Bytes()
	}
	return files, nil
}
