package browser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
)

// Run runs f as a test outside of package testing, for programs that measure, and returns what failed. Clean-ups run in reverse
// order at the end.
func Run(ctx context.Context, name string, log *slog.Logger, f func(TB)) error {
	tb := &program{ctx: ctx, name: name, log: log}
	var done sync.WaitGroup
	done.Go(func() { // Fatalf ends this goroutine alone
		defer tb.cleanup()
		f(tb)
	})
	done.Wait()
	return errors.Join(tb.errs...)
}

type program struct {
	ctx  context.Context // what TB.Context returns
	name string
	log  *slog.Logger

	mu       sync.Mutex // guards what follows
	errs     []error
	cleanups []func()
}

func (p *program) Helper() {}

func (p *program) Name() string { return p.name }

func (p *program) Context() context.Context { return p.ctx }

func (p *program) Logf(format string, args ...any) { p.log.Info(fmt.Sprintf(format, args...)) }

func (p *program) Errorf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errs = append(p.errs, fmt.Errorf(format, args...))
}

func (p *program) Fatalf(format string, args ...any) {
	p.Errorf(format, args...)
	runtime.Goexit()
}

func (p *program) Failed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.errs) > 0
}

func (p *program) Cleanup(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cleanups = append(p.cleanups, f)
}

// cleanup runs the clean-ups, the last first, also when one of them ends the goroutine with Fatalf.
func (p *program) cleanup() {
	p.mu.Lock()
	n := len(p.cleanups)
	if n == 0 {
		p.mu.Unlock()
		return
	}
	f := p.cleanups[n-1]
	p.cleanups = p.cleanups[:n-1]
	p.mu.Unlock()
	defer p.cleanup()
	f()
}
