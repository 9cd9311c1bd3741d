package browser

import (
	"context"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Slow makes the page's main thread slower by a factor, as a phone's is, or one that the browser throttles; 1 is as fast as ever. Chromium only.
func (p *Page) Slow(factor float64) {
	p.tb.Helper()
	p.command("slow the page down", func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: factor})
		return err
	})
}

// Freeze stops all of the page's tasks, as browsers do to tabs that are out of sight for long. Its window is minimized first, because what is
// seen is not frozen. Chromium only.
func (p *Page) Freeze() {
	p.tb.Helper()
	p.window(browser.WindowStateMinimized)
	p.WaitFor(`document.visibilityState === "hidden"`, commandTimeout)
	p.lifecycle(page.SetWebLifecycleStateStateFrozen)
}

// Thaw lets a frozen page go on, and be seen again.
func (p *Page) Thaw() {
	p.tb.Helper()
	p.lifecycle(page.SetWebLifecycleStateStateActive)
	p.window(browser.WindowStateNormal)
}

func (p *Page) lifecycle(state page.SetWebLifecycleStateState) {
	p.tb.Helper()
	p.command("make the page "+string(state), func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state})
		return err
	})
}

func (p *Page) window(state browser.WindowState) {
	p.tb.Helper()
	p.command("make the window "+string(state), func(ctx context.Context, t *chromedp.Target) error {
		w, err := cdp.Call(ctx, t, browser.GetWindowForTarget, browser.GetWindowForTargetParams{})
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, t, browser.SetWindowBounds, browser.SetWindowBoundsParams{
			WindowID: w.WindowID, Bounds: &browser.Bounds{WindowState: state},
		})
		return err
	})
}

// command sends commands of the DevTools protocol, which only Chromium understands.
func (p *Page) command(what string, send func(context.Context, *chromedp.Target) error) {
	p.tb.Helper()
	tab, ok := p.tab.(*chromiumTab)
	if !ok {
		p.tb.Fatalf("%s: only in Chromium", what)
	}
	err := p.do(func(ctx context.Context) error {
		return tab.do(ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			return chromedp.Void{}, send(ctx, t)
		})
	})
	if err != nil {
		p.tb.Fatalf("%s: %v", what, err)
	}
}
