package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

func TestClockMarkOnlyGrows(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if !s.ClockMark().IsZero() {
		t.Errorf("a new agent knows the time %v", s.ClockMark())
	}
	for _, at := range []time.Time{noon, noon.Add(-time.Hour), {}, noon.Add(1500 * time.Millisecond)} {
		if err := s.SaveClockMark(at); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	if got := open(t, dir).ClockMark(); !got.Equal(noon.Add(time.Second)) {
		t.Errorf("%v", got)
	}
}

// A lost mark is made good from the other files, so that damaging it takes the agent back no further than they do.
func TestDamagedClock(t *testing.T) {
	for name, content := range map[string]string{"damaged": "2026-13-21T12:00:00Z\n", "long": strings.Repeat("9", 100), "empty": "", "missing": "-"} {
		dir := t.TempDir()
		s := open(t, dir)
		begin(t, s.Journal(), 1, porch, noon)
		s.Seen(identity.DeviceID{1}, noon.Add(time.Hour))
		if err := s.SaveClockMark(noon.Add(2 * time.Hour)); err != nil {
			t.Fatal(err)
		}
		s.Close()
		path := filepath.Join(dir, clockFile)
		if name == "missing" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
		if got := s.ClockMark(); !got.Equal(noon.Add(time.Hour)) {
			t.Errorf("%s: %v", name, got)
		}
		if aside, err := os.ReadFile(path + ".damaged"); (err == nil) != (name != "missing") || string(aside) != content && name != "missing" {
			t.Errorf("%s: kept aside as %q (%v)", name, aside, err)
		}
		if w := s.Warnings(); (len(w) == 1) != (name != "missing") {
			t.Errorf("%s: said %q", name, w)
		}
		s.Close()
	}
}

func TestLastSeenRemembers(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	one, two := identity.DeviceID{1}, identity.DeviceID{2}
	s.Seen(one, noon)
	s.Seen(one, noon.Add(-time.Hour))
	if err := s.SaveSeen(); err != nil {
		t.Fatal(err)
	}
	s.Seen(two, noon.Add(time.Minute))
	s.Close()
	s = open(t, dir)
	for d, want := range map[identity.DeviceID]time.Time{one: noon, two: noon.Add(time.Minute), {3}: {}} {
		if got := s.LastSeen(d); !got.Equal(want) {
			t.Errorf("%v was seen %v, want %v", d.Fingerprint(), got, want)
		}
	}
	for i := range maxSeen + 10 {
		s.Seen(identity.DeviceID{9, byte(i >> 8), byte(i)}, noon.Add(time.Hour))
	}
	if len(s.seen) != maxSeen || !s.LastSeen(one).IsZero() {
		t.Errorf("%d devices are kept, the oldest at %v", len(s.seen), s.LastSeen(one))
	}
}

func TestDamagedLastSeen(t *testing.T) {
	good := identity.DeviceID{1}.String()
	for name, content := range map[string]string{
		"json": "{", "null": "null", "list": "[]", "key": `{"x":1}`, "negative": `{"` + good + `":-1}`, "far": `{"` + good + `":9999999999999}`, "text": `{"` + good + `":"1"}`,
	} {
		dir := t.TempDir()
		open(t, dir).Close()
		path := filepath.Join(dir, seenFile)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir)
		if len(s.seen) != 0 || len(s.Warnings()) != 1 {
			t.Errorf("%s: %v, said %q", name, s.seen, s.Warnings())
		}
		if aside, err := os.ReadFile(path + ".damaged"); err != nil || string(aside) != content {
			t.Errorf("%s: kept aside as %q (%v)", name, aside, err)
		}
	}
}

func FuzzClock(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		if at, err := parseClock(b); err == nil && at.Format(clockWords) != string(b) {
			t.Errorf("%q was read as %v", b, at)
		}
	})
}

func FuzzSeen(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		seen, err := parseSeen(b)
		if err != nil && seen != nil {
			t.Error("a damaged list was used in part")
		}
		for d, at := range seen {
			if at <= 0 || at > maxUnix {
				t.Errorf("%v at %d", d, at)
			}
		}
	})
}
