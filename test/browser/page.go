package browser

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"image"
	"image/png"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

//go:embed sampler.js
var samplerJS string

// commandTimeout bounds each command to the browser: under software GL a loaded page answers slowly.
const commandTimeout = time.Minute

// Page is a tab. Its methods fail the test when the browser does not do as told.
type Page struct {
	browser *Browser
	tb      TB
	ctx     context.Context // chromedp's handle of the tab, which outlives calls
	cancel  context.CancelFunc
	number  int
	log     sync.WaitGroup // the reader of the console

	mu       sync.Mutex // guards what follows
	messages []chromedp.ConsoleMessage
	closed   bool
	samples  []Sample // fetched so far
}

// NewPage opens an empty tab, which lives as long as the test. When the test has failed, a screenshot and the console are
// left as artifacts.
func (b *Browser) NewPage(options ...Option) *Page {
	b.tb.Helper()
	o := pageOptions{width: 640, height: 360, scale: 1}
	for _, option := range options {
		option(&o)
	}
	b.pages.Lock()
	b.numbers++
	p := &Page{browser: b, tb: b.tb, number: b.numbers}
	b.pages.Unlock()
	if o.sameProfile != nil {
		p.ctx, p.cancel = chromedp.NewContext(o.sameProfile.ctx)
	} else {
		p.ctx, p.cancel = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	}
	if err := chromedp.Do(p.ctx, chromedp.EmulateViewport(o.width, o.height, chromedp.EmulateScale(o.scale))); err != nil {
		b.tb.Fatalf("open a tab: %v", err)
	}
	messages := chromedp.Console(p.ctx)
	p.log.Go(func() {
		for m, err := range messages {
			if err != nil {
				return // the tab is gone
			}
			p.mu.Lock()
			p.messages = append(p.messages, m)
			p.mu.Unlock()
		}
	})
	b.tb.Cleanup(func() {
		if b.tb.Failed() {
			p.leaveArtifacts()
		}
		p.Close()
	})
	if _, err := chromedp.Call(p.ctx, performance.Enable, performance.EnableParams{}); err != nil {
		b.tb.Fatalf("prepare a tab: %v", err)
	}
	for _, script := range append([]string{samplerJS}, o.scripts...) {
		if _, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
			b.tb.Fatalf("prepare a tab: %v", err)
		}
	}
	return p
}

// Close closes the tab and waits for it.
func (p *Page) Close() {
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	p.mu.Unlock()
	if closed {
		return
	}
	p.cancel()
	p.log.Wait()
}

// do runs actions within commandTimeout.
func (p *Page) do(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, commandTimeout)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

// Open loads an address and waits for the document.
func (p *Page) Open(address string) {
	p.tb.Helper()
	if err := p.do(chromedp.Navigate(address)); err != nil {
		p.tb.Fatalf("open %s: %v", withoutFragment(address), err)
	}
}

// withoutFragment removes what may hold a claim's secret.
func withoutFragment(address string) string {
	address, _, _ = strings.Cut(address, "#")
	return address
}

// Reload loads the page's address again.
func (p *Page) Reload() {
	p.tb.Helper()
	if err := p.do(chromedp.Reload()); err != nil {
		p.tb.Fatalf("reload: %v", err)
	}
}

// Address returns what the address bar shows.
func (p *Page) Address() string {
	p.tb.Helper()
	return Eval[string](p, "location.href")
}

// Eval evaluates a JavaScript expression, whose promise it awaits, and decodes the result from JSON.
func Eval[T any](p *Page, expression string) T {
	p.tb.Helper()
	v, err := tryEval[T](p, expression)
	if err != nil {
		p.tb.Fatalf("evaluate %.80q: %v", expression, err)
	}
	return v
}

func tryEval[T any](p *Page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, commandTimeout)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Text returns the page's visible text.
func (p *Page) Text() string {
	p.tb.Helper()
	return Eval[string](p, "document.body?.innerText ?? ''")
}

// WaitText waits until the visible text contains the words.
func (p *Page) WaitText(words string, timeout time.Duration) {
	p.tb.Helper()
	text, ok := poll(p, timeout, func() (string, bool) {
		text, err := tryEval[string](p, "document.body?.innerText ?? ''")
		return text, err == nil && strings.Contains(text, words)
	})
	if !ok {
		p.tb.Fatalf("the page does not say %q after %v but %q", words, timeout, text)
	}
}

// WaitFor waits until a JavaScript expression is true.
func (p *Page) WaitFor(expression string, timeout time.Duration) {
	p.tb.Helper()
	_, ok := poll(p, timeout, func() (bool, bool) {
		v, err := tryEval[bool](p, "!!("+expression+")")
		return v, err == nil && v
	})
	if !ok {
		p.tb.Fatalf("not true after %v: %s", timeout, expression)
	}
}

// Click clicks the middle of the first element that a CSS selector matches.
func (p *Page) Click(selector string) {
	p.tb.Helper()
	if err := p.do(chromedp.Click(chromedp.CSS(selector))); err != nil {
		p.tb.Fatalf("click %s: %v", selector, err)
	}
}

// ClickAt clicks a point of the viewport in CSS pixels.
func (p *Page) ClickAt(x, y float64) {
	p.tb.Helper()
	if err := p.do(chromedp.MouseClickXY(x, y)); err != nil {
		p.tb.Fatalf("click at %v,%v: %v", x, y, err)
	}
}

// Press presses keys: characters or the constants of chromedp/kb, such as kb.Enter and kb.Escape.
func (p *Page) Press(keys string) {
	p.tb.Helper()
	if err := p.do(chromedp.KeyEvent(keys)); err != nil {
		p.tb.Fatalf("press %q: %v", keys, err)
	}
}

// Type types into the element that a CSS selector matches.
func (p *Page) Type(selector, text string) {
	p.tb.Helper()
	if err := p.do(chromedp.SendKeys(chromedp.CSS(selector), text)); err != nil {
		p.tb.Fatalf("type into %s: %v", selector, err)
	}
}

// Resize changes the viewport to a size in CSS pixels.
func (p *Page) Resize(width, height int) {
	p.tb.Helper()
	if err := p.do(chromedp.EmulateViewport(int64(width), int64(height))); err != nil {
		p.tb.Fatalf("resize: %v", err)
	}
}

// SetOffline makes new HTTP requests fail, or lets them through again, and tells the page so. Open
// WebSockets stay.
func (p *Page) SetOffline(offline bool) {
	p.tb.Helper()
	err := p.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
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
	if err != nil {
		p.tb.Fatalf("set offline %v: %v", offline, err)
	}
}

// Console returns what the page wrote to its console so far.
func (p *Page) Console() []chromedp.ConsoleMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]chromedp.ConsoleMessage(nil), p.messages...)
}

// Exceptions returns the exceptions that nothing caught so far, and the rejections that nothing handled.
func (p *Page) Exceptions() []string {
	var texts []string
	for _, m := range p.Console() {
		if m.IsException() {
			texts = append(texts, m.String())
		}
	}
	return texts
}

// Screenshot saves the viewport as name.png among the artifacts and returns it.
func (p *Page) Screenshot(name string) image.Image {
	p.tb.Helper()
	img, err := p.screenshot(p.browser.Artifact(name + ".png"))
	if err != nil {
		p.tb.Fatalf("screenshot: %v", err)
	}
	return img
}

func (p *Page) screenshot(path string) (image.Image, error) {
	ctx, cancel := context.WithTimeout(p.ctx, commandTimeout)
	defer cancel()
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, shot, 0o644); err != nil {
		return nil, err
	}
	return png.Decode(bytes.NewReader(shot))
}

// leaveArtifacts helps to understand a failure; it cannot itself fail the test.
func (p *Page) leaveArtifacts() {
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	name := fmt.Sprintf("page-%d", p.number)
	if !closed {
		if _, err := p.screenshot(p.browser.Artifact(name + ".png")); err != nil {
			p.tb.Logf("no screenshot: %v", err)
		}
	}
	var text strings.Builder
	for _, m := range p.Console() {
		fmt.Fprintf(&text, "%s %s\n", m.Time.Format(time.StampMilli), m.String())
	}
	path := p.browser.Artifact(name + ".log")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		p.tb.Logf("no console: %v", err)
		return
	}
	p.tb.Logf("screenshot and console of the page are beside %s", path)
}

// Load is the work of a page's main thread since it was opened.
type Load struct {
	Tasks  time.Duration // all tasks together
	Frames int           // animation frames
	Drawn  time.Duration // spent in animation frames, without sampling
	Heap   int64         // bytes of JavaScript objects and WebAssembly memories in use now
}

// Load measures the main thread.
func (p *Page) Load() Load {
	p.tb.Helper()
	var load Load
	err := p.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
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
	if err != nil {
		p.tb.Fatalf("measure: %v", err)
	}
	frames := Eval[struct {
		Frames int
		Busy   float64
	}](p, "({Frames: __sealcamSampler.frames, Busy: __sealcamSampler.busy})")
	load.Frames, load.Drawn = frames.Frames, time.Duration(frames.Busy*float64(time.Millisecond))
	return load
}

// poll looks again and again until ok or until the time is over, and returns what it saw last. A page that is being loaded
// makes a look fail, which counts as not ok.
func poll[T any](p *Page, timeout time.Duration, look func() (T, bool)) (T, bool) {
	ctx, cancel := context.WithTimeout(p.ctx, timeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		v, ok := look()
		if ok {
			return v, true
		}
		select {
		case <-ctx.Done():
			return v, false
		case <-tick.C:
		}
	}
}
