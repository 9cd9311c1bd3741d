package browser

import (
	"context"
	"sync"
)

// shared is the Firefox that the tests of this program use together, since its start takes seconds.
var shared struct {
	mu     sync.Mutex // guards engine
	engine *firefoxEngine
}

// SharedFirefox returns the Firefox that the tests of this program share; pages have profiles of their own all the same. The first test
// that asks starts it, and another one after it has crashed. TestMain ends it (Sharing).
func SharedFirefox(tb TB) *Browser {
	tb.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if e := shared.engine; e != nil && e.browser.Ended() {
		e.browser.Stop()
		shared.engine = nil
	}
	if shared.engine == nil {
		// Not the test's own context: others use it after this one.
		e, err := startFirefox(context.WithoutCancel(tb.Context()), nil)
		if err != nil {
			tb.Fatalf("%v", err)
		}
		shared.engine = e
	}
	return shared.engine.lend(tb)
}

// Runner is testing.M, or stands before it.
type Runner interface{ Run() int }

// Sharing returns m, which ends the shared browser after the tests. It stands in TestMain, before leaks are looked for.
func Sharing(m Runner) Runner { return sharing{m} }

type sharing struct{ m Runner }

func (s sharing) Run() int {
	code := s.m.Run()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.engine != nil {
		shared.engine.browser.Stop()
		shared.engine = nil
	}
	return code
}
