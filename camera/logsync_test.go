package camera

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
)

// fetch asks for the log from an entry on and returns its parts' bytes, checked.
func (g *guest) fetch(from uint64) (entries []byte) {
	t := g.h.t
	t.Helper()
	g.send(&control.LogWanted{From: from})
	for at := from; ; {
		p := next[*control.LogPart](g)
		if p.From != min(at, p.Length) || len(p.Entries) > control.MaxLogPart {
			t.Fatalf("part from %d of %d bytes, want from %d", p.From, len(p.Entries), at)
		}
		if !g.h.a.key.Public().Verify(grant.AckMessage(g.h.a.id, g.h.a.grants.Home(), p.Length, p.Head), p.Sig[:]) {
			t.Fatal("the part is not the agent's word")
		}
		entries = append(entries, p.Entries...)
		for b := p.Entries; len(b) > 0; at++ {
			b = b[4+binary.BigEndian.Uint32(b):]
		}
		if at >= p.Length {
			return entries
		}
	}
}

func TestLogSync(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		for i := range 100 {
			terms := viewerTerms()
			terms.Name = fmt.Sprintf("viewer %d", i)
			h.add(terms)
		}
		owner := h.visit(h.owner)
		whole, err := h.a.grants.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if owner.accept.LogLength != 101 || owner.accept.LogHead != h.a.grants.Head() {
			t.Errorf("accepted with %+v", owner.accept)
		}
		if got := owner.fetch(0); string(got) != string(whole[1:]) {
			t.Errorf("%d bytes, want %d", len(got), len(whole)-1)
		}
		if got := owner.fetch(100); len(got) == 0 || string(whole[len(whole)-len(got):]) != string(got) {
			t.Errorf("from the last entry on: %d bytes", len(got))
		}
		for _, from := range []uint64{101, 102, grant.MaxEntries} {
			if got := owner.fetch(from); len(got) != 0 {
				t.Errorf("from %d on: %d bytes", from, len(got))
			}
		}
	})
}

// A question that comes while another is answered replaces it, and however many come, no more than one part waits.
func TestLogWantedAnew(t *testing.T) {
	inHome(t, func(t *testing.T, h *home) {
		for range 200 {
			h.add(viewerTerms())
		}
		owner := h.visit(h.owner)
		wanted, err := control.Encode(&control.LogWanted{})
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			if err := owner.conn.WriteMessage(wanted); err != nil {
				t.Fatal(err)
			}
		}
		h.a.mu.Lock()
		for s := range h.a.sessions {
			if n := len(s.out.queue); n != 0 {
				t.Errorf("%d messages wait", n)
			}
		}
		h.a.mu.Unlock()
		none[*control.LogHead](owner)
		owner.alive()
		if got := owner.fetch(200); len(got) == 0 {
			t.Error("nothing")
		}
	})
}
