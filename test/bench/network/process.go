//go:build linux

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/rtspcam"
	"github.com/sealcam/sealcam/transport/netem"
)

const port = 8477

// startSealcam runs server and agent on the camera's side, and returns the server's address and the claim link.
func startSealcam(tb browser.TB, network *netem.Network, cam *rtspcam.Camera) (address, link string) {
	dir, err := os.MkdirTemp("", "sealcam-bench")
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	address = fmt.Sprintf("%s:%d", network.Address(netem.A), port)
	start(tb, network, func(string) {}, "server", "--listen", address, "--udp", "", "--log-level", "warn")
	config := fmt.Sprintf("server = %q\nstate = %q\n[[camera]]\nname = \"Camera\"\nmain = %q\nsub = %q\n",
		"http://"+address, filepath.Join(dir, "state"), cam.MainURL(), cam.SubURL())
	path := filepath.Join(dir, "sealcam.toml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		tb.Fatalf("%v", err)
	}
	links := make(chan string, 1)
	start(tb, network, func(line string) {
		if strings.HasPrefix(line, "http") {
			select {
			case links <- line:
			default:
			}
		}
	}, "agent", "--config", path, "--log-level", "warn")
	select {
	case link = <-links:
	case <-time.After(patience):
		tb.Fatalf("the agent prints no link")
	}
	return address, link
}

// start runs the binary under test on the camera's side until the end of the measurement. It hands each line that it prints to said.
func start(tb browser.TB, network *netem.Network, said func(line string), args ...string) {
	path := os.Getenv("SEALCAM_BIN")
	if path == "" {
		tb.Fatalf("SEALCAM_BIN is not set: run ./build.sh bench network")
	}
	cmd := exec.Command(path, args...)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatalf("%v", err)
	}
	if err := network.Start(netem.A, cmd); err != nil {
		tb.Fatalf("%v", err)
	}
	var reader sync.WaitGroup
	reader.Go(func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			said(strings.TrimSpace(lines.Text()))
		}
	})
	tb.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		reader.Wait()
		if err := cmd.Wait(); err != nil {
			tb.Errorf("sealcam %s: %v", args[0], err)
		}
	})
}

// withQuery puts a query before a link's fragment.
func withQuery(link, query string) string {
	if query == "" {
		return link
	}
	before, fragment, _ := strings.Cut(link, "#")
	return before + "?" + query + "#" + fragment
}
