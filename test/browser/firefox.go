package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sealcam/sealcam/test/bidi"
	"github.com/sealcam/sealcam/test/firefox"
)

// StartFirefox starts Firefox for a test, which ends it. Prefs are added to the usual ones. Without any, tests share one as in Start.
// Without Firefox the test fails.
func StartFirefox(tb TB, prefs firefox.Prefs) *Browser {
	tb.Helper()
	var e *firefoxEngine
	var err error
	if len(prefs) == 0 {
		e, err = sharedFirefox(tb.Context())
	}
	if e == nil && err == nil {
		if e, err = startFirefox(tb.Context(), prefs); err == nil {
			tb.Cleanup(e.browser.Stop)
		}
	}
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return e.lend(tb)
}

// lend returns the browser for one test. When the test has failed, what the browser said is left as an artifact.
func (e *firefoxEngine) lend(tb TB) *Browser {
	b := &Browser{tb: tb, engine: e}
	tb.Cleanup(func() {
		if !tb.Failed() {
			return
		}
		if err := os.WriteFile(b.Artifact("firefox.log"), []byte(e.browser.Log()+"\n"), 0o644); err != nil {
			tb.Logf("no log: %v", err)
		}
	})
	return b
}

// firefoxEngine is Firefox, driven by WebDriver BiDi. Each tab is a window, since only tabs in front draw; each profile is a user context
// (a container).
type firefoxEngine struct {
	browser *firefox.Firefox

	mu       sync.Mutex               // guards what follows
	consoles map[string]func(Message) // by browsing context
	taken    []string                 // places on the screen, by the browsing contexts that have them; empty: free
}

// step is how far the places on the screen are apart. A window whose left edge is seen is not hidden, and goes on drawing.
const step = 40

func startFirefox(ctx context.Context, prefs firefox.Prefs) (*firefoxEngine, error) {
	e := &firefoxEngine{consoles: map[string]func(Message){}}
	var err error
	if e.browser, err = firefox.Start(ctx, prefs, e.event); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	if err := e.browser.Call(ctx, "session.subscribe", map[string]any{"events": []string{"log.entryAdded"}}, nil); err != nil {
		e.browser.Stop()
		return nil, err
	}
	return e, nil
}

// event passes log entries on to their tab (§7.8.1).
func (e *firefoxEngine) event(method string, params json.RawMessage) {
	var entry struct {
		Type, Level, Text string
		Timestamp         int64
		Source            struct{ Context string }
		StackTrace        struct {
			CallFrames []struct {
				URL        string
				LineNumber int
			}
		}
	}
	if method != "log.entryAdded" || json.Unmarshal(params, &entry) != nil {
		return
	}
	e.mu.Lock()
	console := e.consoles[entry.Source.Context]
	e.mu.Unlock()
	if console == nil {
		return // the tab is closed
	}
	text := entry.Level + ": " + entry.Text
	if frames := entry.StackTrace.CallFrames; len(frames) > 0 {
		text += fmt.Sprintf(" (%s:%d)", withoutFragment(frames[0].URL), frames[0].LineNumber+1)
	}
	exception := entry.Type == "javascript" && entry.Level == "error" && !ofNetwork(entry.Text)
	console(Message{At: time.UnixMilli(entry.Timestamp), Text: text, Exception: exception})
}

// ofNetwork reports whether what Firefox logs as an error of the script is that of a WebSocket, of which the page gets an event.
func ofNetwork(text string) bool {
	return strings.HasPrefix(text, "Firefox can’t establish a connection to the server") || strings.HasPrefix(text, "The connection to ws")
}

func (e *firefoxEngine) open(ctx context.Context, o pageOptions, console func(Message)) (_ tab, err error) {
	t := &firefoxTab{engine: e, scale: o.scale, pointer: "mouse"}
	if o.touch {
		t.pointer = "touch"
	}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if o.sameProfile != nil {
		t.profile = o.sameProfile.tab.(*firefoxTab).profile
	} else {
		var made struct{ UserContext string }
		if err := e.browser.Call(ctx, "browser.createUserContext", nil, &made); err != nil {
			return nil, err
		}
		t.profile, t.owner = made.UserContext, true
	}
	var made struct{ Context string }
	err = e.browser.Call(ctx, "browsingContext.create", map[string]any{"type": "window", "userContext": t.profile}, &made)
	if err != nil {
		return nil, err
	}
	t.id = made.Context
	e.mu.Lock()
	e.consoles[t.id] = console
	e.mu.Unlock()
	if err := e.show(ctx, t.id); err != nil {
		return nil, err
	}
	if err := t.resize(ctx, o.width, o.height); err != nil {
		return nil, err
	}
	for _, script := range o.scripts {
		err := e.browser.Call(ctx, "script.addPreloadScript", map[string]any{
			"functionDeclaration": "() => {" + script + "\n}", "contexts": []string{t.id},
		}, nil)
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

// show gives a window a place on the screen where others do not cover it whole.
func (e *firefoxEngine) show(ctx context.Context, id string) error {
	var tree struct {
		Contexts []struct{ ClientWindow string }
	}
	if err := e.browser.Call(ctx, "browsingContext.getTree", map[string]any{"root": id, "maxDepth": 0}, &tree); err != nil {
		return err
	}
	if len(tree.Contexts) != 1 {
		return fmt.Errorf("%d windows of one tab", len(tree.Contexts))
	}
	e.mu.Lock()
	place := slices.Index(e.taken, "")
	if place < 0 {
		place = len(e.taken)
		e.taken = append(e.taken, "")
	}
	e.taken[place] = id
	e.mu.Unlock()
	return e.browser.Call(ctx, "browser.setClientWindowState", map[string]any{
		"clientWindow": tree.Contexts[0].ClientWindow, "state": "normal", "x": (place + 1) * step, "y": 0,
	}, nil)
}

// firefoxTab is a window of Firefox.
type firefoxTab struct {
	engine  *firefoxEngine
	id      string // of the browsing context; empty: none yet
	profile string // the user context
	owner   bool   // of the user context
	scale   float64
	pointer string // with what it is clicked (PointerEvent.pointerType)
}

// call calls a command on this tab.
func (t *firefoxTab) call(ctx context.Context, method string, params map[string]any, result any) error {
	params["context"] = t.id
	return t.engine.browser.Call(ctx, method, params, result)
}

func (t *firefoxTab) close() {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	if t.id != "" {
		_ = t.call(ctx, "browsingContext.close", map[string]any{}, nil) // a crashed browser has closed it
	}
	if t.owner {
		_ = t.engine.browser.Call(ctx, "browser.removeUserContext", map[string]any{"userContext": t.profile}, nil)
	}
	t.engine.mu.Lock()
	defer t.engine.mu.Unlock()
	delete(t.engine.consoles, t.id)
	if place := slices.Index(t.engine.taken, t.id); t.id != "" && place >= 0 {
		t.engine.taken[place] = ""
	}
}

func (t *firefoxTab) navigate(ctx context.Context, address string) error {
	return t.call(ctx, "browsingContext.navigate", map[string]any{"url": address, "wait": "complete"}, nil)
}

func (t *firefoxTab) reload(ctx context.Context) error {
	return t.call(ctx, "browsingContext.reload", map[string]any{"wait": "complete"}, nil)
}

// remoteValue is a value in the page (§7.7.2.6): those without a handle are primitive.
type remoteValue struct {
	Type   string
	Value  json.RawMessage
	Handle string
}

// run evaluates an expression, or calls a function declaration with arguments, and returns what came out.
func (t *firefoxTab) run(ctx context.Context, method string, params map[string]any) (remoteValue, error) {
	params["target"] = map[string]any{"context": t.id}
	params["awaitPromise"] = true
	params["resultOwnership"] = "root"
	params["serializationOptions"] = map[string]any{"maxObjectDepth": 0, "maxDomDepth": 0}
	var answer struct {
		Type             string
		Result           remoteValue
		ExceptionDetails struct{ Text string }
	}
	if err := t.engine.browser.Call(ctx, method, params, &answer); err != nil {
		return remoteValue{}, err
	}
	if answer.Type != "success" {
		return remoteValue{}, fmt.Errorf("exception: %s", answer.ExceptionDetails.Text)
	}
	return answer.Result, nil
}

func (t *firefoxTab) evaluate(ctx context.Context, expression string) ([]byte, error) {
	v, err := t.run(ctx, "script.evaluate", map[string]any{"expression": expression})
	if err != nil {
		return nil, err
	}
	if v.Handle != "" {
		// The protocol's own form of objects is long; theirs in JSON is what the callers want.
		object := v.Handle
		v, err = t.run(ctx, "script.callFunction", map[string]any{
			"functionDeclaration": "(value) => JSON.stringify(value)", "arguments": []any{map[string]any{"handle": object}},
		})
		if err == nil {
			err = t.engine.browser.Call(ctx, "script.disown", map[string]any{
				"handles": []string{object}, "target": map[string]any{"context": t.id},
			}, nil)
		}
		if err != nil {
			return nil, err
		}
		if v.Type == "string" {
			var text string
			err := json.Unmarshal(v.Value, &text)
			return []byte(text), err
		}
	}
	switch v.Type {
	case "undefined", "null":
		return []byte("null"), nil
	case "string", "boolean":
		return v.Value, nil
	case "number":
		var special string
		if json.Unmarshal(v.Value, &special) == nil {
			return nil, fmt.Errorf("%s cannot be written in JSON", special) // NaN and its like
		}
		return v.Value, nil
	}
	return nil, fmt.Errorf("a result of type %s", v.Type)
}

// place returns where in the viewport the middle of the first element lies that a selector matches. It waits until the element is visible
// and lies still, and brings it into view.
func (t *firefoxTab) place(ctx context.Context, selector string, focus bool) (x, y float64, err error) {
	const find = `(selector, focus) => {
		const element = document.querySelector(selector);
		if (!element) return "";
		element.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
		const { x, y, width, height } = element.getBoundingClientRect();
		if (width === 0 || height === 0 || getComputedStyle(element).visibility !== "visible") return "";
		if (focus) element.focus();
		return JSON.stringify([x + width / 2, y + height / 2]);
	}`
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	before := "" // what was seen the last time: typing scrolls a field into view after its keys were taken
	for {
		v, err := t.run(ctx, "script.callFunction", map[string]any{"functionDeclaration": find, "arguments": []any{
			map[string]any{"type": "string", "value": selector}, map[string]any{"type": "boolean", "value": focus},
		}})
		var text string
		var found [2]float64
		switch {
		case err != nil && !temporary(err):
			return 0, 0, err
		case err == nil && json.Unmarshal(v.Value, &text) == nil && text == before && json.Unmarshal([]byte(text), &found) == nil:
			return found[0], found[1], nil
		}
		before = text
		select {
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		case <-tick.C:
		}
	}
}

// temporary reports whether a look failed because the page was being loaded.
func temporary(err error) bool {
	var failure *bidi.Error
	return errors.As(err, &failure) && (failure.Code == "no such frame" || failure.Code == "unknown error")
}

func (t *firefoxTab) click(ctx context.Context, selector string) error {
	x, y, err := t.place(ctx, selector, false)
	if err != nil {
		return err
	}
	return t.clickAt(ctx, x, y)
}

func (t *firefoxTab) clickAt(ctx context.Context, x, y float64) error {
	return t.perform(ctx, map[string]any{
		"type": "pointer", "id": t.pointer, "parameters": map[string]any{"pointerType": t.pointer},
		"actions": []any{
			map[string]any{"type": "pointerMove", "x": int(x), "y": int(y)},
			map[string]any{"type": "pointerDown", "button": 0},
			map[string]any{"type": "pointerUp", "button": 0},
		},
	})
}

func (t *firefoxTab) perform(ctx context.Context, source map[string]any) error {
	return t.call(ctx, "input.performActions", map[string]any{"actions": []any{source}}, nil)
}

// webDriverKeys are WebDriver's names (§17.4.2 of W3C WebDriver) for the keys that chromedp/kb has constants for.
var webDriverKeys = strings.NewReplacer(
	"\b", "\ue003", "\t", "\ue004", "\r", "\ue007", "\u001b", "\ue00c", "\u007f", "\ue017",
	"\u0308", "\ue00e", "\u0307", "\ue00f", "\u0305", "\ue010", "\u0306", "\ue011",
	"\u0302", "\ue012", "\u0304", "\ue013", "\u0303", "\ue014", "\u0301", "\ue015",
)

func (t *firefoxTab) press(ctx context.Context, keys string) error {
	var actions []any
	for _, key := range webDriverKeys.Replace(keys) {
		if key == '\n' {
			key = '\ue007'
		}
		actions = append(actions, map[string]any{"type": "keyDown", "value": string(key)}, map[string]any{"type": "keyUp", "value": string(key)})
	}
	return t.perform(ctx, map[string]any{"type": "key", "id": "keyboard", "actions": actions})
}

func (t *firefoxTab) write(ctx context.Context, selector, text string) error {
	if _, _, err := t.place(ctx, selector, true); err != nil {
		return err
	}
	return t.press(ctx, text)
}

func (t *firefoxTab) resize(ctx context.Context, width, height int) error {
	return t.call(ctx, "browsingContext.setViewport", map[string]any{
		"viewport": map[string]any{"width": width, "height": height}, "devicePixelRatio": t.scale,
	}, nil)
}

func (t *firefoxTab) setOffline(ctx context.Context, offline bool) error {
	var conditions any
	if offline {
		conditions = map[string]any{"type": "offline"}
	}
	return t.engine.browser.Call(ctx, "emulation.setNetworkConditions", map[string]any{
		"networkConditions": conditions, "contexts": []string{t.id},
	}, nil)
}

func (t *firefoxTab) screenshot(ctx context.Context) ([]byte, error) {
	var shot struct{ Data string }
	if err := t.call(ctx, "browsingContext.captureScreenshot", map[string]any{"origin": "viewport"}, &shot); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(shot.Data)
}

func (t *firefoxTab) load(context.Context) (Load, error) { return Load{}, nil } // it tells pages and drivers nothing of that
