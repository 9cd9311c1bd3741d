package browser

import (
	"context"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"github.com/sealcam/sealcam/test/chromium"
)

// Start starts Chromium for a test, which ends it. Flags add command line switches, such as
// chromedp.Flag("use-fake-device-for-media-stream", true). Without flags tests share one (Sharing); their pages have profiles of their own
// all the same. Without Chromium the test fails.
func Start(tb TB, flags ...chromedp.ExecAllocatorOption) *Browser {
	tb.Helper()
	if len(flags) == 0 {
		e, err := sharedChromium()
		if err != nil {
			tb.Fatalf("%v", err)
		}
		if e != nil {
			return &Browser{tb: tb, engine: e}
		}
	}
	// Not the test's own context: it ends before the clean-up, which still takes screenshots.
	ctx, stop, err := chromium.Start(context.WithoutCancel(tb.Context()), flags...)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(stop)
	return &Browser{tb: tb, engine: &chromiumEngine{ctx}}
}

// chromiumEngine is Chromium, driven by the DevTools protocol.
type chromiumEngine struct {
	ctx context.Context // chromedp's, for the browser
}

func (e *chromiumEngine) open(ctx context.Context, o pageOptions, console func(Message)) (tab, error) {
	t := &chromiumTab{scale: o.scale, touch: o.touch}
	if o.sameProfile != nil {
		t.ctx, t.cancel = chromedp.NewContext(o.sameProfile.tab.(*chromiumTab).ctx)
	} else {
		t.ctx, t.cancel = chromedp.NewContext(e.ctx, chromedp.WithNewBrowserContext())
	}
	// The tab lives as long as the context of the first call, which therefore has no deadline.
	if err := chromedp.Do(t.ctx, t.viewport(o.width, o.height)); err != nil {
		t.cancel()
		return nil, err
	}
	messages := chromedp.Console(t.ctx)
	t.console.Go(func() {
		for m, err := range messages {
			if err != nil {
				return // the tab is gone
			}
			console(Message{At: m.Time, Text: m.String(), Exception: m.IsException()})
		}
	})
	if err := t.prepare(ctx, o); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// chromiumTab is a tab of Chromium.
type chromiumTab struct {
	ctx     context.Context // chromedp's handle of the tab, which outlives calls
	cancel  context.CancelFunc
	scale   float64
	touch   bool
	console sync.WaitGroup // its reader
}

func (t *chromiumTab) prepare(ctx context.Context, o pageOptions) error {
	ctx, cancel := t.within(ctx)
	defer cancel()
	domain := performance.EnableTimeDomainTimeTicks
	if o.threadTime {
		domain = performance.EnableTimeDomainThreadTicks
	}
	if _, err := chromedp.Call(ctx, performance.Enable, performance.EnableParams{TimeDomain: domain}); err != nil {
		return err
	}
	for _, script := range o.scripts {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *chromiumTab) viewport(width, height int) chromedp.Action[chromedp.Void] {
	options := []chromedp.EmulateViewportOption{chromedp.EmulateScale(t.scale)}
	if t.touch {
		options = append(options, chromedp.EmulateTouch)
	}
	return chromedp.EmulateViewport(int64(width), int64(height), options...)
}

// within returns the tab's context, ended when ctx ends.
func (t *chromiumTab) within(ctx context.Context) (context.Context, context.CancelFunc) {
	both, cancel := context.WithCancelCause(t.ctx)
	stop := context.AfterFunc(ctx, func() { cancel(ctx.Err()) })
	return both, func() {
		stop()
		cancel(context.Canceled)
	}
}

func (t *chromiumTab) do(ctx context.Context, actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := t.within(ctx)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

func (t *chromiumTab) close() {
	t.cancel()
	t.console.Wait()
}

func (t *chromiumTab) navigate(ctx context.Context, address string) error {
	return t.do(ctx, chromedp.Navigate(address))
}

func (t *chromiumTab) reload(ctx context.Context) error { return t.do(ctx, chromedp.Reload()) }

func (t *chromiumTab) evaluate(ctx context.Context, expression string) ([]byte, error) {
	ctx, cancel := t.within(ctx)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise))
	if err == nil && len(text) == 0 {
		text = []byte("null")
	}
	return text, err
}

func (t *chromiumTab) click(ctx context.Context, selector string) error {
	return t.do(ctx, chromedp.Click(chromedp.CSS(selector)))
}

func (t *chromiumTab) clickAt(ctx context.Context, x, y float64) error {
	return t.do(ctx, chromedp.MouseClickXY(x, y))
}

func (t *chromiumTab) press(ctx context.Context, keys string) error {
	return t.do(ctx, chromedp.KeyEvent(keys))
}

func (t *chromiumTab) write(ctx context.Context, selector, text string) error {
	return t.do(ctx, chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (t *chromiumTab) resize(ctx context.Context, width, height int) error {
	return t.do(ctx, t.viewport(width, height))
}

func (t *chromiumTab) screenshot(ctx context.Context) ([]byte, error) {
	ctx, cancel := t.within(ctx)
	defer cancel()
	return chromedp.Run(ctx, chromedp.CaptureScreenshot())
}

func (t *chromiumTab) setOffline(ctx context.Context, offline bool) error {
	return t.do(ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, t, network.Enable, network.EnableParams{}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := cdp.Call(ctx, t, network.OverrideNetworkState, network.OverrideNetworkStateParams{
			Offline: offline, DownloadThroughput: -1, UploadThroughput: -1,
		})
		if err != nil {
			return chromedp.Void{}, err
		}
		rules := []*network.Conditions{}
		if offline {
			rules = append(rules, &network.Conditions{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
		}
		_, err = cdp.Call(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: rules,
		})
		return chromedp.Void{}, err
	})
}

func (t *chromiumTab) load(ctx context.Context) (load Load, err error) {
	err = t.do(ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		r, err := cdp.Call(ctx, t, performance.GetMetrics, cdp.Empty{})
		for _, m := range r.Metrics {
			switch m.Name {
			case "TaskDuration":
				load.Tasks = time.Duration(m.Value * float64(time.Second))
			case "JSHeapUsedSize":
				load.Heap = int64(m.Value)
			}
		}
		return chromedp.Void{}, err
	})
	return load, err
}
