package camera

import (
	"fmt"
	"testing"

	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// BenchmarkStart measures an agent's start with a long log: opening the folder, reading the log and checking it. "checked" has the
// checkpoint of an earlier start, "anew" none.
func BenchmarkStart(b *testing.B) {
	const n = 10_000
	f := newFolder(b)
	f.lengthen(n)
	for _, name := range []string{"checked", "anew"} {
		b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
			for range b.N {
				if name == "anew" {
					b.StopTimer()
					f.remove("grants.checkpoint")
					b.StartTimer()
				}
				s, err := store.Open(f.dir)
				if err != nil {
					b.Fatal(err)
				}
				a, err := f.start(s)
				if err != nil || a.grants.Len() != n {
					b.Fatalf("%d entries: %v", a.grants.Len(), err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// lengthen makes a log of n entries, of many devices that come, change and go, and lets the agent check it once.
func (f *folder) lengthen(n int) {
	f.t.Helper()
	l := grant.NewLog(f.agent.Public().ID())
	entries := f.entries
	for _, e := range entries {
		if err := l.AppendBytes(e); err != nil {
			f.t.Fatal(err)
		}
	}
	var device identity.DevicePublic
	for len(entries) < n {
		kind := []grant.Kind{grant.Add, grant.Grant, grant.Revoke}[len(entries)%3]
		if kind == grant.Add || len(entries) == len(f.entries) {
			kind, device = grant.Add, newDevice(f.t).Public()
		}
		e := l.Next(kind, device)
		e.Issued = morning
		if kind != grant.Revoke {
			e.Terms = viewerTerms()
		}
		entries = append(entries, f.sign(e))
		if err := l.AppendBytes(entries[len(entries)-1]); err != nil {
			f.t.Fatal(err)
		}
	}
	f.write(entries...)
	if _, err := f.restart(); err != nil {
		f.t.Fatal(err)
	}
}
