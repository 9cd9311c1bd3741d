//go:build js

package help_test

import (
	"testing"

	"github.com/sealcam/sealcam/viewer/shortcut"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/dom/domtest"
	"github.com/sealcam/sealcam/wasm/help"
)

func TestSheetNamesTheKeysThatWork(t *testing.T) {
	domtest.Load(t)
	d := dialog.New()
	t.Cleanup(d.Release)
	defer words.Use(words.Catalogue{})
	words.Use(words.Catalogue{Language: "de", Sentences: map[string]string{"Keys": "Tasten", "Save the picture": "Bild speichern"}})
	d.Do(func() {
		help.Show(d, func(a shortcut.Action) bool { return a == shortcut.Snapshot || a == shortcut.Help })
	})
	rows := dom.ByID("panel").All("dt")
	if len(rows) != 2 || rows[0].Get("textContent").String() != "S" || rows[1].Get("textContent").String() != "?" {
		t.Errorf("%d keys", len(rows))
	}
	if got := dom.ByID("panel").Find("dd").Get("textContent").String(); got != "Bild speichern" {
		t.Errorf("the first is said to do %q", got)
	}
	if got := dom.ByID("panel-title").Get("textContent").String(); got != "Tasten" {
		t.Errorf("the title is %q", got)
	}
}
