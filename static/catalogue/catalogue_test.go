package catalogue_test

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sealcam/sealcam/static/catalogue"
)

func files(change map[string]string) fstest.MapFS {
	dir := fstest.MapFS{}
	for name, content := range map[string]string{
		"de/page.json": `{"Close": "Schließen", "Open": "Öffnen"}`, "de/agent.json": `{"Close": "Zu", "%d of %s": "%[2]s: %[1]d"}`,
		"fr/page.json": `{}`, "zh-Hant/page.json": `{"Close": "關閉"}`, "zh-Hans/page.json": `{"Close": "关闭"}`, "README.md": "",
	} {
		dir[name] = &fstest.MapFile{Data: []byte(content)}
	}
	for name, content := range change {
		dir[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return dir
}

func TestRead(t *testing.T) {
	all, err := catalogue.Read(files(nil))
	if err != nil {
		t.Fatal(err)
	}
	if de := all["de"]; len(all) != 4 || len(de) != 2 || de[0].Name != "agent" || de[1].Name != "page" {
		t.Errorf("%+v", all)
	}
	want := map[string]string{"Close": "Zu", "Open": "Öffnen", "%d of %s": "%[2]s: %[1]d"}
	if got := catalogue.Merge(all["de"]); !maps.Equal(got, want) {
		t.Errorf("merged: %v", got)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, content, says string }{
		"a language of nobody":  {"tlh/page.json", `{}`, "tlh: no language"},
		"what is no object":     {"de/more.json", `["Close"]`, "de/more.json"},
		"what is no text":       {"de/more.json", `{"Close": 1}`, "de/more.json"},
		"half a file":           {"de/more.json", `{"Close": "Zu"`, "de/more.json"},
		"a sentence twice":      {"de/more.json", `{"Close": "Zu", "Close": "Schließen"}`, `"Close" stands there twice`},
		"a translation that is": {"de/more.json", `{"Close": ""}`, "an empty translation"},
	} {
		if _, err := catalogue.Read(files(map[string]string{c.file: c.content})); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	short := files(nil)
	delete(short, "fr/page.json")
	if _, err := catalogue.Read(short); err == nil || !strings.Contains(err.Error(), "fr: there is no such folder") {
		t.Errorf("a language is missing: %v", err)
	}
	// A key that is the text of another value is none.
	if _, err := catalogue.Read(files(map[string]string{"de/more.json": `{"OK": "Zu", "Zu": "OK"}`})); err != nil {
		t.Error(err)
	}
}
