// Package clips makes barcode clips for tests, with make.sh beside it, which needs FFmpeg. A clip is made once and kept in
// build/clips until make.sh changes.
package clips

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/test/barcode"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// Picture rates of the clips in pictures a second.
const (
	MainRate = 30
	SubRate  = 15
)

// Spec describes a barcode clip and its sub-stream of 640×360 pixels.
type Spec struct {
	Name          string // a to z, 0 to 9 and -
	Width, Height int    // of the main stream: even multiples of 48 and 27
	Bitrate       int    // of the main stream, bit/s
	Seconds       int    // after which the clip repeats
	Camera        int    // 0 to 15
	Offset        int    // number of the first picture
	Codec         codec.Codec
}

// Latency is the clip for measuring: 1080p, 3 Mbit/s, a minute.
func Latency() Spec {
	return Spec{Name: "latency", Width: 1920, Height: 1080, Bitrate: 3_000_000, Seconds: 60, Codec: codec.H264}
}

// Camera returns a small, short clip. Each of the 16 cameras has its own numbers as well as its own camera bits, so that a
// picture in the wrong tile is noticed twice.
func Camera(camera int) Spec {
	return Spec{
		Name: fmt.Sprintf("camera-%02d", camera), Width: 1152, Height: 648, Bitrate: 1_000_000, Seconds: 8,
		Camera: camera, Offset: camera * barcode.Numbers / barcode.Cameras, Codec: codec.H264,
	}
}

// H265 is a short clip that Debian's Chromium cannot play.
func H265(camera int) Spec {
	s := Camera(camera)
	s.Codec = codec.H265
	return s
}

// ErrNoModule is returned when the working directory is outside of the module.
var ErrNoModule = errors.New("clips: no go.mod above the working directory")

// Make makes the clip unless it is there and returns it as a camera that plays it; the caller adds passwords and the like.
func Make(ctx context.Context, s Spec) (rtspcam.Config, error) {
	root, err := moduleRoot()
	if err != nil {
		return rtspcam.Config{}, err
	}
	ext := "h264"
	if s.Codec == codec.H265 {
		ext = "h265"
	}
	script := exec.CommandContext(ctx, filepath.Join(root, "test", "clips", "make.sh"), "barcode", s.Name,
		fmt.Sprintf("%dx%d", s.Width, s.Height), strconv.Itoa(s.Bitrate), strconv.Itoa(s.Seconds),
		strconv.Itoa(s.Camera), strconv.Itoa(s.Offset), ext)
	if out, err := script.CombinedOutput(); err != nil {
		return rtspcam.Config{}, fmt.Errorf("make clip %s: %w\n%s", s.Name, err, out)
	}
	file := func(stream string) string {
		return filepath.Join(root, "build", "clips", s.Name+"-"+stream+"."+ext)
	}
	config := rtspcam.Config{Offset: s.Offset, SubStep: MainRate / SubRate}
	if config.Main, err = rtspcam.LoadClip(file("main"), MainRate); err != nil {
		return rtspcam.Config{}, err
	}
	if config.Sub, err = rtspcam.LoadClip(file("sub"), SubRate); err != nil {
		return rtspcam.Config{}, err
	}
	return config, nil
}

// moduleRoot finds the module of the working directory, which for tests is their package's.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", ErrNoModule
		}
		dir = up
	}
}
