package h264

import (
	"crypto/md5"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/codec"
)

// conformanceDir holds streams of the JVT-AVC suite and others, with the MD5 of all their frames; it is no part of the project.
const conformanceDir = "../../../shared/h264"

// Every stream with a known MD5 is decoded bit for bit; the damaged ones end without a panic.
func TestConformance(t *testing.T) {
	if underRace {
		t.Skip("too slow under the race detector; build.sh runs it without")
	}
	table, err := os.ReadFile(filepath.Join(conformanceDir, "EXPECTED.tsv"))
	if err != nil {
		t.Skipf("the conformance streams are not here: %v", err)
	}
	exact := 0
	for line := range strings.Lines(string(table)) {
		fields := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(fields) < 2 {
			continue
		}
		data, err := os.ReadFile(filepath.Join(conformanceDir, fields[0]))
		if err != nil {
			continue // the table's head
		}
		sum := md5.New()
		d := NewDecoder(Options{MaxPictures: -1})
		out := func(p *Picture) { writeFrame(sum, p) }
		err = d.Decode(codec.AccessUnit{Data: data}, out)
		d.Flush(out)
		got := fmt.Sprintf("%x", sum.Sum(nil))
		for _, field := range fields[1:] {
			if len(field) != 2*md5.Size {
				continue
			}
			exact++
			if got != field || err != nil {
				t.Errorf("%s: MD5 %s (%v), want %s", fields[0], got, err, field)
			}
		}
	}
	if exact == 0 {
		t.Error("no stream of the table has an MD5")
	}
	t.Logf("%d streams are exact", exact)
}

func writeFrame(w hash.Hash, p *Picture) {
	for _, plane := range []struct {
		data                  []byte
		stride, width, height int
	}{
		{p.Y, p.YStride, p.Width, p.Height},
		{p.Cb, p.ChromaStride, p.Width / 2, p.Height / 2},
		{p.Cr, p.ChromaStride, p.Width / 2, p.Height / 2},
	} {
		for y := range plane.height {
			w.Write(plane.data[y*plane.stride : y*plane.stride+plane.width])
		}
	}
}
