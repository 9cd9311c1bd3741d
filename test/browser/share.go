package browser

import (
	"context"
	"sync"

	"github.com/sealcam/sealcam/test/chromium"
)

// shared are the browsers that the tests of this program use together, since a start takes seconds.
var shared struct {
	mu       sync.Mutex // guards what follows
	on       bool
	chromium *chromiumEngine
	stop     func() // ends chromium
	firefox  *firefoxEngine
}

// Runner is testing.M, or stands before it.
type Runner interface{ Run() int }

// Sharing returns m, during which browsers that nothing sets apart from others are shared, and which ends them. It stands in TestMain,
// before leaks are looked for.
func Sharing(m Runner) Runner { return sharing{m} }

type sharing struct{ m Runner }

func (s sharing) Run() int {
	shared.mu.Lock()
	shared.on = true
	shared.mu.Unlock()
	code := s.m.Run()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.on = false
	if shared.chromium != nil {
		shared.stop()
		shared.chromium = nil
	}
	if shared.firefox != nil {
		shared.firefox.browser.Stop()
		shared.firefox = nil
	}
	return code
}

// sharedChromium returns the Chromium that tests share, or nil where none is. The first test that asks starts it, and another one after it
// has crashed.
func sharedChromium() (*chromiumEngine, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if !shared.on {
		return nil, nil
	}
	if e := shared.chromium; e != nil && e.ctx.Err() != nil {
		shared.stop()
		shared.chromium = nil
	}
	if shared.chromium == nil {
		ctx, stop, err := chromium.Start(context.Background())
		if err != nil {
			return nil, err
		}
		shared.chromium, shared.stop = &chromiumEngine{ctx}, stop
	}
	return shared.chromium, nil
}

// sharedFirefox is likewise.
func sharedFirefox(ctx context.Context) (*firefoxEngine, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if !shared.on {
		return nil, nil
	}
	if e := shared.firefox; e != nil && e.browser.Ended() {
		e.browser.Stop()
		shared.firefox = nil
	}
	if shared.firefox == nil {
		// Not the test's own context: others use it after this one.
		e, err := startFirefox(context.WithoutCancel(ctx), nil)
		if err != nil {
			return nil, err
		}
		shared.firefox = e
	}
	return shared.firefox, nil
}
