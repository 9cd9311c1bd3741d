package program

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sealcam/sealcam/test/browser"
)

// Process is a running sealcam.
type Process struct {
	cmd   *exec.Cmd
	end   func(os.Signal) error // waits; once
	ended bool
}

// Launch starts a command: (*exec.Cmd).Start, or one that starts it elsewhere.
type Launch func(*exec.Cmd) error

// Start runs the binary until the end of the measurement. It hands each line that it prints to said.
func Start(tb browser.TB, launch Launch, said func(line string), args ...string) *Process {
	tb.Helper()
	path := os.Getenv("SEALCAM_BIN")
	if path == "" {
		tb.Fatalf("SEALCAM_BIN is not set: measure with ./build.sh bench")
	}
	cmd := exec.Command(path, args...)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatalf("%v", err)
	}
	if err := launch(cmd); err != nil {
		tb.Fatalf("%v", err)
	}
	var reader sync.WaitGroup
	reader.Go(func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			said(strings.TrimSpace(lines.Text()))
		}
	})
	p := &Process{cmd: cmd}
	p.end = func(s os.Signal) error {
		p.ended = true
		_ = cmd.Process.Signal(s) // one that has ended is told by Wait
		reader.Wait()
		return cmd.Wait()
	}
	tb.Cleanup(func() {
		if p.ended {
			return
		}
		if err := p.end(os.Interrupt); err != nil {
			tb.Errorf("sealcam %s: %v", args[0], err)
		}
	})
	return p
}

// Kill ends the process without a warning, and waits for it.
func (p *Process) Kill() {
	if !p.ended {
		_ = p.end(os.Kill) // says that it was killed
	}
}

// clockTick is what /proc counts CPU time in: USER_HZ, 100 on every Linux that Go runs on (proc(5)).
const clockTick = time.Second / 100

// CPU returns the CPU time that the process has used.
func (p *Process) CPU(tb browser.TB) time.Duration {
	tb.Helper()
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

// Memory returns the resident memory of the process in bytes.
func (p *Process) Memory(tb browser.TB) int64 {
	tb.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		tb.Fatalf("%v", err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(data))[1], 10, 64)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return pages * int64(os.Getpagesize())
}
