//go:build js

package page

import (
	"testing"
	"time"

	"github.com/sealcam/sealcam/viewer/words"
)

func TestAge(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0.0 s"},
		{149 * time.Millisecond, "0.1 s"},
		{2 * time.Second, "2.0 s"},
		{9940 * time.Millisecond, "9.9 s"},
		{9999 * time.Millisecond, "9.9 s"},
		{41 * time.Second, "41 s"},
		{119 * time.Second, "119 s"},
		{2 * time.Minute, "2 min"},
		{119 * time.Minute, "119 min"},
		{5 * time.Hour, "5 h"},
		{49 * time.Hour, "2 days"},
		{-time.Second, ""},
	} {
		if got := age(c.d); got != c.want {
			t.Errorf("%v: %q, want %q", c.d, got, c.want)
		}
	}
}

func TestClock(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	for _, c := range []struct {
		t, now time.Time
		want   string
	}{
		{time.Time{}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), ""},
		{time.Date(2026, 3, 4, 15, 6, 7, 0, zone), time.Date(2026, 3, 4, 22, 0, 0, 0, time.UTC), "15:06:07 CET"},
		// Here it is still yesterday, there it is today.
		{time.Date(2026, 3, 4, 0, 6, 7, 0, zone), time.Date(2026, 3, 3, 23, 6, 0, 0, time.UTC), "00:06:07 CET"},
		{time.Date(1970, 1, 1, 0, 6, 7, 0, zone), time.Date(2026, 3, 3, 23, 6, 0, 0, time.UTC), "Jan 1, 1970 00:06:07 CET"},
		{time.Date(2026, 3, 4, 15, 6, 7, 0, time.FixedZone("", 19800)), time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), "15:06:07 +0530"},
	} {
		if got := clock(c.t, c.now); got != c.want {
			t.Errorf("%v: %q, want %q", c.t, got, c.want)
		}
	}
}

func TestProgress(t *testing.T) {
	defer words.Use(words.Catalogue{})
	words.Use(words.Catalogue{Language: "de", Sentences: map[string]string{"Waiting": "Wartet", "Waiting for the key": "Wartet auf den Schlüssel"}})
	for in, want := range map[string]string{"": "Wartet", "Waiting for the key": "Wartet auf den Schlüssel", "Other": "Other"} {
		if got := progress(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// German numbers have a comma.
func TestAgeInGerman(t *testing.T) {
	defer words.Use(words.Catalogue{})
	words.Use(words.Catalogue{Language: "de"})
	if got := age(1250 * time.Millisecond); got != "1,2 s" {
		t.Error(got)
	}
}
