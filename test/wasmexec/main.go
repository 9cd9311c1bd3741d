// Command wasmexec runs a Go program for js/wasm in headless Chromium, for
//
//	GOOS=js GOARCH=wasm go test -exec wasmexec ./...
//
// It forwards arguments, environment, output and exit code. The program sees the files of its module, read only, at their usual
// paths, and an empty writable folder for temporary files in the page's memory. A program that outlives its -test.timeout by a
// minute, or ten minutes without one, is ended with exit code 2, as is one whose page crashes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/chromedp"

	"github.com/sealcam/sealcam/test/chromium"
)

const (
	exitTrouble    = 2 // the page, not the program, failed
	defaultTimeout = 10 * time.Minute
	grace          = time.Minute
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: wasmexec program.wasm [argument...]")
		os.Exit(exitTrouble)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	code, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "wasmexec:", err)
		os.Exit(exitTrouble)
	}
	os.Exit(code)
}

// run runs the program argv[0] with the arguments argv and returns its exit code. An error means that it has none.
func run(ctx context.Context, argv []string, stdout, stderr io.Writer) (int, error) {
	stderr = &lockedWriter{w: stderr} // the program and the console write to it
	host, err := newHost(argv, stdout, stderr)
	if err != nil {
		return 0, err
	}
	defer host.close()

	browser, stop, err := chromium.Start(ctx)
	if err != nil {
		return 0, err
	}
	defer stop()

	crashed := make(chan struct{}, 1)
	err = chromedp.Listen(browser, func(event any) {
		if _, ok := event.(*inspector.EventTargetCrashed); ok {
			select {
			case crashed <- struct{}{}:
			default:
			}
		}
	})
	if err != nil {
		return 0, err
	}
	messages := chromedp.Console(browser)
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		for m, err := range messages {
			if err != nil {
				return // the tab is gone
			}
			fmt.Fprintln(stderr, "[console]", m.String())
		}
	}()
	defer func() {
		stop() // ends the messages; a second stop does nothing
		<-printed
	}()
	limit := timeout(argv[1:]) + grace
	expired := time.NewTimer(limit)
	defer expired.Stop()
	if err := chromedp.Do(browser, chromedp.Navigate(host.url())); err != nil {
		return 0, fmt.Errorf("open the page: %w", err)
	}
	select {
	case code := <-host.exit:
		return code, nil
	case <-crashed:
		return 0, errors.New("the page crashed, perhaps for lack of memory")
	case <-expired.C:
		return 0, fmt.Errorf("no end after %v", limit)
	case <-browser.Done():
		return 0, fmt.Errorf("the browser ended: %w", browser.Err())
	case err := <-host.failed:
		return 0, fmt.Errorf("serve the page: %w", err)
	}
}

// timeout reads the program's own time limit from its arguments.
func timeout(args []string) time.Duration {
	for _, arg := range args {
		value, ok := strings.CutPrefix(strings.TrimLeft(arg, "-"), "test.timeout=")
		if !ok || !strings.HasPrefix(arg, "-") {
			continue
		}
		if d, err := time.ParseDuration(value); err == nil && d > 0 {
			return d
		}
	}
	return defaultTimeout
}

// environment selects what the program may see of environ: what Go and our tests read. The rest may hold secrets, and Go's
// start-up code gives arguments and environment together only 8 KiB.
func environment(environ []string) map[string]string {
	env := map[string]string{"TMPDIR": tempDir, "HOME": tempDir}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case name == "TZ", name == "CI",
			strings.HasPrefix(name, "GO") && name != "GOPROXY" && name != "GOAUTH",
			strings.HasPrefix(name, "TEST_"),
			strings.HasPrefix(name, "SEALCAM_"):
			env[name] = value
		}
	}
	return env
}

// lockedWriter lets several goroutines write, each write whole.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
