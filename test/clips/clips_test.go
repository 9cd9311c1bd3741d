//go:build e2e

package clips

import (
	"bytes"
	"os/exec"
	"strconv"
	"testing"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/test/barcode"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// numbers decodes a clip with FFmpeg and reads the strip of each picture.
func numbers(t *testing.T, clip rtspcam.Clip, width, height int) []barcode.Reading {
	t.Helper()
	format := "h264"
	if clip.Codec == codec.H265 {
		format = "hevc"
	}
	var stream bytes.Buffer
	for _, unit := range clip.Units {
		for _, nal := range unit {
			stream.WriteString("\x00\x00\x00\x01")
			stream.Write(nal)
		}
	}
	// Only the row through the strip's middle.
	y := height / barcode.Rows / 2
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-loglevel", "error", "-f", format, "-i", "-",
		"-vf", "crop="+strconv.Itoa(width)+":2:0:"+strconv.Itoa(y), "-f", "rawvideo", "-pix_fmt", "rgba", "-")
	cmd.Stdin = &stream
	rows, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var readings []barcode.Reading
	for ; len(rows) >= 2*4*width; rows = rows[2*4*width:] {
		r, err := barcode.DecodeRow(rows[:4*width])
		if err != nil {
			t.Fatalf("picture %d: %v", len(readings), err)
		}
		readings = append(readings, r)
	}
	return readings
}

func TestEveryPictureCarriesItsNumber(t *testing.T) {
	for _, spec := range []Spec{Camera(0), Camera(15), H265(6)} {
		t.Run(spec.Name+" "+spec.Codec.String(), func(t *testing.T) {
			config, err := Make(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			main := numbers(t, config.Main, spec.Width, spec.Height)
			sub := numbers(t, config.Sub, 640, 360)
			if len(main) != spec.Seconds*MainRate || len(sub) != spec.Seconds*SubRate {
				t.Fatalf("%d and %d pictures in %d s", len(main), len(sub), spec.Seconds)
			}
			for i, r := range main {
				if want := (barcode.Reading{Number: (spec.Offset + i) % barcode.Numbers, Camera: spec.Camera}); r != want {
					t.Fatalf("main picture %d says %+v, want %+v", i, r, want)
				}
			}
			for i, r := range sub {
				if r != main[2*i] {
					t.Fatalf("sub picture %d says %+v, main picture %d %+v", i, r, 2*i, main[2*i])
				}
			}
		})
	}
}

func TestMakeRefuses(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"camera of five bits":     func(s *Spec) { s.Camera = 16 },
		"width without 48ths":     func(s *Spec) { s.Width = 1280 },
		"name that is a path":     func(s *Spec) { s.Name = "../x" },
		"height without 27ths":    func(s *Spec) { s.Height = 720 },
		"name with a shell's eye": func(s *Spec) { s.Name = "a;b" },
	} {
		spec := Camera(1)
		change(&spec)
		if _, err := Make(t.Context(), spec); err == nil {
			t.Errorf("%s: made", name)
		}
	}
}
