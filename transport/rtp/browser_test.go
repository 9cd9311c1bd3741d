//go:build !js

package rtp

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/transport"
)

// TestBrowser sends frames to the Receiver for browsers in Chromium: through RTCRtpScriptTransform, through createEncodedStreams, and
// with neither.
func TestBrowser(t *testing.T) {
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		t.Skip("no Chromium here; build.sh installs one")
	}
	if testing.Short() {
		t.Skip("builds WASM and starts a browser")
	}
	files := buildPage(t)
	const noScript = "delete window.RTCRtpScriptTransform;"
	t.Run("script transform", func(t *testing.T) { browserReceives(t, chromium, files, "") })
	t.Run("encoded streams", func(t *testing.T) { browserReceives(t, chromium, files, noScript) })
	t.Run("neither", func(t *testing.T) {
		b := startBrowser(t, chromium, files, noScript+"delete RTCRtpReceiver.prototype.createEncodedStreams;", nil, nil)
		if got := b.wait("/error"); string(got) != ErrUnsupported.Error() {
			t.Errorf("NewReceiver: %s", got)
		}
	})
}

func browserReceives(t *testing.T, chromium string, files http.Handler, before string) {
	candidates := make(chan string, 64)
	s, err := NewSender(SenderConfig{Slots: MaxSlots, Loopback: true, OnCandidate: func(c string) { candidates <- c }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	offer := offerOf(t, s)
	b := startBrowser(t, chromium, files, before, map[string]func() []byte{
		"/offer":      func() []byte { return []byte(offer) },
		"/candidates": func() []byte { return []byte(<-candidates) },
	}, func(c string) {
		if err := s.AddCandidate(c); err != nil {
			t.Logf("candidate not used: %v", err) // names of mDNS, on the loopback
		}
	})
	if err := s.Answer(string(b.wait("/answer"))); err != nil {
		t.Fatal(err)
	}
	for string(b.wait("/state")) != "connected" {
	}
	// Two cameras in one slot and one in another, frames up to 1 MiB. All must come back as they were.
	want := map[string]bool{}
	const frames = 60
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	send := func(f transport.Frame) {
		want[string(f.Camera)+string(f.Sealed)] = true
		s.Send(f)
	}
	for n := range frames {
		size := 8_000
		if n%30 == 0 {
			size = 1 << 20
		}
		send(frameOf(3, n, size))
		send(frameOf(3+MaxSlots, n, 900))
		send(frameOf(15, n, 20_000))
		<-tick.C
	}
	for range len(want) {
		got := string(b.wait("/frame"))
		if !want[got] {
			t.Fatalf("a frame of camera %d with %d bytes that was not sent, or twice", got[0], len(got)-1)
		}
		delete(want, got)
	}
	until(t, "all is acknowledged", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.slots[3].unacked)+len(s.slots[15].unacked) == 0
	})
	if st := s.Stats(); st.BadAcks+st.WrittenOff+st.Dropped+st.Failed != 0 || st.Frames != 3*frames {
		t.Errorf("%+v", st)
	}
	// A frame cut short does not come out.
	begun := s.Stats().Packets
	s.Send(frameOf(3, 0, MaxSealed))
	until(t, "the frame is begun", func() bool { return s.Stats().Packets > begun })
	s.Flush(3)
	last := frameOf(3, 30, 3000)
	s.Send(last)
	if got := b.wait("/frame"); string(got[1:]) != string(last.Sealed) {
		t.Errorf("after a flush: %d bytes of camera %d", len(got)-1, got[0])
	}
	close(b.finish)
	stats, path, _ := strings.Cut(string(b.wait("/stats")), " path=")
	if stats != "frames=181 bad=1 dropped=0" {
		t.Errorf("receiver: %s", stats)
	}
	// Each end may hear of the other's address by its packets first.
	if !regexp.MustCompile(`^(host|prflx),(host|prflx)$`).MatchString(path) {
		t.Errorf("the path's ends are %q", path)
	}
}

// until waits for a condition that no channel tells of.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// browser is a page in Chromium and what it posts.
type browser struct {
	t      *testing.T
	posts  map[string]chan []byte
	finish chan struct{}
}

// wait returns the next post to a path.
func (b *browser) wait(path string) []byte {
	b.t.Helper()
	failed := b.posts["/error"]
	if path == "/error" {
		failed = nil
	}
	select {
	case body := <-b.posts[path]:
		return body
	case body := <-failed:
		b.t.Fatalf("page: %s", body)
	case <-time.After(60 * time.Second):
		b.t.Fatalf("the page posted no %s within a minute", path)
	}
	return nil
}

// startBrowser opens a page that runs testdata/page after the script before, and serves what it gets.
func startBrowser(t *testing.T, chromium string, files http.Handler, before string, gets map[string]func() []byte, candidate func(string)) *browser {
	t.Helper()
	b := &browser{t: t, posts: map[string]chan []byte{}, finish: make(chan struct{})}
	mux := http.NewServeMux()
	mux.Handle("GET /", files)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<!doctype html><script>`+before+`</script><script src="wasm_exec.js"></script><script>
const go = new Go();
WebAssembly.instantiateStreaming(fetch("page.wasm"), go.importObject).then((r) => go.run(r.instance));
</script>`)
	})
	for path, get := range gets {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(get()) })
	}
	mux.HandleFunc("GET /finish", func(http.ResponseWriter, *http.Request) { <-b.finish })
	for _, path := range []string{"/answer", "/state", "/frame", "/error", "/stats"} {
		posts := make(chan []byte, 4096)
		b.posts[path] = posts
		mux.HandleFunc("POST "+path, func(_ http.ResponseWriter, r *http.Request) {
			if body, err := io.ReadAll(r.Body); err == nil {
				posts <- body
			}
		})
	}
	mux.HandleFunc("POST /candidate", func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			candidate(string(body))
		}
	})
	server := httptest.NewServer(mux)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
		"--user-data-dir="+t.TempDir(), server.URL)
	var output bytes.Buffer
	cmd.Stderr = &output
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed
		server.CloseClientConnections()
		server.Close()
		if t.Failed() {
			for line := range strings.Lines(output.String()) {
				if !strings.Contains(line, "dbus") { // there is none in a container
					t.Log("Chromium: ", line)
				}
			}
		}
	})
	return b
}

// buildPage builds testdata/page and serves it with what it needs.
func buildPage(t *testing.T) http.Handler {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "page.wasm"), "./testdata/page")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]string{
		"wasm_exec.js": filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"),
		"worker.js":    filepath.Join("..", "..", "static", "worker.js"),
	} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return http.FileServer(http.Dir(dir))
}
