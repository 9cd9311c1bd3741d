package stylesheet_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sealcam/sealcam/static/stylesheet"
)

func files(pairs ...string) fstest.MapFS {
	f := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return f
}

func TestRead(t *testing.T) {
	got, err := stylesheet.Read(files(
		"app.css", "/* All. */\n@import \"style/b.css\";\n@import \"style/a.css\";\np { }\n",
		"style/a.css", "a { }\n", "style/b.css", "b { }\n"))
	if want := "/* All. */\nb { }\na { }\np { }\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := stylesheet.Read(files("app.css", "p { }")); err != nil || string(got) != "p { }" {
		t.Errorf("without parts: %q, %v", got, err)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, f := range map[string]fstest.MapFS{
		"no style sheet":            files("style/a.css", "a { }\n"),
		"a part that is missing":    files("app.css", "@import \"style/a.css\";\n"),
		"a part twice":              files("app.css", "@import \"style/a.css\";\n@import \"style/a.css\";\n", "style/a.css", "a { }\n"),
		"a part that nobody names":  files("app.css", "p { }\n", "style/a.css", "a { }\n"),
		"a file from elsewhere":     files("app.css", "@import \"other.css\";\n", "other.css", "a { }\n"),
		"an import in a part":       files("app.css", "@import \"style/a.css\";\n", "style/a.css", "@import \"b.css\";\n"),
		"an import of another form": files("app.css", "p { } @import url(style/a.css);\n"),
	} {
		if got, err := stylesheet.Read(f); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// The product's own sheet is whole, and each palette colour of it stands there once.
func TestProduct(t *testing.T) {
	sheet, err := stylesheet.Read(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	if open, closed := strings.Count(string(sheet), "{"), strings.Count(string(sheet), "}"); open != closed || open < 300 {
		t.Errorf("%d braces open, %d close", open, closed)
	}
	for _, name := range []string{"--ground", "--text", "--live", "--danger", "--tile"} {
		if n := strings.Count(string(sheet), "  "+name+": "); n != 1 {
			t.Errorf("%s is set %d times", name, n)
		}
	}
}
