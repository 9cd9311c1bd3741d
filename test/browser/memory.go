package browser

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Heap collects the page's garbage and returns the bytes of the JavaScript objects and DOM nodes that are left, without WebAssembly memory.
// Only Chromium can tell.
func (p *Page) Heap() int64 {
	p.tb.Helper()
	tab, ok := p.tab.(*chromiumTab)
	if !ok {
		p.tb.Fatalf("only Chromium tells what its heap holds")
	}
	var used float64
	err := p.do(func(ctx context.Context) error {
		return tab.do(ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			if _, err := cdp.Call(ctx, t, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
				return chromedp.Void{}, err
			}
			usage, err := cdp.Call(ctx, t, runtime.GetHeapUsage, cdp.Empty{})
			used = usage.UsedSize + usage.EmbedderHeapUsedSize
			return chromedp.Void{}, err
		})
	})
	if err != nil {
		p.tb.Fatalf("measure the heap: %v", err)
	}
	return int64(used)
}
