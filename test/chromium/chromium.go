// Package chromium starts headless Chromium for tests and measurements, always with the same flags and an empty profile.
package chromium

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/chromedp/chromedp"
)

// ErrNotFound is returned when the machine has no Chromium.
var ErrNotFound = errors.New("chromium is missing: install it with apt-get install chromium, or name it in CHROMIUM")

// startTimeout bounds the start of the process: a busy machine needs several seconds to load it.
const startTimeout = time.Minute

// stopTimeout bounds its orderly end, after which it is killed.
const stopTimeout = 10 * time.Second

// Path finds the browser: the file that the environment variable CHROMIUM names, or else the first of the usual names on PATH.
func Path() (string, error) {
	if named := os.Getenv("CHROMIUM"); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("environment variable CHROMIUM: %w", err)
		}
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNotFound
}

// options are the flags for machines without a GPU, a sandbox or a network. Chromium keeps timers and frames going in pages
// that are not in front, so that several can be measured side by side.
func options(path string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.Env("LC_ALL=C.UTF-8"), // or names of downloads are limited to ASCII where nothing sets a locale
		chromedp.ExecPath(path),
		chromedp.Headless,
		chromedp.NoSandbox,
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("enable-unsafe-swiftshader", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-default-apps", true),
		chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-breakpad", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-hang-monitor", true),
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-features", "Translate,MediaRouter,OptimizationHints"),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("password-store", "basic"),
		chromedp.Flag("use-mock-keychain", true),
	}
}

// Start starts a browser with an empty profile, to which extra adds flags. The context returned is chromedp's, for its first
// tab; stop ends the browser, waits for it and removes the profile; it may be called again.
func Start(parent context.Context, extra ...chromedp.ExecAllocatorOption) (ctx context.Context, stop func(), err error) {
	path, err := Path()
	if err != nil {
		return nil, nil, err
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(parent, append(options(path), extra...)...)
	ctx, cancel := chromedp.NewContext(allocator)
	stop = sync.OnceFunc(func() {
		// Cancel stops the process in order and waits for it; the deadline turns that into a kill.
		deadline, done := context.WithTimeout(ctx, stopTimeout)
		defer done()
		_ = chromedp.Cancel(deadline) // an error means that it was killed or had died, which ends it as well
		cancel()
		cancelAllocator()
	})
	// The browser lives as long as the context of the first call, so a timer bounds that call instead of a deadline.
	late := time.AfterFunc(startTimeout, cancel)
	err = chromedp.Do(ctx)
	if !late.Stop() && err == nil {
		err = context.DeadlineExceeded
	}
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return ctx, stop, nil
}
