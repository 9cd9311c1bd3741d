package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// process is a running sealcam.
type process struct{ cmd *exec.Cmd }

// startSealcam runs a server and an agent with these cameras, and returns the agent's claim link.
func startSealcam(tb browser.TB, cams ...*rtspcam.Camera) (server, agent *process, link string) {
	dir, err := os.MkdirTemp("", "sealcam-bench")
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	address := freeAddress(tb)
	server = start(tb, func(string) {}, "server", "--listen", address, "--udp", "", "--log-level", "warn")
	var config strings.Builder
	fmt.Fprintf(&config, "server = %q\nstate = %q\n", "http://"+address, filepath.Join(dir, "state"))
	for i, cam := range cams {
		fmt.Fprintf(&config, "[[camera]]\nname = \"Camera %d\"\nmain = %q\n", i+1, cam.MainURL())
	}
	path := filepath.Join(dir, "sealcam.toml")
	if err := os.WriteFile(path, []byte(config.String()), 0o600); err != nil {
		tb.Fatalf("%v", err)
	}
	links := make(chan string, 1)
	agent = start(tb, func(line string) {
		if strings.HasPrefix(line, "http") {
			select {
			case links <- line:
			default:
			}
		}
	}, "agent", "--config", path, "--log-level", "warn")
	select {
	case link = <-links:
	case <-time.After(patience):
		tb.Fatalf("the agent prints no link")
	}
	return server, agent, link
}

// start runs the binary under test until the end of the measurement. It hands each line that it prints to said.
func start(tb browser.TB, said func(line string), args ...string) *process {
	path := os.Getenv("SEALCAM_BIN")
	if path == "" {
		tb.Fatalf("SEALCAM_BIN is not set: run ./build.sh bench latency")
	}
	cmd := exec.Command(path, args...)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatalf("%v", err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatalf("%v", err)
	}
	var reader sync.WaitGroup
	reader.Go(func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			said(strings.TrimSpace(lines.Text()))
		}
	})
	tb.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		reader.Wait()
		if err := cmd.Wait(); err != nil {
			tb.Errorf("sealcam %s: %v", args[0], err)
		}
	})
	return &process{cmd}
}

// freeAddress returns an address on localhost that nobody listens on.
func freeAddress(tb browser.TB) string {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		tb.Fatalf("%v", err)
	}
	defer l.Close()
	return fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port)
}

// clockTick is what /proc counts CPU time in: USER_HZ, 100 on every Linux that Go runs on (proc(5)).
const clockTick = time.Second / 100

// cpu returns the CPU time that the process has used.
func (p *process) cpu(tb browser.TB) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		tb.Fatalf("%v", err)
	}
	// The name, which may hold spaces, ends at the last parenthesis; utime and stime are fields 14 and 15.
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			tb.Fatalf("%v", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick
}

// rss returns the memory of the process in MiB.
func (p *process) rss(tb browser.TB) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		tb.Fatalf("%v", err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return round(float64(pages*int64(os.Getpagesize())) / (1 << 20))
}
