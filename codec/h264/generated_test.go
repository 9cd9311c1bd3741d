package h264

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/codec"
)

var recipes = []recipe{
	{name: "frame", width: 4, height: 4, t8x8: true, direct8x8: true, refs: 3},
	{name: "frame-no8x8", width: 4, height: 4, refs: 3, bFrames: true, multiRefB: true},
	{name: "frame-b-spatial", width: 5, height: 4, t8x8: true, direct8x8: true, bFrames: true, refs: 4, multiRefB: true},
	{name: "frame-b-temporal", width: 5, height: 4, t8x8: true, bFrames: true, temporal: true, refs: 4},
	{name: "frame-b-implicit", width: 5, height: 4, t8x8: true, bFrames: true, bipred: 2, refs: 4, multiRefB: true},
	{name: "frame-weighted", width: 5, height: 4, t8x8: true, direct8x8: true, weighted: true, bipred: 1, bFrames: true, refs: 4, multiRefB: true},
	{name: "frame-scaling", width: 5, height: 4, t8x8: true, direct8x8: true, bFrames: true, refs: 2, scaling: true},
	{name: "frame-modify", width: 4, height: 4, direct8x8: true, bFrames: true, refs: 4, modify: true, multiRefB: true},
	{name: "frame-long", width: 4, height: 4, direct8x8: true, refs: 4, modify: true, long: true},
	{name: "frame-cip", width: 5, height: 4, t8x8: true, direct8x8: true, refs: 2, cip: true},
	{name: "frame-poc1", width: 4, height: 4, direct8x8: true, refs: 2, pocType: 1},
	{name: "frame-poc2", width: 4, height: 4, direct8x8: true, refs: 2, pocType: 2},
	{name: "field", width: 4, height: 8, interlaced: true, fields: 100, t8x8: true, direct8x8: true, refs: 3},
	{name: "field-b-spatial", width: 4, height: 8, interlaced: true, fields: 100, t8x8: true, direct8x8: true, bFrames: true, refs: 4, multiRefB: true},
	{name: "field-b-temporal", width: 4, height: 8, interlaced: true, fields: 100, t8x8: true, direct8x8: true, bFrames: true, temporal: true, refs: 4},
	{name: "field-implicit", width: 4, height: 8, interlaced: true, fields: 100, direct8x8: true, bFrames: true, bipred: 2, refs: 4, multiRefB: true},
	{name: "field-weighted", width: 4, height: 8, interlaced: true, fields: 100, direct8x8: true, weighted: true, bipred: 1, bFrames: true, refs: 4, multiRefB: true},
	{name: "field-modify", width: 4, height: 8, interlaced: true, fields: 100, direct8x8: true, bFrames: true, refs: 4, modify: true, multiRefB: true},
	{name: "field-long", width: 4, height: 8, interlaced: true, fields: 100, direct8x8: true, refs: 4, modify: true, long: true},
	{name: "field-poc1", width: 4, height: 4, interlaced: true, fields: 50, direct8x8: true, refs: 2, pocType: 1},
	{name: "paff", width: 4, height: 8, interlaced: true, fields: 50, t8x8: true, direct8x8: true, refs: 3},
	{name: "paff-b-spatial", width: 4, height: 8, interlaced: true, fields: 50, t8x8: true, direct8x8: true, bFrames: true, refs: 4, multiRefB: true},
	{name: "paff-b-temporal", width: 4, height: 8, interlaced: true, fields: 50, t8x8: true, direct8x8: true, bFrames: true, temporal: true, refs: 4},
	{name: "paff-long", width: 4, height: 8, interlaced: true, fields: 50, direct8x8: true, refs: 4, modify: true, long: true},
	{name: "mbaff", width: 4, height: 8, interlaced: true, mbaff: true, t8x8: true, direct8x8: true, refs: 3},
	{name: "mbaff-b-spatial", width: 4, height: 8, interlaced: true, mbaff: true, t8x8: true, direct8x8: true, bFrames: true, refs: 4, multiRefB: true},
	{name: "mbaff-b-temporal", width: 4, height: 8, interlaced: true, mbaff: true, t8x8: true, direct8x8: true, bFrames: true, temporal: true, refs: 4},
	{name: "mbaff-implicit", width: 4, height: 8, interlaced: true, mbaff: true, direct8x8: true, bFrames: true, bipred: 2, refs: 4, multiRefB: true},
	{name: "mbaff-weighted", width: 4, height: 8, interlaced: true, mbaff: true, direct8x8: true, weighted: true, bipred: 1, bFrames: true, refs: 4, multiRefB: true},
	{name: "mbaff-cip", width: 4, height: 8, interlaced: true, mbaff: true, direct8x8: true, refs: 2, cip: true},
	{name: "mbaff-paff-spatial", width: 4, height: 8, interlaced: true, mbaff: true, fields: 50, t8x8: true, direct8x8: true, bFrames: true, refs: 4, multiRefB: true},
	{name: "mbaff-paff-temporal", width: 4, height: 8, interlaced: true, mbaff: true, fields: 50, t8x8: true, direct8x8: true, bFrames: true, temporal: true, refs: 4},
	{name: "mbaff-paff-long", width: 4, height: 8, interlaced: true, mbaff: true, fields: 50, direct8x8: true, refs: 4, modify: true, long: true},
	{name: "frame-bref", width: 5, height: 4, t8x8: true, direct8x8: true, bFrames: true, bRef: true, refs: 4, multiRefB: true},
	{name: "mbaff-paff-bref-implicit", width: 4, height: 8, interlaced: true, mbaff: true, fields: 50, t8x8: true, direct8x8: true, bFrames: true, bRef: true, bipred: 2, refs: 4, multiRefB: true},
	{name: "frame-reset", width: 4, height: 4, direct8x8: true, refs: 3, reset: true, long: true},
	{name: "frame-reset-poc1", width: 4, height: 4, direct8x8: true, refs: 3, reset: true, pocType: 1},
	{name: "mbaff-reset", width: 4, height: 4, interlaced: true, mbaff: true, direct8x8: true, refs: 3, reset: true},
	{name: "cavlc-frame", width: 5, height: 4, cavlc: true, t8x8: true, direct8x8: true, refs: 4, bFrames: true, multiRefB: true},
	{name: "cavlc-frame-no8x8", width: 5, height: 4, cavlc: true, refs: 4, bFrames: true, multiRefB: true, bipred: 2},
	{name: "cavlc-field", width: 4, height: 8, interlaced: true, fields: 100, cavlc: true, t8x8: true, direct8x8: true, refs: 4, bFrames: true, multiRefB: true},
	{name: "cavlc-paff-temporal", width: 4, height: 8, interlaced: true, fields: 50, cavlc: true, t8x8: true, direct8x8: true, refs: 4, bFrames: true, temporal: true},
	{name: "cavlc-paff-weighted", width: 4, height: 8, interlaced: true, fields: 50, cavlc: true, direct8x8: true, refs: 4, bFrames: true, weighted: true, bipred: 1, multiRefB: true},
	{name: "cavlc-mbaff", width: 4, height: 8, interlaced: true, mbaff: true, cavlc: true, t8x8: true, direct8x8: true, refs: 4, bFrames: true, multiRefB: true},
	{name: "cavlc-mbaff-cip", width: 4, height: 8, interlaced: true, mbaff: true, cavlc: true, direct8x8: true, refs: 2, cip: true},
	{name: "cavlc-mbaff-paff-temporal", width: 4, height: 8, interlaced: true, mbaff: true, fields: 40, cavlc: true, t8x8: true, direct8x8: true, refs: 4, bFrames: true, temporal: true},
}

// frameSums returns the MD5 of each picture of a stream, in output order.
func frameSums(data []byte) ([]string, error) {
	var sums []string
	d := NewDecoder(Options{MaxPictures: -1})
	out := func(p *Picture) {
		h := md5.New()
		writePicture(h, p)
		sums = append(sums, fmt.Sprintf("%x", h.Sum(nil)))
	}
	err := d.Decode(codec.AccessUnit{Data: data}, out)
	d.Flush(out)
	return sums, err
}

func writePicture(w io.Writer, p *Picture) {
	for y := 0; y < p.Height; y++ {
		w.Write(p.Y[y*p.YStride : y*p.YStride+p.Width])
	}
	for y := 0; y < p.Height/2; y++ {
		w.Write(p.Cb[y*p.ChromaStride : y*p.ChromaStride+p.Width/2])
	}
	for y := 0; y < p.Height/2; y++ {
		w.Write(p.Cr[y*p.ChromaStride : y*p.ChromaStride+p.Width/2])
	}
}

// ffmpegSums is frameSums by FFmpeg.
func ffmpegSums(t *testing.T, data []byte) []string {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed")
	}
	name := filepath.Join(t.TempDir(), "in.264")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(path, "-v", "error", "-threads", "1", "-flags", "+output_corrupt", "-i", name, "-vsync", "0", "-pix_fmt", "yuv420p", "-f", "framemd5", "-")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, stderr.String())
	}
	if stderr.Len() > 0 {
		t.Logf("ffmpeg: %s", strings.SplitN(stderr.String(), "\n", 2)[0])
	}
	var sums []string
	for _, line := range strings.Split(stdout.String(), "\n") {
		if f := strings.Fields(line); len(f) > 0 && f[0] != "#" && !strings.HasPrefix(f[0], "#") {
			sums = append(sums, f[len(f)-1])
		}
	}
	return sums
}

// generatedFile lists what the generator makes: recipe, seed, MD5 of the stream and MD5 of its decoded frames, which FFmpeg agreed to
// when the line was written.
const generatedFile = "testdata/generated.tsv"

// TestGenerated decodes generated streams and compares with testdata, so that it needs no other decoder.
func TestGenerated(t *testing.T) {
	if underRace {
		t.Skip("too slow under the race detector; build.sh runs it without")
	}
	table, err := os.ReadFile(generatedFile)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]recipe{}
	for _, r := range recipes {
		byName[r.name] = r
	}
	n := 0
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) != 4 || f[0] == "#" {
			continue
		}
		n++
		r, ok := byName[f[0]]
		seed, err := strconv.ParseUint(f[1], 10, 64)
		if !ok || err != nil {
			t.Fatalf("%s: no such recipe: %s", generatedFile, line)
		}
		data, err := generate(r, seed, generatedFrames)
		if err != nil {
			t.Fatalf("%s %d: generator: %v", f[0], seed, err)
		}
		if got := fmt.Sprintf("%x", md5.Sum(data)); got != f[2] {
			t.Errorf("%s %d: the generator made another stream, %s", f[0], seed, got)
		}
		sums, err := frameSums(data)
		if err != nil {
			t.Errorf("%s %d: %v", f[0], seed, err)
		}
		if got := sumOf(sums); got != f[3] {
			t.Errorf("%s %d: frames %s, want %s", f[0], seed, got, f[3])
		}
	}
	if n < 2*len(recipes) {
		t.Errorf("%s has %d streams, want two of each of %d recipes", generatedFile, n, len(recipes))
	}
}

const generatedFrames = 12 // without B pictures

func sumOf(sums []string) string { return fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(sums, "\n")))) }

// TestGeneratedFFmpeg compares every frame of generated streams with FFmpeg's. SEALCAM_H264_SEEDS sets how many of each recipe;
// SEALCAM_H264_UPDATE writes testdata anew from the first two, if they agree.
func TestGeneratedFFmpeg(t *testing.T) {
	if underRace {
		t.Skip("too slow under the race detector; build.sh runs it without")
	}
	seeds := uint64(1)
	update := os.Getenv("SEALCAM_H264_UPDATE") != ""
	if v := os.Getenv("SEALCAM_H264_SEEDS"); v != "" {
		var err error
		if seeds, err = strconv.ParseUint(v, 10, 32); err != nil {
			t.Fatal(err)
		}
	}
	if update {
		seeds = max(seeds, 2)
	}
	table := "# recipe, seed, MD5 of the stream, MD5 of the MD5s of its frames\n"
	for _, r := range recipes {
		t.Run(r.name, func(t *testing.T) {
			for seed := uint64(1); seed <= seeds; seed++ {
				data, err := generate(r, seed, generatedFrames)
				if err != nil {
					t.Fatalf("seed %d: generator: %v", seed, err)
				}
				sums := compareFFmpeg(t, fmt.Sprintf("seed %d", seed), data)
				if seed <= 2 {
					table += fmt.Sprintf("%s\t%d\t%x\t%s\n", r.name, seed, md5.Sum(data), sumOf(sums))
				}
			}
		})
	}
	if update && !t.Failed() {
		if err := os.WriteFile(generatedFile, []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// compareFFmpeg decodes data here and with FFmpeg and reports the first frame that differs.
func compareFFmpeg(t *testing.T, name string, data []byte) []string {
	t.Helper()
	want := ffmpegSums(t, data)
	got, err := frameSums(data)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d frames, FFmpeg %d", name, len(got), len(want))
		return got
	}
	if len(got) == 0 {
		t.Errorf("%s: no frames", name)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: frame %d of %d differs from FFmpeg's", name, i, len(got))
			break
		}
	}
	return got
}
