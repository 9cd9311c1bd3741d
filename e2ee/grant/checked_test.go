package grant_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

func sameState(t *testing.T, a, b *grant.Log) {
	t.Helper()
	if a.Head() != b.Head() || a.Home() != b.Home() || !a.Root().Equal(b.Root()) || !reflect.DeepEqual(a.Entries(0), b.Entries(0)) ||
		!reflect.DeepEqual(a.Members(), b.Members()) || !reflect.DeepEqual(a.Invites(), b.Invites()) ||
		!reflect.DeepEqual(a.Owners(), b.Owners()) {
		t.Error("two logs that should be the same differ")
	}
}

// eventful is a log with entries of every kind.
func eventful(t testing.TB) *home {
	h := newHome(t)
	key := device(t, 7)
	h.append(h.next(grant.Add, device(t, 3), h.owner.Signer(), guest))
	h.inviting(key, h.owner.Signer(), nil)
	h.append(h.next(grant.Grant, device(t, 3), h.owner.Signer(), owner))
	h.append(h.redemption(key, device(t, 8), nil))
	h.inviting(device(t, 9), h.owner.Signer(), guest)
	h.append(h.next(grant.Revoke, device(t, 8), device(t, 3).Signer(), nil))
	h.append(h.next(grant.Revoke, device(t, 9), h.root.Signer(), nil))
	return h
}

func TestParseCheckedIsParse(t *testing.T) {
	h := eventful(t)
	encoded := mustMarshal(t, h.log)
	whole, err := grant.Parse(encoded, agentID)
	if err != nil {
		t.Fatal(err)
	}
	sameState(t, whole, h.log)
	entries := h.log.Entries(0)
	for n := range len(entries) + 1 {
		var head grant.Hash
		if n > 0 {
			head = entries[n-1].Hash()
		}
		l, err := grant.ParseChecked(encoded, agentID, uint64(n), head)
		if err != nil {
			t.Errorf("checked up to %d: %v", n, err)
			continue
		}
		sameState(t, l, whole)
	}
	// A note that does not fit is as good as none.
	for name, c := range map[string]struct {
		length uint64
		head   grant.Hash
	}{
		"other head":         {3, grant.Hash{1}},
		"no head":            {3, grant.Hash{}},
		"head of another":    {3, entries[3].Hash()},
		"one too long":       {uint64(len(entries)) + 1, h.log.Head()},
		"far too long":       {1<<64 - 1, h.log.Head()},
		"longer than a log":  {grant.MaxEntries + 1, h.log.Head()},
		"head without lengh": {0, h.log.Head()},
	} {
		l, err := grant.ParseChecked(encoded, agentID, c.length, c.head)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sameState(t, l, whole)
	}
}

// reframe returns a log of the given encoded entries.
func reframe(entries ...[]byte) []byte {
	b := []byte{1}
	for _, e := range entries {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(e))), e...)
	}
	return b
}

// Nothing but signatures is spared, and those only up to the note.
func TestParseCheckedRefusesDamage(t *testing.T) {
	h := eventful(t)
	encoded := mustMarshal(t, h.log)
	entries := h.log.Entries(0)
	length := uint64(4)
	head := entries[length-1].Hash()
	parse := func(b []byte) error {
		_, err := grant.ParseChecked(b, agentID, length, head)
		return err
	}
	for i := range encoded {
		bad := bytes.Clone(encoded)
		bad[i] ^= 1 << (i % 8)
		if parse(bad) == nil {
			t.Errorf("bit %d of byte %d changes nothing", i%8, i)
		}
	}
	var raw [][]byte
	for i := range entries {
		b, err := entries[i].MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, b)
	}
	forged := func(n int) [][]byte {
		e := entries[n]
		e.Sig[0] ^= 1
		b, err := e.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		all := append([][]byte{}, raw...)
		all[n] = b
		return all
	}
	swapped := append([][]byte{}, raw...)
	swapped[1], swapped[2] = swapped[2], swapped[1]
	for name, b := range map[string][]byte{
		"forged within":    reframe(forged(2)...),
		"forged behind":    reframe(forged(6)...),
		"last forged":      reframe(forged(len(raw) - 1)...),
		"one missing":      reframe(append(append([][]byte{}, raw[:2]...), raw[3:]...)...),
		"one twice":        reframe(append(append([][]byte{}, raw[:3]...), raw[2:]...)...),
		"two swapped":      reframe(swapped...),
		"the first is cut": reframe(raw[1:]...),
		"cut in a frame":   encoded[:len(encoded)-1],
		"a byte more":      append(bytes.Clone(encoded), 0),
	} {
		whole := func() error { _, err := grant.Parse(b, agentID); return err }()
		if checked := parse(b); checked == nil || whole == nil {
			t.Errorf("%s: checked %v, whole %v", name, checked, whole)
		}
	}
	// A forged entry whose forgery is the noted state itself passes: the note vouches for it. So the note must be the agent's own.
	own := forged(3)
	e, err := grant.ParseEntry(own[3])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := grant.ParseChecked(reframe(own[:4]...), agentID, 4, e.Hash()); err != nil {
		t.Errorf("signatures before the note are looked at: %v", err)
	}
	if _, err := grant.ParseChecked(reframe(own[:4]...), agentID, 3, entries[2].Hash()); !errors.Is(err, grant.ErrSignature) {
		t.Errorf("signatures behind the note are not looked at: %v", err)
	}
}

func TestParts(t *testing.T) {
	h := longHome(t)
	for _, limit := range []int{-1, 0, 1, 300, 5000, 12 << 10, grant.MaxLog} {
		l := grant.NewLog(agentID)
		for parts := 0; l.Len() < h.log.Len(); parts++ {
			part := h.log.Part(uint64(l.Len()), limit)
			if taken, err := l.AppendPart(part); err != nil || taken == 0 || taken > 1 && len(part) > limit {
				t.Fatalf("limit %d: %d entries in %d bytes, %v", limit, taken, len(part), err)
			}
			if limit == grant.MaxLog && parts > 0 {
				t.Error("more parts than needed")
			}
		}
		sameState(t, l, h.log)
	}
	if h.log.Part(uint64(h.log.Len()), 1000) != nil || h.log.Part(1<<64-1, 1000) != nil {
		t.Error("a part of nothing")
	}
	// The good ones before a bad one are in.
	part := h.log.Part(0, grant.MaxLog)
	for n := 0; n < len(part); n += 1 + n/20 {
		l := grant.NewLog(agentID)
		taken, err := l.AppendPart(part[:n])
		if l.Len() != taken || taken >= h.log.Len() {
			t.Errorf("cut to %d bytes: %d entries, %d taken", n, l.Len(), taken)
		}
		if whole := h.log.Part(0, n); (err == nil) != (n == 0 || len(whole) == n) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

// bigLog has 10,000 entries: devices that come, change and go, as in a rented flat.
func bigLog(b *testing.B) []byte {
	b.Helper()
	h := newHome(b)
	for i := 0; h.log.Len() < 10_000; i++ {
		seed := make([]byte, identity.SeedSize)
		binary.BigEndian.PutUint32(seed, uint32(i+1000))
		k, err := identity.DeviceFromSeed(seed)
		if err != nil {
			b.Fatal(err)
		}
		h.append(h.next(grant.Add, k, h.owner.Signer(), func(e *grant.Entry) {
			guest(e)
			e.Name, e.Cameras = fmt.Sprintf("Guest %d", i), cameras(2)
		}))
		if i%2 == 0 {
			h.append(h.next(grant.Revoke, k, h.owner.Signer(), nil))
		}
	}
	return mustMarshal(b, h.log)
}

func BenchmarkParseLong(b *testing.B) {
	encoded := bigLog(b)
	whole, err := grant.Parse(encoded, agentID)
	if err != nil {
		b.Fatal(err)
	}
	run := func(name string, length uint64, head grant.Hash) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if l, err := grant.ParseChecked(encoded, agentID, length, head); err != nil || l.Len() != 10_000 {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(time.Millisecond)/float64(b.N), "ms/log")
		})
	}
	run("checked", uint64(whole.Len()), whole.Head())
	run("whole", 0, grant.Hash{})
}
