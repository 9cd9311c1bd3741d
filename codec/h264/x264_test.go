package h264

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// x264Streams are settings of Debian's x264 over profiles, entropy coders, slices, reference structures and sizes: name, size,
// frames, then FFmpeg options; -x264-params ones are those without a dash.
var x264Streams = []struct {
	size   string
	frames int
	opt    string
}{
	{"176x144", 25, "-profile:v baseline -preset slow -crf 20"},
	{"176x144", 25, "-profile:v baseline -preset slow -crf 20 slices=4"},
	{"176x144", 25, "-profile:v baseline -preset slower -qp 8 ref=5"},
	{"176x144", 25, "-profile:v baseline -preset slower -qp 45"},
	{"16x16", 25, "-profile:v baseline -preset slower -crf 20"},
	{"32x16", 25, "-profile:v main -preset slower -crf 20 -bf 2"},
	{"16x16", 25, "-profile:v high -preset slower -crf 20 -bf 2"},
	{"18x18", 25, "-profile:v high -preset slower -crf 20 -bf 2"},
	{"178x146", 25, "-profile:v high -preset slower -crf 20 -bf 2"},
	{"162x130", 25, "-profile:v main -preset slower -crf 30 -bf 1"},
	{"1920x1080", 6, "-profile:v high -preset veryfast -crf 26 -bf 2"},
	{"1920x1088", 4, "-profile:v main -preset ultrafast -crf 30"},
	{"640x360", 10, "-profile:v main -preset veryfast -tune zerolatency -b:v 600k"},
	{"1280x720", 8, "-profile:v main -preset veryfast -tune zerolatency -b:v 1500k"},
	{"176x144", 25, "-profile:v main -preset slower -crf 20 -bf 0"},
	{"176x144", 25, "-profile:v main -preset slower -qp 1 -bf 0"},
	{"176x144", 25, "-profile:v main -preset slower -qp 51 -bf 2"},
	{"176x144", 25, "-profile:v main -preset slower -crf 22 -bf 0 cabac=0"},
	{"176x144", 25, "-profile:v main -preset slower -qp 2 -bf 2 cabac=0"},
	{"176x144", 25, "-profile:v main -preset slower -crf 22 -bf 3 cabac=0:direct=temporal"},
	{"176x144", 25, "-profile:v main -preset slower -crf 22 -bf 3 direct=spatial"},
	{"176x144", 25, "-profile:v main -preset slower -crf 22 -bf 3 direct=temporal"},
	{"176x144", 25, "-profile:v main -preset slower -crf 22 -bf 3 direct=none"},
	{"176x144", 25, "-profile:v main -preset slower -crf 22 -bf 3 weightb=0"},
	{"176x144", 25, "-profile:v main -preset slower -crf 22 -bf 5 b-pyramid=normal:ref=6"},
	{"176x144", 25, "-profile:v main -preset slower -crf 22 -bf 5 b-pyramid=strict:ref=3"},
	{"176x144", 25, "-profile:v main -preset slower -crf 22 -bf 16 b-adapt=2:ref=16"},
	{"176x144", 40, "-profile:v main -preset slower -crf 24 -bf 3 open-gop=1:keyint=12"},
	{"176x144", 30, "-profile:v main -preset slower -crf 22 -bf 2 weightp=2:ref=4"},
	{"176x144", 30, "-profile:v main -preset slower -crf 22 -bf 0 weightp=1:ref=2"},
	{"176x144", 25, "-profile:v main -crf 20 no-deblock=1"},
	{"176x144", 25, "-profile:v main -crf 20 deblock=6,6"},
	{"176x144", 25, "-profile:v main -crf 34 deblock=-6,3"},
	{"176x144", 25, "-profile:v main -crf 20 chroma-qp-offset=-12"},
	{"176x144", 25, "-profile:v main -crf 20 chroma-qp-offset=12"},
	{"176x144", 25, "-profile:v main -preset slower -crf 20 -bf 3 slices=3"},
	{"176x144", 25, "-profile:v main -preset slower -crf 20 -bf 3 slice-max-mbs=7"},
	{"176x144", 25, "-profile:v main -preset slower -crf 20 -bf 3 slice-max-size=300"},
	{"176x144", 25, "-profile:v main -preset slower -crf 20 -bf 2 constrained-intra=1"},
	{"176x144", 50, "-profile:v main -preset slower -crf 22 -bf 0 intra-refresh=1:keyint=15"},
	{"176x144", 25, "-profile:v main -preset slower -crf 20 aud=1:repeat-headers=1:keyint=5"},
	{"176x144", 25, "-profile:v high -preset slower -crf 18 -bf 0"},
	{"176x144", 25, "-profile:v high -preset slower -crf 20 -bf 3 direct=temporal"},
	{"176x144", 25, "-profile:v high -preset slower -crf 20 -bf 3 cabac=0"},
	{"176x144", 25, "-profile:v high -preset slower -crf 20 -bf 3 cqm=jvt"},
	{"176x144", 25, "-profile:v high -preset slower -crf 20 -bf 3 cabac=0:cqm=jvt"},
	{"176x144", 25, "-profile:v high -preset slower -crf 20 cqm4=16,20,24,28,20,24,28,32,24,28,32,36,28,32,36,40"},
	{"176x144", 25, "-profile:v high -preset veryslow -qp 14 -bf 3 partitions=all"},
	{"176x144", 25, "-profile:v high -preset veryslow -qp 30 -bf 3 partitions=all:ref=8"},
	{"176x144", 20, "-profile:v high -preset veryslow -qp 24 -g 1"},
	{"176x144", 20, "-profile:v high -preset veryslow -qp 24 -g 1 cabac=0"},
	{"176x144", 25, "-profile:v high -preset slower -crf 20 -bf 3 slices=4:constrained-intra=1"},
	{"176x144", 25, "-profile:v high -preset slower -crf 20 -bf 0 interlaced=1:tff=1"},
	{"176x144", 25, "-profile:v main -preset slower -crf 20 -bf 0 interlaced=1:bff=1"},
	{"176x144", 25, "-profile:v high -preset slower -crf 20 -bf 0 interlaced=1:tff=1:cabac=0"},
	{"176x160", 25, "-profile:v high -preset slower -crf 20 -bf 3 interlaced=1:tff=1:direct=spatial"},
	{"176x160", 25, "-profile:v high -preset slower -crf 20 -bf 3 interlaced=1:tff=1:direct=temporal"},
	{"176x160", 25, "-profile:v main -preset slower -crf 26 -bf 3 interlaced=1:tff=1:direct=auto:cabac=0"},
	{"176x160", 25, "-profile:v high -preset slower -crf 20 -bf 3 interlaced=1:bff=1:slices=3"},
	{"176x160", 25, "-profile:v high -preset slower -crf 20 -bf 3 interlaced=1:bff=1:constrained-intra=1"},
	{"176x160", 25, "-profile:v high -preset slower -crf 20 -bf 3 interlaced=1:b-pyramid=normal:ref=6:weightp=2"},
	{"178x148", 25, "-profile:v high -preset slower -crf 24 -bf 2 interlaced=1:cqm=jvt"},
	{"176x144", 25, "-profile:v high -preset slower -crf 24 -bf 2 fake-interlaced=1"},
	{"640x480", 8, "-profile:v high -preset slower -crf 24 -bf 2 interlaced=1"},
}

// TestX264 compares every frame of streams that x264 makes with FFmpeg's decoder.
func TestX264(t *testing.T) {
	if underRace {
		t.Skip("too slow under the race detector; build.sh runs it without")
	}
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed")
	}
	dir := t.TempDir()
	for i, s := range x264Streams {
		if testing.Short() && i%8 != 0 {
			continue
		}
		source := "testsrc2"
		if i%3 == 2 {
			source = "mandelbrot"
		}
		name := filepath.Join(dir, fmt.Sprint(i, ".264"))
		args := []string{"-v", "error", "-f", "lavfi", "-i", source + "=size=" + s.size + ":rate=25", "-frames:v", fmt.Sprint(s.frames)}
		args = append(args, "-vf", "noise=alls=12:allf=t,format=yuv420p", "-c:v", "libx264", "-threads", "1")
		for f := range strings.FieldsSeq(s.opt) {
			if strings.Contains(f, "=") {
				args = append(args, "-x264-params")
			}
			args = append(args, f)
		}
		if out, err := exec.Command(ffmpeg, append(args, "-f", "h264", name)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", s.opt, err, out)
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := compareFFmpeg(t, s.size+" "+s.opt, data); len(got) != s.frames {
			t.Errorf("%s: %d frames, want %d", s.opt, len(got), s.frames)
		}
	}
}
