package static

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"
)

// TestClientIsWhole holds the packed page, if there is one, to its own manifest.
func TestClientIsWhole(t *testing.T) {
	files := Client()
	if _, err := fs.Stat(files, ".keep"); err != nil {
		t.Error(err) // without it a fresh clone does not build
	}
	index, err := fs.ReadFile(files, "index.html")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the page was not packed: ./build.sh run")
	}
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(index), `id="assets">`)
	block, _, _ = strings.Cut(block, "</script>")
	var assets map[string]struct {
		URL   string
		Bytes int64
	}
	if err := json.Unmarshal([]byte(block), &assets); err != nil {
		t.Fatal(err)
	}
	for name, a := range assets {
		info, err := fs.Stat(files, strings.TrimPrefix(a.URL, "/"))
		if err != nil || info.Size() != a.Bytes {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}
