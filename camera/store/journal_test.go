package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

var noon = time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)

func visitorOf(n int) (d [identity.PublicKeySize]byte) {
	binary.BigEndian.PutUint64(d[:], uint64(n))
	return d
}

var porch, garage = identity.CameraID{1}, identity.CameraID{2}

func begin(t *testing.T, j *Journal, device int, camera identity.CameraID, at time.Time) {
	t.Helper()
	if err := j.Begin(visitorOf(device), camera, at); err != nil {
		t.Fatal(err)
	}
}

func end(t *testing.T, j *Journal, device int, camera identity.CameraID, at time.Time) {
	t.Helper()
	if err := j.End(visitorOf(device), camera, at); err != nil {
		t.Fatal(err)
	}
}

func wantVisits(t *testing.T, j *Journal, want ...Visit) {
	t.Helper()
	if got, end := j.Visits(0, 100); !reflect.DeepEqual(got, want) || !end {
		t.Errorf("the journal has\n%v, want\n%v", got, want)
	}
}

func TestJournalRemembers(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	j := s.Journal()
	begin(t, j, 1, porch, noon)
	begin(t, j, 2, porch, noon.Add(10*time.Second))
	begin(t, j, 2, porch, noon.Add(20*time.Second)) // a second tab
	end(t, j, 1, porch, noon.Add(30*time.Second))
	end(t, j, 2, porch, noon.Add(40*time.Second))
	begin(t, j, 1, garage, noon.Add(50*time.Second))
	want := []Visit{
		{Number: 3, Device: visitorOf(1), Camera: garage, Began: noon.Add(50 * time.Second)},
		{Number: 2, Device: visitorOf(2), Camera: porch, Began: noon.Add(10 * time.Second)},
		{Number: 1, Device: visitorOf(1), Camera: porch, Began: noon, Ended: noon.Add(30 * time.Second)},
	}
	wantVisits(t, j, want...)
	s.Close()

	// What was open when the agent ended, ended then.
	s = open(t, dir)
	j = s.Journal()
	wantVisits(t, j, want...)
	if err := j.CloseVisits(noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	want[0].Ended, want[1].Ended = noon.Add(time.Minute), noon.Add(time.Minute)
	wantVisits(t, j, want...)
	begin(t, j, 1, garage, noon.Add(2*time.Hour))
	s.Close()
	s = open(t, dir)
	wantVisits(t, s.Journal(), append([]Visit{{Number: 4, Device: visitorOf(1), Camera: garage, Began: noon.Add(2 * time.Hour)}}, want...)...)
}

// Somebody who comes and goes adds nothing, so that nobody can push others out of the journal.
func TestOneVisitForWhoComesAndGoes(t *testing.T) {
	j := newJournal(nil)
	for i := range 1000 {
		begin(t, j, 1, porch, noon.Add(time.Duration(i)*time.Second))
		end(t, j, 1, porch, noon.Add(time.Duration(i)*time.Second))
	}
	last := noon.Add(999 * time.Second)
	wantVisits(t, j, Visit{Number: 1, Device: visitorOf(1), Camera: porch, Began: noon, Ended: last})
	begin(t, j, 1, porch, last.Add(sameVisit+time.Second))
	if got, _ := j.Visits(0, 10); len(got) != 2 {
		t.Errorf("%d visits, though it was away for longer", len(got))
	}
}

func TestJournalIsBounded(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	const n = MaxVisits + 500
	for i := range n {
		begin(t, s.Journal(), i, porch, noon)
		end(t, s.Journal(), i, porch, noon.Add(time.Second))
		begin(t, s.Journal(), i, porch, noon.Add(2*time.Second))
		end(t, s.Journal(), i, porch, noon.Add(3*time.Second))
	}
	s.Close()
	info, err := os.Stat(filepath.Join(dir, journalFile))
	if err != nil || info.Size() > int64(headerSize+(maxRecords+1)*visitSize) {
		t.Errorf("the file has %d bytes (%v)", info.Size(), err)
	}
	s = open(t, dir)
	all := 0
	for before, done := uint64(0), false; !done; {
		var page []Visit
		page, done = s.Journal().Visits(before, 200)
		for _, v := range page {
			if want := uint64(n - all); v.Number != want {
				t.Fatalf("visit %d where %d was expected", v.Number, want)
			}
			all++
		}
		before = page[len(page)-1].Number
	}
	if all != MaxVisits {
		t.Errorf("%d visits are kept", all)
	}
	for before, want := range map[uint64]int{1: 0, n - MaxVisits + 1: 0, n - MaxVisits + 2: 1, 1 << 63: 3} {
		if got, _ := s.Journal().Visits(before, 3); len(got) != want {
			t.Errorf("before %d: %d visits, want %d", before, len(got), want)
		}
	}
	// One that lasts longer than all others is forgotten, and that is no error.
	old := newJournal(nil)
	begin(t, old, 1, garage, noon)
	for i := range MaxVisits {
		begin(t, old, i+2, porch, noon)
	}
	end(t, old, 1, garage, noon.Add(time.Hour))
}

// A journal that is damaged, reordered or another agent's is kept aside whole, and a new one begun.
func TestDamagedJournal(t *testing.T) {
	otherDir := t.TempDir()
	other := open(t, otherDir)
	begin(t, other.Journal(), 1, porch, noon)
	other.Close()
	foreign, err := os.ReadFile(filepath.Join(otherDir, journalFile))
	if err != nil {
		t.Fatal(err)
	}
	record := func(b []byte, i int) []byte { return b[headerSize+i*visitSize:][:visitSize] }
	for name, damage := range map[string]func([]byte) []byte{
		"header":    func(b []byte) []byte { b[0] ^= 1; return b },
		"record":    func(b []byte) []byte { b[headerSize+visitSize+20] ^= 0x40; return b },
		"reordered": func(b []byte) []byte { swap(record(b, 0), record(b, 2)); return b },
		"left out":  func(b []byte) []byte { return append(b[:headerSize+visitSize], b[headerSize+2*visitSize:]...) },
		"foreign":   func([]byte) []byte { return foreign },
		"too long":  func(b []byte) []byte { return append(b, make([]byte, 2*maxRecords*visitSize)...) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			for i := range 3 {
				begin(t, s.Journal(), i, porch, noon)
			}
			s.Close()
			path := filepath.Join(dir, journalFile)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b = damage(b)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			s = open(t, dir)
			if got, _ := s.Journal().Visits(0, 10); len(got) != 0 {
				t.Errorf("%v was taken from it", got)
			}
			if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "journal.log.damaged") {
				t.Errorf("said %q", w)
			}
			if aside, err := os.ReadFile(path + ".damaged"); err != nil || !bytes.Equal(aside, b) {
				t.Errorf("the damaged file is not kept (%v)", err)
			}
			begin(t, s.Journal(), 9, porch, noon)
			s.Close()
			if got, _ := open(t, dir).Journal().Visits(0, 10); len(got) != 1 {
				t.Errorf("the new journal has %v", got)
			}
		})
	}
}

func swap(a, b []byte) {
	c := bytes.Clone(a)
	copy(a, b)
	copy(b, c)
}

// A record that a crash cut off is left out, and the rest stays.
func TestTornJournal(t *testing.T) {
	for cut := 1; cut < visitSize; cut += 7 {
		dir := t.TempDir()
		s := open(t, dir)
		begin(t, s.Journal(), 1, porch, noon)
		begin(t, s.Journal(), 2, porch, noon)
		s.Close()
		path := filepath.Join(dir, journalFile)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b[:len(b)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
		wantVisits(t, s.Journal(), Visit{Number: 1, Device: visitorOf(1), Camera: porch, Began: noon})
		if w := s.Warnings(); len(w) != 0 {
			t.Errorf("said %q", w)
		}
		s.Close()
	}
}

func FuzzJournal(f *testing.F) {
	agent := fuzzKey(f).Public().ID()
	f.Fuzz(func(t *testing.T, b []byte) {
		visits, err := parseJournal(withHeader(b, journalHeader, agent), agent)
		if err != nil && len(visits) != 0 {
			t.Error("a damaged journal was used in part")
		}
		again := appendHeader(nil, journalHeader, agent)
		for i, v := range visits {
			if i > 0 && v.Number != visits[i-1].Number+1 {
				t.Fatal("numbers with gaps")
			}
			again = appendVisit(again, v)
		}
		if err != nil {
			return
		}
		same, err := parseJournal(again, agent)
		if err != nil || fmt.Sprint(same) != fmt.Sprint(visits) {
			t.Errorf("%v comes back as %v (%v)", visits, same, err)
		}
	})
}
