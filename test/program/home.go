package program

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// linkWithin bounds how long the agent may take to print its link.
const linkWithin = time.Minute

// Home is a server and an agent with cameras, each a process of its own.
type Home struct {
	Server, Agent *Process
	Address       string // the server's, host:port
	Link          string // that makes who opens it the owner

	tb      browser.TB
	options Options
	config  string // of the agent, a file
	links   chan string
}

// Options say how a Home is run. The zero value is right on this machine.
type Options struct {
	Address  string // of the server; a free port of localhost if empty
	Launch   Launch // (*exec.Cmd).Start if nil
	AgentLog string // the agent's level of logging; "warn" if empty
	Subs     bool   // the agent uses the cameras' sub-streams too
}

// StartHome runs a server and an agent with these cameras until the end of the measurement.
func StartHome(tb browser.TB, o Options, cams ...*rtspcam.Camera) *Home {
	tb.Helper()
	dir, err := os.MkdirTemp("", "sealcam-bench")
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	if o.Launch == nil {
		o.Launch = (*exec.Cmd).Start
	}
	if o.Address == "" {
		o.Address = freeAddress(tb)
	}
	h := &Home{Address: o.Address, tb: tb, options: o, config: filepath.Join(dir, "sealcam.toml"), links: make(chan string, 1)}
	if err := os.WriteFile(h.config, []byte(config(dir, o, cams)), 0o600); err != nil {
		tb.Fatalf("%v", err)
	}
	h.StartServer()
	h.StartAgent()
	select {
	case h.Link = <-h.links:
	case <-time.After(linkWithin):
		tb.Fatalf("the agent prints no link")
	}
	return h
}

// StartServer starts the server, also after it was killed.
func (h *Home) StartServer() {
	h.tb.Helper()
	h.Server = Start(h.tb, h.options.Launch, func(string) {}, "server", "--listen", h.Address, "--udp", "", "--log-level", "warn")
}

// StartAgent starts the agent, also after it was killed.
func (h *Home) StartAgent() {
	h.tb.Helper()
	h.Agent = Start(h.tb, h.options.Launch, func(line string) {
		if strings.HasPrefix(line, "http") && strings.Contains(line, "#claim=") {
			select {
			case h.links <- line:
			default:
			}
		}
	}, "agent", "--config", h.config, "--log-level", cmp.Or(h.options.AgentLog, "warn"))
}

// Claimable tells whether the agent has printed a link since it was last asked.
func (h *Home) Claimable() bool {
	select {
	case <-h.links:
		return true
	default:
		return false
	}
}

func config(dir string, o Options, cams []*rtspcam.Camera) string {
	var c strings.Builder
	fmt.Fprintf(&c, "server = %q\nstate = %q\n", "http://"+o.Address, filepath.Join(dir, "state"))
	for i, cam := range cams {
		fmt.Fprintf(&c, "[[camera]]\nname = \"Camera %d\"\nmain = %q\n", i+1, cam.MainURL())
		if o.Subs {
			fmt.Fprintf(&c, "sub = %q\n", cam.SubURL())
		}
	}
	return c.String()
}

// freeAddress returns an address on localhost that nobody listens on.
func freeAddress(tb browser.TB) string {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		tb.Fatalf("%v", err)
	}
	defer l.Close()
	return fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port)
}

// DeclineWords puts off the recovery phrase, whose panel opens by itself after a claim and covers the cameras.
func DeclineWords(page *browser.Page) {
	const later = `#panel [data-action="later"]`
	page.WaitFor(fmt.Sprintf("document.querySelector(%q)", later), linkWithin)
	page.Click(later)
}
