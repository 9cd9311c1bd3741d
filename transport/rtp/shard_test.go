package rtp

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/sealcam/sealcam/transport/erasure"
)

// shardsOf returns all packets of a frame, with all the parity that there may be.
func shardsOf(camera uint8, number uint32, sealed []byte) [][]byte {
	c := cutOf(len(sealed))
	parity := c.parityOf(sealed, erasure.MaxParity)
	packets := make([][]byte, c.total(erasure.MaxParity))
	for i := range packets {
		packets[i] = appendShardHeader(nil, camera, number, uint32(len(sealed)), uint16(i))
		if i >= c.shards {
			packets[i] = append(packets[i], parity[i-c.shards]...)
		} else {
			from, to := c.bounds(i)
			packets[i] = append(packets[i], sealed[from:to]...)
		}
	}
	return packets
}

func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
	return b
}

func TestCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := cutOf(rapid.IntRange(1, maxSharded).Draw(t, "length"))
		at, inBlocks := 0, 0
		for i := range c.shards {
			from, to := c.bounds(i)
			if from != at || to <= from || to-from > shardSize || i < c.shards-1 && to-from != c.size {
				t.Fatalf("%+v: shard %d is %d to %d", c, i, from, to)
			}
			at = to
		}
		for b := range c.blocks {
			if n := c.rows(b); n < 1 || n > blockShards {
				t.Fatalf("%+v: block %d has %d shards", c, b, n)
			}
			inBlocks += c.rows(b)
		}
		if at != c.length || inBlocks != c.shards {
			t.Fatalf("%+v: %d bytes, %d shards in blocks", c, at, inBlocks)
		}
	})
}

// Whatever is lost and in whatever order the rest comes: a frame is whole as soon as each block has as many shards as data, and comes once.
func TestAssembly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		sealed := noise(r.Uint64(), rapid.OneOf(rapid.IntRange(1, 4000), rapid.IntRange(1, maxSharded)).Draw(t, "length"))
		packets := shardsOf(7, 3, sealed)
		order := r.Perm(len(packets))
		order = append(order, order[:len(order)/2]...) // some come twice
		c := cutOf(len(sealed))
		came, seen := make([]int, c.blocks), make([]bool, len(packets))
		var a assembler
		got := 0
		for _, i := range order {
			s, err := parseShard(packets[i])
			if err != nil {
				t.Fatal(err)
			}
			frame, sound := a.push(s)
			if !sound {
				t.Fatal("a true shard is said to contradict others")
			}
			if !seen[i] {
				seen[i] = true
				block := i % c.blocks
				if i >= c.shards {
					block = (i - c.shards) % c.blocks
				}
				came[block]++
			}
			whole := true
			for b := range came {
				whole = whole && came[b] >= c.rows(b)
			}
			if frame != nil {
				got++
				if !bytes.Equal(frame, sealed) {
					t.Fatal("another frame came out")
				}
			}
			if whole != (got == 1) || got > 1 {
				t.Fatalf("whole: %v, frames: %d", whole, got)
			}
		}
		if len(a.frames) != 0 || a.bytes != 0 {
			t.Fatalf("%d frames and %d bytes are left", len(a.frames), a.bytes)
		}
	})
}

func TestBadShards(t *testing.T) {
	good := shardsOf(1, 9, noise(1, 3000))[1]
	for name, spoil := range map[string]func([]byte) []byte{
		"empty":          func([]byte) []byte { return nil },
		"header only":    func(b []byte) []byte { return b[:shardOverhead] },
		"cut short":      func(b []byte) []byte { return b[:len(b)-1] },
		"too long":       func(b []byte) []byte { return append(b, 0) },
		"no VP8":         func(b []byte) []byte { b[3] ^= 1; return b },
		"whole frame":    func(b []byte) []byte { b[0] = 0x10; return b },
		"no length":      func(b []byte) []byte { copy(b[15:], []byte{0, 0, 0, 0}); return b },
		"huge length":    func(b []byte) []byte { copy(b[15:], []byte{0xff, 0xff, 0xff, 0xff}); return b },
		"too large":      func(b []byte) []byte { copy(b[15:], []byte{0, 4, 0, 1}); return b },
		"index too high": func(b []byte) []byte { copy(b[19:], []byte{0xff, 0xff}); return b },
		"no number":      func(b []byte) []byte { copy(b[11:], []byte{0, 0, 0, 0}); return b },
	} {
		if _, err := parseShard(spoil(bytes.Clone(good))); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var a assembler
	push := func(b []byte) bool {
		s, err := parseShard(b)
		if err != nil {
			t.Fatal(err)
		}
		_, sound := a.push(s)
		return sound
	}
	if !push(good) {
		t.Error("the first shard cannot contradict anything")
	}
	if push(shardsOf(2, 9, noise(1, 3000))[0]) || push(shardsOf(1, 9, noise(1, 2999))[0]) {
		t.Error("shards of two cameras or lengths make one frame")
	}
}

// Frames that never become whole take no more memory than they may, and the newest are kept.
func TestAssemblerIsBounded(t *testing.T) {
	var a assembler
	for number := uint32(1); number <= 3000; number++ {
		for _, p := range shardsOf(0, number, noise(uint64(number), 60_000))[1:24] {
			s, err := parseShard(p)
			if err != nil {
				t.Fatal(err)
			}
			a.push(s)
		}
		if len(a.frames) > maxAssemblies || a.bytes > maxAssemblyBytes {
			t.Fatalf("%d frames, %d bytes", len(a.frames), a.bytes)
		}
	}
	last := shardsOf(0, 3000, noise(3000, 60_000))
	for _, p := range last {
		s, _ := parseShard(p)
		if frame, _ := a.push(s); frame != nil {
			return
		}
	}
	t.Error("the newest frame was given up")
}

func FuzzShards(f *testing.F) {
	for _, p := range shardsOf(3, 70_000, noise(2, 2500))[:4] {
		f.Add(p, p)
	}
	f.Add(shardsOf(0, 1, []byte{1})[0], shardsOf(0, 1, []byte{1})[1])
	f.Add(shardsOf(0, 1<<32-1, noise(3, maxSharded))[0], shardsOf(0, 2, noise(3, 40_000))[30])
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var a assembler
		for _, b := range [][]byte{first, second, first} {
			s, err := parseShard(b)
			if err != nil {
				continue
			}
			if frame, sound := a.push(s); frame != nil && (!sound || len(frame) != s.cut.length) {
				t.Errorf("%d bytes, want %d", len(frame), s.cut.length)
			}
		}
	})
}
