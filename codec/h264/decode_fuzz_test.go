package h264

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealcam/sealcam/codec"
)

// FuzzDecode feeds any bytes. Its seeds, short streams of every kind, are committed.
func FuzzDecode(f *testing.F) {
	if names, _ := filepath.Glob("testdata/fuzz/FuzzDecode/*"); len(names) == 0 {
		f.Fatal("no seeds in testdata/fuzz/FuzzDecode")
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := NewDecoder(Options{MaxPictures: 64, MaxMacroblocks: 1620})
		out := func(p *Picture) { touch(t, p) }
		d.Decode(codec.AccessUnit{Data: data}, out)
		d.Decode(codec.AccessUnit{Data: data}, out)
		d.Flush(out)
	})
}

// FuzzMutate damages generated streams: seed chooses the recipe and the damage.
func FuzzMutate(f *testing.F) {
	if names, _ := filepath.Glob("testdata/fuzz/FuzzMutate/*"); len(names) == 0 {
		f.Fatal("no seeds in testdata/fuzz/FuzzMutate")
	}
	seeds := mutationSeeds(f)
	f.Fuzz(func(t *testing.T, stream uint8, seed uint64) {
		d := NewDecoder(Options{MaxPictures: 64, MaxMacroblocks: 1620})
		out := func(p *Picture) { touch(t, p) }
		data := mutate(rand.New(rand.NewPCG(seed, 3)), seeds[int(stream)%len(seeds)])
		d.Decode(codec.AccessUnit{Data: data}, out)
		d.Flush(out)
	})
}

// TestFuzzSeeds writes the seeds anew when SEALCAM_H264_UPDATE is set, and else checks that they decode.
func TestFuzzSeeds(t *testing.T) {
	dir := "testdata/fuzz/FuzzDecode"
	if os.Getenv("SEALCAM_H264_UPDATE") != "" {
		os.MkdirAll(dir, 0o755)
		os.MkdirAll("testdata/fuzz/FuzzMutate", 0o755)
		for i, r := range recipes {
			r.width, r.height = 2, 2
			if r.interlaced {
				r.height = 4
			}
			data, err := generate(r, uint64(i), 3)
			if err != nil {
				t.Fatal(err)
			}
			writeSeed(t, filepath.Join(dir, r.name), data)
		}
		if err := os.WriteFile("testdata/fuzz/FuzzMutate/first", []byte("go test fuzz v1\nbyte('\\x03')\nuint64(42)\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	names, _ := filepath.Glob(dir + "/*")
	if len(names) < len(recipes) {
		t.Fatalf("%d seeds in %s for %d recipes", len(names), dir, len(recipes))
	}
}

func writeSeed(t *testing.T, name string, data []byte) {
	if err := os.WriteFile(name, fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\n", data), 0o644); err != nil {
		t.Fatal(err)
	}
}
