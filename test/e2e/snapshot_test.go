//go:build e2e

package e2e

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/test/barcode"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/viewer/gate"
)

// A picture is saved as it was decoded, of the camera that was meant and of its full size, with its camera and time in the file; a tile
// without a picture says why there is none to save.
func TestSnapshot(t *testing.T) {
	n := startServer(t, nil)
	clock := source.NewClock()
	third, _ := rtspCamera(t, 3, clock, nil)
	fifth, _ := rtspCamera(t, 5, clock, nil)
	fifth.Name = `Höf/門口 <b>🐈`
	h := startAgent(t, n.address, nil, clock, third, fifth)
	p := claim(t, browser.Start(t), h, 2, "")
	folder := t.TempDir()
	p.KeepDownloads(folder)
	tiles := p.Tiles()
	p.WaitFor(opened("Recovery phrase"), patience)
	press(p, "#panel-close")

	p.Press(kb.ArrowRight)
	p.Press("s")
	small := p.WaitDownload(folder, patience)
	wantSnapshot(t, small, 3, tiles[0].Camera, h.id.String(), cameraName+" 3", image.Pt(640, 360))
	p.WaitFor(`document.getElementById("toast").dataset.gone === undefined`, patience)

	p.Press("2")
	p.WaitFor(`sealcam.stats().tiles.some((tile) => tile.camera === "`+tiles[1].Camera+`" && tile.width > 1000)`, patience)
	p.Click(`[data-tool="snapshot"]`)
	large := p.WaitDownload(folder, patience, small)
	wantSnapshot(t, large, 5, tiles[1].Camera, h.id.String(), fifth.Name, image.Pt(1152, 648))
	if name := filepath.Base(large); !strings.HasPrefix(name, "Höf-門口 -b-🐈 20") {
		t.Errorf("the file is called %q", name)
	}
	p.Screenshot("saved")

	h.stop()
	p.WaitTile(tiles[1].Camera, patience, browser.In(browser.Blank))
	p.Press("s")
	p.WaitFor(`/^There is no picture of .* to save\. .{20}/.test(document.getElementById("toast-text").textContent)`, patience)
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 2 {
		t.Errorf("%d files, %v", len(entries), err)
	}
	noExceptions(t, p)
}

func wantSnapshot(t *testing.T, path string, camera int, cameraID, agentID, title string, size image.Point) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds().Size() != size {
		t.Errorf("%v pixels, want %v", img.Bounds().Size(), size)
	}
	if reading, err := barcode.DecodeImage(img, img.Bounds()); err != nil || reading.Camera != camera {
		t.Errorf("it shows camera %d, %v; want %d", reading.Camera, err, camera)
	}
	texts := pngTexts(file)
	if texts["Title"] != title || texts["Camera ID"] != cameraID || texts["Agent ID"] != agentID {
		t.Errorf("it says %q", texts)
	}
	if !strings.Contains(texts["Comment"], "opened and verified on this device") {
		t.Errorf("comment %q", texts["Comment"])
	}
	taken, err := time.Parse(time.RFC3339, texts["Creation Time"])
	if err != nil || time.Since(taken).Abs() > time.Minute {
		t.Errorf("taken at %q", texts["Creation Time"])
	}
	saved, err := time.Parse(time.RFC3339, texts["Saved"])
	if err != nil {
		t.Errorf("saved at %q", texts["Saved"])
	}
	// On a busy machine the picture may just have become old; then the file has to say so. Both times are whole seconds.
	switch age, old := saved.Sub(taken), strings.Contains(texts["Comment"], "no longer live"); {
	case texts["State"] == "live" && !old && age <= gate.LiveFor:
	case texts["State"] == "stale" && old && age >= gate.LiveFor-time.Second:
	default:
		t.Errorf("%v old, in state %q it says %q", age, texts["State"], texts["Comment"])
	}
}

// pngTexts returns the iTXt chunks of a PNG file that image/png found to be sound.
func pngTexts(file []byte) map[string]string {
	texts := map[string]string{}
	for rest := file[8:]; len(rest) > 0; {
		n := int(binary.BigEndian.Uint32(rest))
		if string(rest[4:8]) == "iTXt" {
			keyword, value, _ := strings.Cut(string(rest[8:8+n]), "\x00")
			texts[keyword] = strings.TrimLeft(value, "\x00")
		}
		rest = rest[12+n:]
	}
	return texts
}
