//go:build e2e

package axe_test

import (
	"net/url"
	"slices"
	"testing"

	"github.com/sealcam/sealcam/test/axe"
	"github.com/sealcam/sealcam/test/browser"
)

// TestFindsWhatIsWrong gives axe a page with known faults, and one without.
func TestFindsWhatIsWrong(t *testing.T) {
	b := browser.Start(t)
	check := func(body string) (rules []string) {
		p := b.NewPage()
		p.Open("data:text/html," + url.PathEscape(`<!doctype html><html lang="en"><title>Page</title><main><h1>Title</h1>`+body+`</main></html>`))
		found, err := axe.Check(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range found {
			if len(v.Places) == 0 || v.String() == "" {
				t.Errorf("%+v", v)
			}
			rules = append(rules, v.Rule)
		}
		slices.Sort(rules)
		return rules
	}
	if rules := check(`<p>Text</p><button>Close</button><label>Name <input></label>`); len(rules) > 0 {
		t.Errorf("a sound page breaks %q", rules)
	}
	want := []string{"aria-required-parent", "button-name", "color-contrast", "image-alt", "label"}
	got := check(`<p style="color: #aaa; background: #fff">Faint</p><button></button><img src="data:,"><input><div role="option">lost</div>`)
	if !slices.Equal(got, want) {
		t.Errorf("a faulty page breaks %q, want %q", got, want)
	}
}
