package store

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

var writeSeeds = flag.Bool("write-seeds", false, "write the fuzz targets' seeds below testdata")

// fuzzKey is an agent's key that is the same each time, so that seeds may hold what it authenticated.
func fuzzKey(t testing.TB) identity.AgentKey {
	t.Helper()
	key, err := identity.AgentFromSeed(bytes.Repeat([]byte{7}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// withHeader lets most of what the fuzzer makes come behind a good header: b begins with an odd byte if it is the whole file.
func withHeader(b []byte, line string, agent identity.AgentID) []byte {
	if len(b) > 0 && b[0]%2 == 1 {
		return b[1:]
	}
	return append(appendHeader(nil, line, agent), b[min(len(b), 1):]...)
}

// seeds are real files of each kind, and damaged ones.
func seeds(t testing.TB) map[string][][]byte {
	key := fuzzKey(t)
	agent := key.Public().ID()
	whole := func(b []byte) []byte { return append([]byte{1}, b...) }

	log := appendHeader(nil, logHeader, agent)
	log = appendFrame(appendFrame(log, []byte("entry one")), bytes.Repeat([]byte{0xee}, 300))

	journal := appendHeader(nil, journalHeader, agent)
	at := time.Unix(1_790_000_000, 0).UTC()
	v := Visit{Number: 5, Device: [32]byte{1}, Camera: identity.CameraID{2}, Began: at}
	journal = appendVisit(journal, v)
	w := Visit{Number: 6, Device: [32]byte{3}, Camera: identity.CameraID{2}, Began: at.Add(time.Second), Ended: at.Add(time.Minute)}
	journal = appendVisit(journal, w)
	v.Ended = at.Add(time.Hour)
	journal = appendVisit(journal, v)

	checkpoint := appendCheckpoint(nil, Checkpoint{Length: 42, Head: [32]byte{9}}, key)
	seen, err := json.Marshal(map[string]int64{identity.DeviceID{4}.String(): 1_790_000_000})
	if err != nil {
		t.Fatal(err)
	}
	return map[string][][]byte{
		"FuzzLog":        {whole(log), whole(log[:len(log)-7]), append([]byte{0}, log[headerSize:]...)},
		"FuzzJournal":    {whole(journal), whole(journal[:len(journal)-9]), append([]byte{0}, journal[headerSize+1:]...)},
		"FuzzCheckpoint": {checkpoint, checkpoint[:len(checkpoint)-1]},
		"FuzzSeen":       {seen, []byte("{}"), []byte("null")},
		"FuzzClock":      {[]byte("2026-11-21T09:50:21Z\n"), []byte("2026-11-21T09:50:21Z"), []byte("1970-01-01T00:00:00Z\n")},
		"FuzzCameras":    {[]byte(`{"porch":"` + identity.CameraID{1}.String() + `"}`), []byte("{")},
	}
}

// Every fuzz target has its seeds, made by this package's own writers.
func TestSeeds(t *testing.T) {
	for target, files := range seeds(t) {
		dir := filepath.Join("testdata", "fuzz", target)
		for i, b := range files {
			path := filepath.Join(dir, fmt.Sprintf("seed%d", i))
			text := fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\n", b)
			if *writeSeeds {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%s is not the seed of today's format; run: go test -run TestSeeds -write-seeds (%v)", path, err)
			}
		}
	}
}

func FuzzCameras(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		cameras, err := parseCameras(b)
		if err != nil {
			return
		}
		ids := map[string]bool{}
		for name, text := range cameras {
			if id, err := identity.ParseCameraID(text); err != nil || ids[id.String()] {
				t.Errorf("%q has the id %q (%v)", name, text, err)
			} else {
				ids[id.String()] = true
			}
		}
	})
}
