//go:build js

package locale_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/locale"
)

// Wall clocks are those of the times' own zones, which the browser need not know.
func TestFormats(t *testing.T) {
	defer words.Use(words.Catalogue{})
	zone := time.FixedZone("", 5*3600+1800)
	at := time.Date(2026, 3, 4, 15, 6, 7, 0, zone)
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		language, today             string
		date, clock, day, year, all string
	}{
		{"", "", "Mar 4, 2026", "3:06 PM", "today, 3:06 PM", "March 4 at 3:06 PM", "March 4, 2026 at 3:06 PM"},
		{"de", "heute, %s", "4. März 2026", "15:06", "heute, 15:06", "4. März um 15:06", "4. März 2026 um 15:06"},
		{"fr", "aujourd’hui, %s", "4 mars 2026", "15:06", "aujourd’hui, 15:06", "4 mars à 15:06", "4 mars 2026 à 15:06"},
		{"zh-Hant", "今天 %s", "2026年3月4日", "下午3:06", "今天 下午3:06", "3月4日 下午3:06", "2026年3月4日 下午3:06"},
		{"zh-Hans", "今天 %s", "2026年3月4日", "15:06", "今天 15:06", "3月4日 15:06", "2026年3月4日 15:06"},
	} {
		words.Use(words.Catalogue{Language: c.language, Sentences: map[string]string{"today, %s": c.today}})
		for _, f := range []struct{ got, want string }{
			{locale.Date(at), c.date},
			{locale.Time(at), c.clock},
			{locale.Moment(at, now), c.day},
			{locale.Moment(at, now.AddDate(0, 0, 1)), c.year},
			{locale.Moment(at, now.AddDate(1, 0, 0)), c.all},
			{locale.Moment(at, time.Time{}), c.all},
		} {
			// CLDR has several kinds of space.
			if got := strings.Join(strings.Fields(f.got), " "); got != f.want {
				t.Errorf("%q: %q, want %q", c.language, got, f.want)
			}
		}
	}
}
