package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written is a folder whose log has these entries, and the log's bytes.
func written(t *testing.T, entries ...string) (dir string, log []byte) {
	t.Helper()
	dir = t.TempDir()
	s := open(t, dir)
	for _, entry := range entries {
		if err := s.Append([]byte(entry)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(dir, logName))
	if err != nil {
		t.Fatal(err)
	}
	return dir, log
}

func texts(s *Store) string {
	return string(bytes.Join(s.Entries(), []byte("|")))
}

// A crash while an entry is written leaves a torn record at the end. It was never acknowledged: it goes aside, the rest stays.
func TestTornRecord(t *testing.T) {
	_, log := written(t, "first entry", "second entry")
	first := headerSize + frameSize + len("first entry")
	for cut := first + 1; cut < len(log); cut++ {
		dir, log := written(t, "first entry", "second entry")
		if err := os.WriteFile(filepath.Join(dir, logName), log[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir)
		if got := texts(s); got != "first entry" {
			t.Fatalf("cut at %d: log is %q", cut, got)
		}
		if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "never confirmed") {
			t.Fatalf("cut at %d: said %q", cut, w)
		}
		if aside, err := os.ReadFile(filepath.Join(dir, logName+".torn")); err != nil || !bytes.Equal(aside, log[:cut]) {
			t.Fatalf("cut at %d: the torn file is not kept (%v)", cut, err)
		}
		if err := s.Append([]byte("third")); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s = open(t, dir)
		if got := texts(s); got != "first entry|third" {
			t.Fatalf("cut at %d: after another entry the log is %q", cut, got)
		}
		s.Close()
	}
}

// Any other damage to the records' frames is not taken for a torn record, which would throw away what was acknowledged.
func TestDamagedFrames(t *testing.T) {
	dir, log := written(t, "first entry", "other entry", "third entry")
	agent, err := ReadID(dir)
	if err != nil {
		t.Fatal(err)
	}
	for at := range headerSize + 2*(frameSize+len("first entry")) {
		if record := (at - headerSize) % (frameSize + len("first entry")); at >= headerSize && record >= frameSize {
			continue // the entry itself, which is for the grant log to check
		}
		for bit := range 8 {
			log[at] ^= 1 << bit
			if entries, _, err := parseLog(log, agent); err == nil || len(entries) != 0 {
				t.Errorf("bit %d of byte %d: %d entries were used (%v)", bit, at, len(entries), err)
			}
			log[at] ^= 1 << bit
		}
	}
	for _, at := range []int{0, headerSize - 1, headerSize, headerSize + frameSize - 1} {
		log[at] ^= 4
		path := filepath.Join(dir, logName)
		if err := os.WriteFile(path, log, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "put back a copy of it") || !strings.Contains(err.Error(), "nothing of it was used") {
			t.Errorf("byte %d: %v", at, err)
		}
		if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, log) {
			t.Error("the damaged file was changed")
		}
		log[at] ^= 4
	}
}

func TestForeignLog(t *testing.T) {
	_, theirs := written(t, "their entry")
	dir, _ := written(t, "my entry")
	if err := os.WriteFile(filepath.Join(dir, logName), theirs, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "belongs to another agent") {
		t.Errorf("%v", err)
	}
}

func TestOversizeLog(t *testing.T) {
	dir, log := written(t, "entry")
	if err := os.WriteFile(filepath.Join(dir, logName), append(log, make([]byte, maxLog)...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v", err)
	}
}

// disk is a file whose power may fail: what was not synced is then there in part, or not at all.
type failingDisk struct {
	data   []byte
	synced int
	fails  error // of the next Write, after half of it
	loses  error // of the next Sync
	stuck  bool  // Truncate fails
}

func (d *failingDisk) Write(b []byte) (int, error) {
	if err := d.fails; err != nil {
		d.fails = nil
		d.data = append(d.data, b[:len(b)/2]...)
		return len(b) / 2, err
	}
	d.data = append(d.data, b...)
	return len(b), nil
}

func (d *failingDisk) Sync() error {
	if err := d.loses; err != nil {
		d.loses = nil
		return err
	}
	d.synced = len(d.data)
	return nil
}

func (d *failingDisk) Truncate(size int64) error {
	if d.stuck {
		return errors.New("stuck")
	}
	d.data = d.data[:size]
	return nil
}

func (d *failingDisk) Close() error { return nil }

func onDisk(t *testing.T) (*Store, *failingDisk) {
	t.Helper()
	s := open(t, t.TempDir())
	s.log.Close()
	d := &failingDisk{data: appendHeader(nil, logHeader, s.agent)}
	d.synced = len(d.data)
	s.log = d
	return s, d
}

// When Append returns, the entry survives a loss of power, whatever else of the file does.
func TestPowerFails(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		s, d := onDisk(t)
		acked := ""
		for i := range r.IntN(6) {
			entry := fmt.Sprintf("entry %d", i)
			if err := s.Append([]byte(entry)); err != nil {
				t.Fatal(err)
			}
			acked += "|" + entry
			left := d.synced + r.IntN(len(d.data)-d.synced+1)
			entries, _, err := parseLog(d.data[:left], s.agent)
			if err != nil {
				t.Fatal(err)
			}
			if got := "|" + string(bytes.Join(entries, []byte("|"))); got != acked {
				t.Fatalf("acknowledged %q, after the loss of power there is %q", acked, got)
			}
		}
	}
}

// A full disk takes no entry, and the log goes on once there is room.
func TestFullDisk(t *testing.T) {
	s, d := onDisk(t)
	d.fails = io.ErrShortWrite
	if err := s.Append([]byte("one")); !errors.Is(err, io.ErrShortWrite) {
		t.Fatalf("%v", err)
	}
	if err := s.Append([]byte("two")); err != nil {
		t.Fatal(err)
	}
	entries, whole, err := parseLog(d.data, s.agent)
	if err != nil || whole != len(d.data) || len(entries) != 1 || string(entries[0]) != "two" || texts(s) != "two" {
		t.Errorf("%q on the disk, %q in memory (%v)", entries, texts(s), err)
	}
}

// After a failed fsync, or when half an entry cannot be taken away, nobody knows what is on the disk: nothing more is acknowledged.
func TestBrokenDisk(t *testing.T) {
	for name, fail := range map[string]func(*failingDisk){
		"sync":     func(d *failingDisk) { d.loses = errors.New("lost") },
		"truncate": func(d *failingDisk) { d.fails, d.stuck = io.ErrShortWrite, true },
	} {
		s, d := onDisk(t)
		fail(d)
		if err := s.Append([]byte("one")); err == nil {
			t.Fatalf("%s: acknowledged", name)
		}
		if err := s.Append([]byte("two")); err == nil || !strings.Contains(err.Error(), "start") {
			t.Errorf("%s: then %v", name, err)
		}
		if len(s.Entries()) != 0 {
			t.Errorf("%s: %q is in memory", name, texts(s))
		}
	}
}

func FuzzLog(f *testing.F) {
	key := fuzzKey(f)
	agent := key.Public().ID()
	f.Fuzz(func(t *testing.T, b []byte) {
		b = withHeader(b, logHeader, agent)
		entries, whole, err := parseLog(b, agent)
		if err != nil {
			if len(entries) != 0 {
				t.Error("a damaged log was used in part")
			}
			return
		}
		again := appendHeader(nil, logHeader, agent)
		for _, e := range entries {
			again = appendFrame(again, e)
		}
		if whole > len(b) || !bytes.Equal(again, b[:whole]) {
			t.Errorf("%x is not what was written", b)
		}
		if rest := b[whole:]; len(rest) >= frameSize && uint64(binary.BigEndian.Uint32(rest))+frameSize <= uint64(len(rest)) {
			t.Error("a whole record was left out")
		}
	})
}
