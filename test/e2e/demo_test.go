//go:build e2e

package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/test/browser"
)

// The first README command as a newcomer sees it: the built binary prints a link, and the link shows two live cameras, one of them JPEG,
// on every size of screen.
func TestDemo(t *testing.T) {
	link := startDemo(t)
	b := browser.Start(t)
	p := b.NewPage(browser.Viewport(1280, 800))
	p.Open(link)
	tiles := p.WaitTiles(2, patience, browser.In(browser.Live))
	for i, name := range []string{"The bay", "Test card"} {
		if !strings.Contains(tiles[i].Text, name) {
			t.Errorf("tile %d says %q, want %q in it", i, tiles[i].Text, name)
		}
	}
	p.Screenshot("display")
	_, client := version(t)
	if assets := browser.Eval[string](p, `document.getElementById("assets").textContent`); !strings.Contains(assets, "sealcam."+client+".wasm") {
		t.Errorf("the binary says that its client is %s; the page has %s", client, assets)
	}
	for name, size := range map[string][2]int{"laptop": {1440, 900}, "phone": {390, 844}} {
		p.Resize(size[0], size[1])
		p.WaitTiles(2, patience, func(tile browser.Tile) bool {
			return tile.State == browser.Live && tile.Picture.Width > 0 &&
				tile.Picture.X >= 0 && tile.Picture.X+tile.Picture.Width <= float64(size[0])
		})
		p.Screenshot(name)
	}

	// Full size by click and by Enter, back by Escape. A click finds a tile only where it stays.
	p.Resize(640, 360)
	p.WaitTiles(2, patience, func(tile browser.Tile) bool {
		return tile.State == browser.Live && tile.Picture.Width > 0 && tile.Picture.X+tile.Picture.Width <= 640 && tile.Picture.Height < 200
	})
	wide := func(tile browser.Tile) bool { return tile.State == browser.Live && tile.Picture.Height > 200 }
	for i, tile := range tiles {
		if i == 0 {
			p.Click("[data-tile]")
		} else {
			p.Press(kb.ArrowRight)
		}
		p.WaitTile(tile.Camera, patience, wide)
	}
	p.Screenshot("full-size")
	p.Press(kb.Escape)
	p.WaitTiles(2, patience, browser.In(browser.Live))
	p.Press(kb.Enter)
	p.WaitFor(`[...document.querySelectorAll("[data-tile]")].filter((tile) => tile.getBoundingClientRect().width > 400).length === 1`, patience)
	noExceptions(t, p)
}

// The binary says which commit it was built from.
func TestVersion(t *testing.T) {
	switch commit, _ := version(t); {
	case exec.Command("git", "rev-parse", "HEAD").Run() != nil:
		if commit != "dev" {
			t.Errorf("built outside of a repository, and calls itself %s", commit)
		}
	case exec.Command("git", "rev-parse", "--verify", "--end-of-options", commit+"^{commit}").Run() != nil:
		t.Errorf("%s is no commit or tag", commit)
	}
}

// version returns what the binary says of itself: the commit or tag, and the page in it.
func version(t *testing.T) (commit, client string) {
	t.Helper()
	output, err := exec.Command(released(t), "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`^sealcam (?:v\S+-g)?(\S+?)(?:-dirty)?\nclient ([0-9a-f]{12})\n$`).FindStringSubmatch(string(output))
	if said == nil {
		t.Fatalf("it says %q", output)
	}
	return said[1], said[2]
}

// released returns the path of the binary that build.sh made.
func released(t *testing.T) string {
	t.Helper()
	path := os.Getenv("SEALCAM_BIN")
	if path == "" {
		t.Skip("SEALCAM_BIN is not set: run ./build.sh test e2e")
	}
	return path
}

// startDemo runs `sealcam demo` and returns the link that it prints.
func startDemo(t *testing.T, args ...string) string {
	t.Helper()
	return startProgram(t, append([]string{"demo", "--port", "0"}, args...)...)
}

// startProgram runs the released binary until the test ends, and returns the first link that it prints.
func startProgram(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(released(t), args...)
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	links := make(chan string, 1)
	var reader sync.WaitGroup
	reader.Go(func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, "http") {
				select {
				case links <- line:
				default: // the same by another address, or a later one
				}
			}
		}
	})
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		reader.Wait()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", args[0], err)
		}
	})
	select {
	case link := <-links:
		return link
	case <-time.After(patience):
		t.Fatal("no link")
		return ""
	}
}
