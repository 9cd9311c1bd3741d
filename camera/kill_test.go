package camera

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// appenderFolder names, in the environment of a child process of this test, the state folder that it shall append to.
const appenderFolder = "SEALCAM_TEST_APPENDER"

// appenderKey is a key that parent and child know, from a seed.
func appenderKey(n byte) []byte { return bytes.Repeat([]byte{n}, identity.SeedSize) }

// appender is the child: it lengthens the log as fast as it can, and tells of each entry once the agent has acknowledged it.
func appender(dir string) error {
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	a, err := New(Config{
		Name: "Home", Servers: []string{"http://localhost"}, Store: s, Clock: source.NewClock(), Log: newLogger(&lines{}),
		Cameras: []Camera{{Name: "porch", Source: idle{}}},
	})
	if err != nil {
		return err
	}
	owner, err := identity.DeviceFromSeed(appenderKey(1))
	if err != nil {
		return err
	}
	guest, err := identity.DeviceFromSeed(appenderKey(2))
	if err != nil {
		return err
	}
	for {
		entry, err := nextEntry(a, owner, guest.Public())
		if err != nil {
			return err
		}
		e, reason := a.extend(entry, func(*grant.Entry) bool { return true })
		if reason != 0 {
			return fmt.Errorf("not appended: %d", reason)
		}
		hash := e.Hash()
		if _, err := fmt.Printf("%d %x\n", e.Seq, hash[:]); err != nil {
			return err
		}
		a.saveCheckpoint()
	}
}

// nextEntry is one that the log takes: the home's founding, then a device added, changed and revoked again and again.
func nextEntry(a *Agent, owner identity.DeviceKey, device identity.DevicePublic) ([]byte, error) {
	if a.grants.Len() == 0 {
		root, err := identity.RootFromSeed(appenderKey(3))
		if err != nil {
			return nil, err
		}
		return grant.Genesis(root, owner.Public(), "owner", morning)
	}
	kind := []grant.Kind{grant.Revoke, grant.Add, grant.Grant}[a.grants.Len()%3]
	e := a.grants.Next(kind, device)
	e.Issued = morning
	if kind != grant.Revoke {
		e.Terms = viewerTerms()
		e.Terms.Name = strings.Repeat("n", 1+a.grants.Len()%grant.MaxName)
	}
	if err := e.Sign(owner.Signer(), a.id); err != nil {
		return nil, err
	}
	return e.MarshalBinary()
}

// Killed at any instant, the agent has every entry that it acknowledged, and of the one under way all or nothing.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	dir := t.TempDir()
	var acked [][]byte // hashes, by number
	for round := range 20 {
		acked = append(acked, killedAppender(t, dir, len(acked))...)

		s, err := store.Open(dir)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		a, err := New(Config{
			Name: "Home", Servers: []string{"http://localhost"}, Store: s, Clock: source.NewClock(), Log: newLogger(&lines{}),
			Cameras: []Camera{{Name: "porch", Source: idle{}}},
		})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		entries := a.grants.Entries(0)
		if len(entries) != len(acked) && len(entries) != len(acked)+1 {
			t.Fatalf("round %d: %d entries were acknowledged, %d are there", round, len(acked), len(entries))
		}
		for i, want := range acked {
			if hash := entries[i].Hash(); !bytes.Equal(hash[:], want) {
				t.Fatalf("round %d: entry %d is another than was acknowledged", round, i)
			}
		}
		for _, e := range entries[len(acked):] { // whole, though nobody was told
			hash := e.Hash()
			acked = append(acked, hash[:])
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acked) < 20 {
		t.Errorf("only %d entries in all: the processes were killed too early to test anything", len(acked))
	}
}

// killedAppender runs a child until a moment of chance and returns what it acknowledged, from entry number next on.
func killedAppender(t *testing.T, dir string, next int) (hashes [][]byte) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), appenderFolder+"="+dir)
	var stderr bytes.Buffer
	child.Stderr = &stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() {
		if err := child.Process.Kill(); err != nil {
			t.Errorf("not killed: %v", err)
		}
	}
	after := rand.IntN(10) // acknowledged entries, and then a while
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var seq int
		var text string
		if _, err := fmt.Sscanf(lines.Text(), "%d %s", &seq, &text); err != nil || seq != next+len(hashes) {
			t.Fatalf("the child says %q", lines.Text())
		}
		hash, err := hex.DecodeString(text)
		if err != nil || len(hash) != len(grant.Hash{}) {
			t.Fatalf("the child says %q", lines.Text())
		}
		hashes = append(hashes, hash)
		if len(hashes) == after+1 {
			timer := time.AfterFunc(time.Duration(rand.Int64N(int64(3*time.Millisecond))), kill)
			defer timer.Stop()
		}
	}
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %v\n%s", err, &stderr)
	}
	return hashes
}
