package h264

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
)

// mutate damages a stream the way that networks and attackers do: NAL units lost, doubled, moved, cut; bits flipped near the
// start of units, where the headers are, or anywhere.
func mutate(rng *rand.Rand, data []byte) []byte {
	var units [][]byte
	for b := data; len(b) > 0; {
		var nal []byte
		nal, b = nextNAL(b)
		units = append(units, append([]byte(nil), nal...))
	}
	for n := 1 + rng.IntN(6); n > 0 && len(units) > 0; n-- {
		i := rng.IntN(len(units))
		u := units[i]
		switch k := rng.IntN(9); {
		case k == 0:
			units = append(units[:i], units[i+1:]...)
		case k == 1:
			j := rng.IntN(len(units))
			units[i], units[j] = units[j], units[i]
		case k == 2:
			units = append(units, units[rng.IntN(len(units))])
		case k == 3 && len(u) > 1:
			units[i] = u[:1+rng.IntN(len(u)-1)]
		case k <= 6 && len(u) > 0: // headers
			u[rng.IntN(min(len(u), 14))] ^= 1 << rng.IntN(8)
		case len(u) > 0:
			for f := 1 + rng.IntN(4); f > 0; f-- {
				u[rng.IntN(len(u))] ^= 1 << rng.IntN(8)
			}
		}
	}
	var out []byte
	for _, u := range units {
		out = append(out, 0, 0, 1)
		out = append(out, u...)
	}
	return out
}

func mutationSeeds(t testing.TB) [][]byte {
	var seeds [][]byte
	for i, r := range recipes {
		data, err := generate(r, uint64(100+i), 5)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, data)
	}
	if dir := os.Getenv("SEALCAM_H264_STREAMS"); dir != "" {
		names, _ := filepath.Glob(dir)
		for _, n := range names {
			b, err := os.ReadFile(n)
			if err != nil {
				t.Fatal(err)
			}
			if len(b) > 60000 {
				b = b[:60000]
			}
			seeds = append(seeds, b)
		}
	}
	return seeds
}

// TestMutations feeds damaged streams, for as long as SEALCAM_H264_MUTATE says and also made from the files that the pattern
// SEALCAM_H264_STREAMS names: no panic, every access unit returns, and the decoder still decodes a whole stream afterwards.
func TestMutations(t *testing.T) {
	if underRace {
		t.Skip("too slow under the race detector; build.sh runs it without")
	}
	seeds := mutationSeeds(t)
	limit := 2 * time.Second
	if v := os.Getenv("SEALCAM_H264_MUTATE"); v != "" {
		limit, _ = time.ParseDuration(v)
	}
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 2))
	start := time.Now()
	d := NewDecoder(Options{MaxPictures: -1, MaxMacroblocks: 3600})
	n, slowest := 0, time.Duration(0)
	for ; time.Since(start) < limit; n++ {
		s := rng.IntN(len(seeds))
		state := seed + uint64(n)
		data := mutate(rand.New(rand.NewPCG(state, 3)), seeds[s])
		func() {
			defer func() {
				if p := recover(); p != nil {
					os.WriteFile(filepath.Join(os.TempDir(), "h264-crash.264"), data, 0o600)
					panic(p)
				}
			}()
			if rng.IntN(4) == 0 {
				d.Reset()
			}
			at := time.Now()
			out := func(p *Picture) { touch(t, p) }
			d.Decode(codec.AccessUnit{Data: data}, out)
			if rng.IntN(2) == 0 {
				d.Flush(out)
			}
			slowest = max(slowest, time.Since(at))
		}()
	}
	t.Logf("%d damaged streams in %v, the slowest took %v, seed %d", n, time.Since(start).Round(time.Millisecond), slowest, seed)
}

// touch reads the corners of a picture, so that a wrong geometry panics.
func touch(t testing.TB, p *Picture) {
	if p.Width <= 0 || p.Height <= 0 || p.Width > 4096 || p.Height > 4096 {
		t.Fatalf("picture of %d by %d", p.Width, p.Height)
	}
	_ = p.Y[(p.Height-1)*p.YStride+p.Width-1]
	_ = p.Cb[(p.Height/2-1)*p.ChromaStride+p.Width/2-1]
	_ = p.Cr[(p.Height/2-1)*p.ChromaStride+p.Width/2-1]
}
