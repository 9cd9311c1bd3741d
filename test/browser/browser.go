package browser

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

// TB is the part of testing.TB that this package needs, so that measuring programs can use it too (Run).
type TB interface {
	Helper()
	Name() string
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Failed() bool
	Cleanup(f func())
	Context() context.Context
}

// artifactsVariable names the folder for screenshots and records. Default: build/artifacts of the module.
const artifactsVariable = "SEALCAM_ARTIFACTS"

// Browser is a running browser.
type Browser struct {
	tb      TB
	engine  engine
	pages   sync.Mutex
	numbers int // pages opened, guarded by pages
}

// For returns the browser for a part of the test, whose pages live no longer than that.
func (b *Browser) For(tb TB) *Browser { return &Browser{tb: tb, engine: b.engine} }

// Option changes a page before it is opened.
type Option func(*pageOptions)

type pageOptions struct {
	width, height int
	scale         float64
	touch         bool
	scripts       []string
	sameProfile   *Page
	threadTime    bool
}

// Viewport sets the page's size in CSS pixels. Default: 640×360, because software GL is slow.
func Viewport(width, height int) Option {
	return func(o *pageOptions) { o.width, o.height = width, height }
}

// Scale sets the device's pixels per CSS pixel. Default: 1.
func Scale(scale float64) Option {
	return func(o *pageOptions) { o.scale = scale }
}

// Phone makes the page one of a phone: 390×844 CSS pixels of 2×2 device pixels, and a touch screen: Firefox then clicks with a finger, and
// Chromium says that it has one. Software GL is too slow for more pixels.
func Phone() Option {
	return func(o *pageOptions) { o.width, o.height, o.scale, o.touch = 390, 844, 2, true }
}

// Script runs JavaScript in each document before the page's own.
func Script(source string) Option {
	return func(o *pageOptions) { o.scripts = append(o.scripts, source) }
}

// ThreadTime makes Load.Tasks the time of a processor that the main thread used, without its waits. Chromium only.
func ThreadTime() Option {
	return func(o *pageOptions) { o.threadTime = true }
}

// SameProfile opens the page as another tab of p's profile, with its storage. Default: an empty profile of its own.
func SameProfile(p *Page) Option {
	return func(o *pageOptions) { o.sameProfile = p }
}

// WithoutWebGL makes a page in which no WebGL context can be had.
func WithoutWebGL() Option {
	return Script(`(() => {
		const original = HTMLCanvasElement.prototype.getContext;
		HTMLCanvasElement.prototype.getContext = function (type, ...rest) {
			return /webgl/.test(type) ? null : original.call(this, type, ...rest);
		};
	})()`)
}

// WithoutWebSocket makes a page whose WebSockets fail, as behind a proxy that blocks them.
func WithoutWebSocket() Option {
	return Script(`(() => {
		const Original = globalThis.WebSocket;
		globalThis.WebSocket = class extends Original {
			constructor(url, protocols) { super("ws://127.0.0.1:9/", protocols); }
		};
	})()`)
}

// WithoutPeers makes a page whose peer connections never connect, as behind a firewall that blocks UDP: they may use relays
// alone and have none.
func WithoutPeers() Option {
	return Script(`(() => {
		const Original = globalThis.RTCPeerConnection;
		globalThis.RTCPeerConnection = class extends Original {
			constructor(config) { super({ ...config, iceServers: [], iceTransportPolicy: "relay" }); }
			setConfiguration(config) { super.setConfiguration({ ...config, iceServers: [], iceTransportPolicy: "relay" }); }
		};
	})()`)
}

var unsafeInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// Artifact returns the path for a file of this test in the artifacts' folder and makes its folder.
func (b *Browser) Artifact(name string) string {
	b.tb.Helper()
	dir := os.Getenv(artifactsVariable)
	if dir == "" {
		root, err := moduleRoot()
		if err != nil {
			b.tb.Fatalf("%v", err)
		}
		dir = filepath.Join(root, "build", "artifacts")
	}
	dir = filepath.Join(dir, unsafeInNames.ReplaceAllString(b.tb.Name(), "-"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.tb.Fatalf("%v", err)
	}
	return filepath.Join(dir, unsafeInNames.ReplaceAllString(name, "-"))
}

// Record saves a value as name.json among the artifacts.
func (b *Browser) Record(name string, value any) {
	b.tb.Helper()
	text, err := json.MarshalIndent(value, "", "\t")
	if err == nil {
		err = os.WriteFile(b.Artifact(name+".json"), append(text, '\n'), 0o644)
	}
	if err != nil {
		b.tb.Fatalf("record %s: %v", name, err)
	}
}

// moduleRoot finds the module of the working directory, or else returns the working directory.
func moduleRoot() (string, error) {
	working, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := working; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return working, nil
		}
	}
}

// pollEvery is how often conditions in the page are looked at.
const pollEvery = 20 * time.Millisecond
