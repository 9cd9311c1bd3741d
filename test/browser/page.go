package browser

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed sampler.js
var samplerJS string

// commandTimeout bounds each command to the browser: under software GL a loaded page answers slowly.
const commandTimeout = time.Minute

// Page is a tab. Its methods fail the test when the browser does not do as told.
type Page struct {
	browser *Browser
	tb      TB
	ctx     context.Context // ended when the page is closed
	cancel  context.CancelFunc
	tab     tab
	number  int

	mu       sync.Mutex // guards what follows
	messages []Message
	closed   bool
	samples  []Sample // fetched so far
}

// NewPage opens an empty tab, which lives as long as the test. When the test has failed, a screenshot and the console are
// left as artifacts.
func (b *Browser) NewPage(options ...Option) *Page {
	b.tb.Helper()
	o := pageOptions{width: 640, height: 360, scale: 1, scripts: []string{samplerJS}}
	for _, option := range options {
		option(&o)
	}
	b.pages.Lock()
	b.numbers++
	p := &Page{browser: b, tb: b.tb, number: b.numbers}
	b.pages.Unlock()
	// Not the test's own context: it ends before the clean-up, which still takes screenshots.
	p.ctx, p.cancel = context.WithCancel(context.WithoutCancel(b.tb.Context()))
	if err := p.do(func(ctx context.Context) (err error) {
		p.tab, err = b.engine.open(ctx, o, p.note)
		return err
	}); err != nil {
		p.cancel()
		b.tb.Fatalf("open a tab: %v", err)
	}
	b.tb.Cleanup(func() {
		if b.tb.Failed() {
			p.leaveArtifacts()
		}
		p.Close()
	})
	return p
}

func (p *Page) note(m Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = append(p.messages, m)
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
	p.tab.close()
}

// do runs a command within commandTimeout.
func (p *Page) do(command func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(p.ctx, commandTimeout)
	defer cancel()
	return command(ctx)
}

// Open loads an address and waits for the document.
func (p *Page) Open(address string) {
	p.tb.Helper()
	if err := p.do(func(ctx context.Context) error { return p.tab.navigate(ctx, address) }); err != nil {
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
	if err := p.do(p.tab.reload); err != nil {
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
	var v T
	err := p.do(func(ctx context.Context) error {
		text, err := p.tab.evaluate(ctx, expression)
		if err != nil {
			return err
		}
		if string(bytes.TrimSpace(text)) == "null" && !nullable[T]() {
			return errNull
		}
		return json.Unmarshal(text, &v)
	})
	return v, err
}

var errNull = errors.New("the result is null or undefined")

// nullable reports whether a value of the type can stand for JSON's null.
func nullable[T any]() bool {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return true
	}
	return false
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
	if err := p.do(func(ctx context.Context) error { return p.tab.click(ctx, selector) }); err != nil {
		p.tb.Fatalf("click %s: %v", selector, err)
	}
}

// ClickAt clicks a point of the viewport in CSS pixels.
func (p *Page) ClickAt(x, y float64) {
	p.tb.Helper()
	if err := p.do(func(ctx context.Context) error { return p.tab.clickAt(ctx, x, y) }); err != nil {
		p.tb.Fatalf("click at %v,%v: %v", x, y, err)
	}
}

// Press presses keys: characters or the constants of chromedp/kb, such as kb.Enter and kb.Escape.
func (p *Page) Press(keys string) {
	p.tb.Helper()
	if err := p.do(func(ctx context.Context) error { return p.tab.press(ctx, keys) }); err != nil {
		p.tb.Fatalf("press %q: %v", keys, err)
	}
}

// Type types into the element that a CSS selector matches.
func (p *Page) Type(selector, text string) {
	p.tb.Helper()
	if err := p.do(func(ctx context.Context) error { return p.tab.write(ctx, selector, text) }); err != nil {
		p.tb.Fatalf("type into %s: %v", selector, err)
	}
}

// Resize changes the viewport to a size in CSS pixels.
func (p *Page) Resize(width, height int) {
	p.tb.Helper()
	if err := p.do(func(ctx context.Context) error { return p.tab.resize(ctx, width, height) }); err != nil {
		p.tb.Fatalf("resize: %v", err)
	}
}

// SetOffline makes new HTTP requests fail, or lets them through again, and tells the page so. Open
// WebSockets stay.
func (p *Page) SetOffline(offline bool) {
	p.tb.Helper()
	err := p.do(func(ctx context.Context) error { return p.tab.setOffline(ctx, offline) })
	if err != nil {
		p.tb.Fatalf("set offline %v: %v", offline, err)
	}
}

// Console returns what the page wrote to its console so far.
func (p *Page) Console() []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.messages)
}

// Exceptions returns the exceptions that nothing caught so far, and the rejections that nothing handled.
func (p *Page) Exceptions() []string {
	var texts []string
	for _, m := range p.Console() {
		if m.Exception {
			texts = append(texts, m.Text)
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

// veil keeps what people must not show from artifacts: the recovery phrase, and links that let somebody in, with their codes. (A style sheet
// that a script makes needs no leave by the page's policy.)
const veil = `(() => {
	const sheet = globalThis.__sealcamVeil ??= new CSSStyleSheet();
	sheet.replaceSync(".words li, [name=words], [name^=word-], [data-link], [data-part=qr] { filter: opacity(0) !important }");
	if (!document.adoptedStyleSheets.includes(sheet)) document.adoptedStyleSheets.push(sheet);
	return true;
})()`

func (p *Page) screenshot(path string) (image.Image, error) {
	if _, err := tryEval[bool](p, veil); err != nil {
		return nil, err
	}
	var shot []byte
	if err := p.do(func(ctx context.Context) (err error) {
		shot, err = p.tab.screenshot(ctx)
		return err
	}); err != nil {
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
		fmt.Fprintf(&text, "%s %s\n", m.At.Format(time.StampMilli), m.Text)
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
	Tasks  time.Duration // all tasks together; zero in Firefox
	Frames int           // animation frames
	Drawn  time.Duration // spent in animation frames, without sampling
	Heap   int64         // bytes of JavaScript objects and WebAssembly memories in use now; zero in Firefox
}

// Load measures the main thread.
func (p *Page) Load() Load {
	p.tb.Helper()
	var load Load
	err := p.do(func(ctx context.Context) (err error) {
		load, err = p.tab.load(ctx)
		return err
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
