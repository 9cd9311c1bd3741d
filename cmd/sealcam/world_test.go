package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/internal/pause"
	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
)

const patience = 30 * time.Second

// output is what a command writes, while it writes.
type output struct {
	mu      sync.Mutex
	b       bytes.Buffer
	changed chan struct{}
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// find waits until the pattern matches what was written behind from, and returns its first group.
func (o *output) find(t *testing.T, from int, pattern string) string {
	t.Helper()
	exp := regexp.MustCompile(pattern)
	end := time.After(patience)
	for {
		o.mu.Lock()
		text, changed := o.b.String(), o.changed
		o.mu.Unlock()
		if m := exp.FindStringSubmatch(text[from:]); m != nil {
			return m[len(m)-1]
		}
		select {
		case <-changed:
		case <-end:
			t.Fatalf("waited for %q in vain; there is:\n%s", pattern, text[from:])
		}
	}
}

// command is a run of the program.
type command struct {
	t              *testing.T
	stdout, stderr *output
	stdin          *io.PipeWriter
	stop           context.CancelFunc
	done           chan struct{}
	code           int
}

func start(t *testing.T, args ...string) *command {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	c := &command{t: t, stdout: newOutput(), stderr: newOutput(), stdin: w, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.code = run(ctx, args, r, c.stdout, c.stderr)
		r.Close()
	}()
	t.Cleanup(func() {
		cancel()
		w.Close()
		<-c.done
	})
	return c
}

// says waits for a text on standard error; false if the command ends without it.
func (c *command) says(text string) bool {
	c.t.Helper()
	end := time.After(patience)
	for over := false; ; {
		c.stderr.mu.Lock()
		found, changed := strings.Contains(c.stderr.b.String(), text), c.stderr.changed
		c.stderr.mu.Unlock()
		if found || over {
			return found
		}
		select {
		case <-changed:
		case <-c.done:
			over = true
		case <-end:
			c.t.Fatalf("waited for %q in vain; there is:\n%s", text, c.stderr)
		}
	}
}

// answer answers a question.
func (c *command) answer(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.stdin, line+"\n"); err != nil {
		c.t.Fatalf("nobody reads %q; the command said:\n%s%s", line, c.stdout, c.stderr)
	}
}

// wait returns the exit code.
func (c *command) wait() int {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		c.t.Fatalf("the command goes on; it said:\n%s%s", c.stdout, c.stderr)
	}
	return c.code
}

// house is an agent that runs by the command line, and its server.
type house struct {
	t      *testing.T
	server string
	dir    string // the state folder
	config string
	agent  *command
}

func newHouse(t *testing.T) *house {
	t.Helper()
	s, err := server.New(server.Config{Listen: "127.0.0.1:0", KnockDelay: 300 * time.Millisecond, Limits: server.Limits{ConnectBurst: 10_000, KnocksPerMinuteAddress: 10_000}})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(context.Background()) })
	t.Cleanup(func() {
		s.Close()
		running.Wait()
	})
	dir := t.TempDir()
	h := &house{t: t, server: "http://" + s.Addr().String(), dir: filepath.Join(dir, "state"), config: filepath.Join(dir, "sealcam.toml")}
	h.write("[[camera]]\nname = \"Porch\"\ntestcard = true\n[[camera]]\nname = \"Hall\"\ntestcard = true\n")
	h.startAgent()
	return h
}

func (h *house) write(cameras string) {
	h.t.Helper()
	text := fmt.Sprintf("server = %q\nstate = %q\n%s", h.server, h.dir, cameras)
	if err := os.WriteFile(h.config, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) startAgent() {
	h.t.Helper()
	h.agent = start(h.t, "agent", "-config", h.config)
	h.agent.stderr.find(h.t, 0, "connected to")
}

func (h *house) stopAgent() {
	h.t.Helper()
	h.agent.stop()
	if code := h.agent.wait(); code != 0 {
		h.t.Errorf("the agent ends with exit code %d: %s", code, h.agent.stderr)
	}
}

// claimLink is the link that the agent printed.
func (h *house) claimLink() string {
	h.t.Helper()
	return h.agent.stdout.find(h.t, 0, `(http\S+#claim=\S+)`)
}

// ask runs a command of the agent to its end, with an answer on each line of stdin.
func (h *house) ask(stdin string, args ...string) (code int, stdout, stderr string) {
	h.t.Helper()
	return ask(h.t, stdin, append([]string{"agent", args[0], "-config", h.config}, args[1:]...)...)
}

func ask(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, problems := newOutput(), newOutput()
	code = run(ctx, args, strings.NewReader(stdin), out, problems)
	return code, out.String(), problems.String()
}

// must is ask for what has to succeed.
func (h *house) must(stdin string, args ...string) string {
	h.t.Helper()
	code, stdout, stderr := h.ask(stdin, args...)
	if code != 0 {
		h.t.Fatalf("%v: exit code %d, said:\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}

// fails is ask for what must not, and must say why.
func (h *house) fails(stdin, says string, args ...string) {
	h.t.Helper()
	code, stdout, stderr := h.ask(stdin, args...)
	checkFailure(h.t, code, stdout, stderr, says)
}

func checkFailure(t *testing.T, code int, stdout, stderr, says string) {
	t.Helper()
	if code != 1 || !strings.Contains(stderr, says) {
		t.Errorf("exit code %d, said:\n%s%s\nwant %q in it", code, stdout, stderr, says)
	}
	if strings.Contains(stderr, "goroutine ") || strings.Contains(stderr, "panic") {
		t.Errorf("a stack: %s", stderr)
	}
}

// claim makes the house's command line the owner, and returns the 24 words.
func (h *house) claim() string {
	h.t.Helper()
	c := start(h.t, "agent", "claim", "-config", h.config)
	c.stderr.find(h.t, 0, "Paste the link")
	c.answer(h.claimLink())
	words := shownWords(h.t, c)
	answerWords(h.t, c, words)
	if c.wait() != 0 {
		h.t.Fatalf("claiming: %s%s", c.stdout, c.stderr)
	}
	return strings.Join(words, " ")
}

var shownWord = regexp.MustCompile(` {2,}(\d+) ([a-z]+)`)

// shownWords reads the phrase as a person does.
func shownWords(t *testing.T, c *command) []string {
	t.Helper()
	c.stderr.find(t, 0, `word (\d+):`)
	words := make([]string, identity.PhraseWords)
	for _, m := range shownWord.FindAllStringSubmatch(c.stdout.String(), -1) {
		var n int
		fmt.Sscan(m[1], &n)
		if n >= 1 && n <= len(words) && words[n-1] == "" {
			words[n-1] = m[2]
		}
	}
	if _, err := identity.ParsePhrase(strings.Join(words, " ")); err != nil {
		t.Fatalf("the words that are shown are none: %v\n%s", err, c.stdout)
	}
	return words
}

func answerWords(t *testing.T, c *command, words []string) {
	t.Helper()
	for from, n := 0, 0; n < askedWords; n++ {
		var number int
		fmt.Sscan(c.stderr.find(t, from, `word (\d+):`), &number)
		from = strings.Index(c.stderr.String()[from:], fmt.Sprintf("word %d:", number)) + from + len("word 1:")
		c.answer(words[number-1])
	}
}

// guest is a device that comes by an invite link.
type guest struct {
	key    identity.DeviceKey
	viewer *viewer.Viewer
	mu     sync.Mutex
	home   viewer.Home
}

func (h *house) open(link string) *guest {
	h.t.Helper()
	_, fragment, _ := strings.Cut(link, "#")
	agent, secret, err := pairing.ParseInvite(fragment)
	if err != nil {
		h.t.Fatal(err)
	}
	key, err := identity.GenerateDevice(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	g := &guest{key: key}
	g.viewer = viewer.New(viewer.Config{
		Dial: func(ctx context.Context) (*signal.Client, error) {
			return signal.Dial(ctx, signal.Options{URL: h.server, Role: signal.RoleViewer, Signer: key.Signer()})
		},
		Self: key.Signer(), DeviceName: "Guest", Invite: &viewer.Invite{Agent: agent, Secret: secret},
		NewDecoder: func(codec.Config, func(viewer.Decoded)) (viewer.Decoder, error) {
			return nil, errors.New("no pictures here")
		},
		Remember: func(home viewer.Home) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.home = home
		},
	})
	ctx, cancel := context.WithCancel(h.t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = g.viewer.Run(ctx) })
	h.t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return g
}

// await waits until the guest's home is as wanted.
func (g *guest) await(t *testing.T, what string, ok func(viewer.HomeStatus) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		s := g.viewer.Snapshot()
		if len(s.Homes) == 1 && ok(s.Homes[0]) {
			return
		}
		if !pause.For(ctx, lookEvery) {
			t.Fatalf("waited for a guest that is %s; it is %+v, %+v", what, s.Homes, s.Link)
		}
	}
}

func (g *guest) awaitReady(t *testing.T) {
	t.Helper()
	g.await(t, "let in", func(h viewer.HomeStatus) bool { return h.Ready })
}
