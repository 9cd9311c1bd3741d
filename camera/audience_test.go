package camera

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// Whoever stands before a camera can be told by name who looks through it, and until when.
func TestWatchers(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		var changes atomic.Int32
		h.a.changed = func() { changes.Add(1) }
		want := func(when string, want ...Watcher) {
			t.Helper()
			synctest.Wait()
			if got := h.a.Watchers(); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", when, got, want)
			}
		}
		d := h.add(viewerTerms())
		name := "viewer"
		if m, ok := h.a.grants.Member(d.Public()); ok {
			name = m.Name
		}
		g := h.visit(d)
		want("connected only")
		g.watch(1)
		want("one watches", Watcher{name, "camera 1"})
		again := h.visit(d)
		again.watch(1, 0)
		want("in two tabs", Watcher{name, "camera 0"}, Watcher{name, "camera 1"})
		before := changes.Load()
		again.leave()
		want("one tab left", Watcher{name, "camera 1"})
		g.leave()
		want("both left")
		if now := changes.Load(); now < before+2 {
			t.Errorf("%d changes were told of, then %d", before, now)
		}
		if h.a.Online() || !h.a.Owned() {
			t.Errorf("online %v, owned %v", h.a.Online(), h.a.Owned())
		}
	})
}
