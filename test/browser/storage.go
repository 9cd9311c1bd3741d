package browser

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// LimitStorage gives an origin, such as http://localhost:8080, so many bytes in the page's profile for its databases and caches. Where more
// is kept already, nothing can be added.
func (p *Page) LimitStorage(origin string, bytes int) {
	p.tb.Helper()
	t, ok := p.tab.(*chromiumTab)
	if !ok {
		p.tb.Fatalf("storage is limited in Chromium alone")
	}
	size := float64(bytes)
	limit := func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, storage.OverrideQuotaForOrigin, storage.OverrideQuotaForOriginParams{Origin: origin, QuotaSize: &size})
		return chromedp.Void{}, err
	}
	if err := p.do(func(ctx context.Context) error { return t.do(ctx, limit) }); err != nil {
		p.tb.Fatalf("limit storage: %v", err)
	}
}

// WithoutStorage makes a page that may keep nothing in the stores that are named (localStorage, sessionStorage, indexedDB): each throws, as
// where the person blocks it.
func WithoutStorage(stores ...string) Option {
	script := ""
	for _, store := range stores {
		script += `Object.defineProperty(globalThis, "` + store + `", { get() { throw new DOMException("storage is blocked", "SecurityError"); } });`
	}
	return Script(script)
}

// FullStorage makes a page whose localStorage and sessionStorage are full to the last letter.
func FullStorage() Option {
	return Script(`if (location.protocol.startsWith("http")) for (const store of [localStorage, sessionStorage]) {
		for (let size = 1 << 20, n = 0; size >= 1; ) {
			try { store.setItem("filled " + n + " " + size, "x".repeat(size)); n++; } catch { size >>= 1; }
		}
	}`)
}
