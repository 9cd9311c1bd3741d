// Command decoder measures package h264 on this machine and in headless Chromium, on one thread each: `./build.sh bench decoder`. One
// JSON object a target and clip goes to standard output, progress to standard error.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
)

// clip is a picture as the barcode cameras show it: FFmpeg's test card with noise and the frame's number in 12 cells of 40 pixels, 30
// pictures a second, a key frame every two seconds.
type clip struct{ name, size, profile string }

var clips = []clip{
	{"360p-main", "640x360", "main"},
	{"720p-main", "1280x720", "main"},
	{"1080p-high", "1920x1080", "high"},
}

// At x264's usual quality the noise takes 1.5, 5 and 11 Mbit/s, two or three times what cameras send.
const (
	quality = 23 // constant rate factor
	seconds = 10
)

func main() {
	target := flag.String("target", "", "native or wasm; both if empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *target); err != nil {
		slog.Error("not measured", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, target string) error {
	root, err := output(ctx, "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return err
	}
	var files []string
	for _, c := range clips {
		file, err := c.make(ctx, filepath.Join(root, "build", "clips"))
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	bin := filepath.Join(root, "build", "bin")
	native, wasm, host := filepath.Join(bin, "measure"), filepath.Join(bin, "measure.wasm"), filepath.Join(bin, "wasmexec")
	for _, b := range []struct {
		file, source, system, machine string
	}{
		{native, "./test/bench/decoder/measure", "", ""},
		{wasm, "./test/bench/decoder/measure", "js", "wasm"},
		{host, "./test/wasmexec", "", ""},
	} {
		cmd := command(ctx, "go", "build", "-trimpath", "-o", b.file, b.source)
		cmd.Dir = root
		if b.system != "" {
			cmd.Env = append(os.Environ(), "GOOS="+b.system, "GOARCH="+b.machine)
		}
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("build %s: %w", b.source, err)
		}
	}
	for _, t := range []struct {
		name    string
		program []string
	}{{"native", []string{native}}, {"wasm", []string{host, wasm}}} {
		if target != "" && target != t.name {
			continue
		}
		slog.Info("measuring", "target", t.name)
		cmd := command(ctx, t.program[0], append(t.program[1:], files...)...)
		cmd.Dir = root
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

// make encodes the clip unless it is there, and returns its path.
func (c clip) make(ctx context.Context, folder string) (string, error) {
	// The name says how it was made, so that a changed clip is made anew.
	file := filepath.Join(folder, fmt.Sprintf("decoder-%d-%d", quality, seconds), c.name+".h264")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	slog.Info("encoding", "clip", c.name)
	temp := file + ".part"
	cmd := command(ctx, "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
		"-f", "lavfi", "-i", "testsrc2=size="+c.size+":rate=30", "-t", strconv.Itoa(seconds), "-vf", barcode()+",format=yuv420p",
		"-c:v", "libx264", "-preset", "veryfast", "-profile:v", c.profile, "-tune", "zerolatency", "-bf", "0",
		"-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-crf", strconv.Itoa(quality),
		"-x264-params", "aud=1:slices=1:sliced-threads=0:repeat-headers=1", "-f", "h264", temp)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("encode %s: %w", c.name, err)
	}
	return file, os.Rename(temp, file)
}

// barcode is the filter that burns in noise, a white and a black cell, and the number of the frame.
func barcode() string {
	var f strings.Builder
	f.WriteString("noise=alls=6:allf=t,drawbox=x=0:y=0:w=560:h=40:color=black:t=fill,drawbox=x=0:y=0:w=40:h=40:color=white:t=fill")
	for bit := range 12 {
		fmt.Fprintf(&f, ",drawbox=x=%d:y=0:w=40:h=40:color=white:t=fill:enable='mod(floor(n/%d),2)'", 40*(bit+2), 1<<bit)
	}
	return f.String()
}

func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd
}

func output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}
