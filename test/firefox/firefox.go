package firefox

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sealcam/sealcam/test/bidi"
)

// Errors for what a machine lacks.
var (
	ErrNotFound = errors.New("firefox is missing: install it with apt-get install firefox-esr, or name it in FIREFOX")
	ErrNoScreen = errors.New("no screen for firefox: install Xvfb with apt-get install xvfb")
)

const (
	// startTimeout bounds the start: a busy machine needs several seconds.
	startTimeout = time.Minute
	// stopTimeout bounds an orderly end, after which a process is killed.
	stopTimeout = 10 * time.Second
	// keptLog is how many lines of its output a browser that failed shows.
	keptLog = 40
)

// Path finds the browser: the file that the environment variable FIREFOX names, or else the first of the usual names on PATH.
func Path() (string, error) {
	if named := os.Getenv("FIREFOX"); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("environment variable FIREFOX: %w", err)
		}
		return path, nil
	}
	for _, name := range []string{"firefox-esr", "firefox"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNotFound
}

// Firefox is a running browser.
type Firefox struct {
	*bidi.Client
	browser *process
	stop    func()
}

// Start starts a browser with an empty profile, to which extra adds preferences or changes them. Events that the caller subscribes to go to
// onEvent (bidi.Dial).
func Start(ctx context.Context, extra Prefs, onEvent func(method string, params json.RawMessage)) (*Firefox, error) {
	path, err := Path()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var undo []func()
	stop := sync.OnceFunc(func() {
		for i := range undo {
			undo[len(undo)-1-i]()
		}
	})
	f, err := start(ctx, path, extra, onEvent, func(f func()) { undo = append(undo, f) })
	if err != nil {
		stop()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	f.stop = stop
	return f, nil
}

// Stop ends the browser, waits for it and its screen, and removes the profile. It may be called again.
func (f *Firefox) Stop() { f.stop() }

// Ended reports whether the browser has ended, by Stop or by itself.
func (f *Firefox) Ended() bool {
	select {
	case <-f.browser.ended:
		return true
	default:
		return false
	}
}

// Log returns the end of what the browser said.
func (f *Firefox) Log() string { return f.browser.log() }

func start(ctx context.Context, path string, extra Prefs, onEvent func(string, json.RawMessage), later func(func())) (*Firefox, error) {
	display, err := startScreen(ctx, later)
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "sealcam-firefox-")
	if err != nil {
		return nil, err
	}
	later(func() { os.RemoveAll(profile) })
	prefs := standard()
	maps.Copy(prefs, extra)
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(prefs.file()), 0o600); err != nil {
		return nil, err
	}
	command := exec.Command(path, "--no-remote", "--remote-debugging-port", "0", "--profile", profile)
	// A home of its own, too: a browser notes there which profiles it has seen.
	command.Env = append(os.Environ(), "DISPLAY="+display, "HOME="+profile, "LIBGL_ALWAYS_SOFTWARE=1", "MOZ_CRASHREPORTER_DISABLE=1",
		"NO_AT_BRIDGE=1")
	output, err := command.StderrPipe()
	if err != nil {
		return nil, err
	}
	browser, address, err := begin(ctx, command, output, func(line string) (string, bool) {
		return strings.CutPrefix(line, "WebDriver BiDi listening on ")
	})
	if err != nil {
		return nil, err
	}
	f := &Firefox{browser: browser}
	later(func() { browser.stop() })
	if f.Client, err = bidi.Dial(ctx, address+"/session", onEvent); err != nil {
		return nil, fmt.Errorf("%w; it says:\n%s", err, browser.log())
	}
	later(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		_ = f.Call(ctx, "browser.close", nil, nil) // one that is gone has closed
		browser.wait(stopTimeout)
		f.Close()
	})
	return f, nil
}

// startScreen starts an X server in memory and returns the value for DISPLAY.
func startScreen(ctx context.Context, later func(func())) (string, error) {
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		return "", ErrNoScreen
	}
	numbers, number, err := os.Pipe()
	if err != nil {
		return "", err
	}
	// It finds a free number by itself and writes it to the first extra file.
	command := exec.Command(path, "-displayfd", "3", "-screen", "0", "2600x1600x24", "-nolisten", "tcp", "-noreset")
	command.ExtraFiles = []*os.File{number}
	screen, display, err := begin(ctx, command, numbers, func(line string) (string, bool) { return ":" + line, line != "" })
	number.Close()
	if err != nil {
		return "", fmt.Errorf("start %s: %w", path, err)
	}
	later(func() { screen.stop() })
	return display, nil
}

// process is a program whose output is read, with its children.
type process struct {
	command *exec.Cmd
	ended   chan struct{} // closed when it has ended and its output is read

	mu    sync.Mutex // guards lines
	lines []string   // the latest
}

// begin starts a program and waits for the line that find accepts. Output is closed when the program has ended.
func begin(ctx context.Context, command *exec.Cmd, output io.ReadCloser, find func(line string) (string, bool)) (*process, string, error) {
	ownGroup(command)
	if err := command.Start(); err != nil {
		output.Close()
		return nil, "", err
	}
	p := &process{command: command, ended: make(chan struct{})}
	found := make(chan string, 1)
	var reading sync.WaitGroup
	reading.Go(func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			line := strings.TrimSpace(lines.Text())
			p.note(line)
			if value, ok := find(line); ok {
				select {
				case found <- value:
				default: // it has been found
				}
			}
		}
		_, _ = io.Copy(io.Discard, output) // after a line that was too long
	})
	go func() {
		defer close(p.ended)
		_, _ = command.Process.Wait() // how it ended is of no interest, that it ended is
		endGroup(command)             // what it left, which may hold the output open
		output.Close()
		reading.Wait()
	}()
	select {
	case value := <-found:
		return p, value, nil
	case <-p.ended:
		return nil, "", fmt.Errorf("it ended at once and says:\n%s", p.log())
	case <-ctx.Done():
		p.stop()
		return nil, "", fmt.Errorf("%w; it says:\n%s", ctx.Err(), p.log())
	}
}

func (p *process) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lines = append(p.lines, line); len(p.lines) > keptLog {
		p.lines = p.lines[1:]
	}
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// wait waits for its end, at most so long.
func (p *process) wait(long time.Duration) {
	late := time.NewTimer(long)
	defer late.Stop()
	select {
	case <-p.ended:
	case <-late.C:
	}
}

// stop asks it to end, kills it if it does not, and waits.
func (p *process) stop() {
	select {
	case <-p.ended:
		return
	default:
	}
	_ = p.command.Process.Signal(os.Interrupt) // one that has ended meanwhile needs none
	p.wait(stopTimeout)
	endGroup(p.command)
	<-p.ended
}
