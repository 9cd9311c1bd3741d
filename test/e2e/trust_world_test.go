//go:build e2e

package e2e

import (
	"strconv"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/test/browser"
)

// lastingHome is an agent whose memory outlives it, in a folder.
type lastingHome struct {
	*home
	dir string
}

// startLasting starts an agent with barcode cameras of these numbers, whose state is in dir.
func startLasting(t *testing.T, address, dir string, change func(*camera.Config), numbers ...int) *lastingHome {
	t.Helper()
	memory, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	clock := source.NewClock()
	var cameras []camera.Camera
	for _, n := range numbers {
		cam, _ := rtspCamera(t, n, clock, nil)
		cameras = append(cameras, cam)
	}
	h := startAgentWith(t, func(c *camera.Config) {
		c.Servers, c.Store, c.Clock, c.Cameras = []string{address}, memory, clock, cameras
		if change != nil {
			change(c)
		}
	})
	stop := h.stop
	closed := false
	h.stop = func() {
		stop()
		if !closed {
			closed = true
			if err := memory.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(h.stop)
	return &lastingHome{h, dir}
}

// own claims an agent in a new page and puts the recovery phrase off.
func own(t *testing.T, b *browser.Browser, h *lastingHome, cameras int, options ...browser.Option) *browser.Page {
	t.Helper()
	p := b.NewPage(options...)
	p.Open(h.link(t))
	p.WaitFor(opened("Recovery phrase"), patience)
	p.WaitFor(`document.querySelectorAll(".words li").length === 24`, patience)
	press(p, `[data-action="later"]`)
	p.WaitTiles(cameras, patience, browser.In(browser.Live))
	return p
}

// opened is true while the dialog shows a view with the title.
func opened(title string) string {
	return `document.getElementById("panel").open && document.getElementById("panel-title").textContent === ` + quoted(title)
}

const closedDialog = `!document.getElementById("panel").open`

// openDevices opens the list of devices and waits for the agent's list.
func openDevices(p *browser.Page) {
	p.WaitFor(`!document.getElementById("devices-open").hidden`, patience)
	p.Click("#devices-open")
	p.WaitFor(`document.querySelector("#panel [data-device]")`, patience)
}

// press clicks what a selector matches in the dialog, once it can be.
func press(p *browser.Page, selector string) {
	p.WaitFor(`document.querySelector(`+quoted("#panel "+selector)+`) && !document.querySelector(`+quoted("#panel "+selector)+`).disabled`, patience)
	p.Click("#panel " + selector)
}

// write fills in a field of the dialog.
func write(p *browser.Page, name, text string) {
	selector := `#panel [name="` + name + `"]`
	browser.Eval[bool](p, `(document.querySelector(`+quoted(selector)+`).value = "") === ""`)
	p.Type(selector, text)
}

// row is the JavaScript for the row of the device with the name.
func row(name string) string {
	return `[...document.querySelectorAll("#panel [data-device]")].find((row) => row.querySelector("[data-part=name]").textContent === ` + quoted(name) + `)`
}

// device returns the id of the device with the name in the list.
func device(p *browser.Page, name string) string {
	p.WaitFor(row(name), patience)
	return browser.Eval[string](p, row(name)+".dataset.device")
}

// waitRow waits until the row of the device has the attribute.
func waitRow(p *browser.Page, name, attribute, value string) {
	p.WaitFor(row(name)+`?.getAttribute(`+quoted(attribute)+`) === `+quoted(value), patience)
}

func quoted(s string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`", "${", "\\${").Replace(s) + "`"
}

// inviteLink has an owner make an invite link: the name, the role's value, and names of cameras; none stands for all.
func inviteLink(p *browser.Page, name, role string, cameras ...string) string {
	openDevices(p)
	press(p, `[data-action="invite"]`)
	write(p, "name", name)
	p.Click(`#panel [name="role"][value="` + role + `"]`)
	if len(cameras) > 0 {
		p.Click(`#panel [name="all"]`)
		for _, c := range cameras {
			browser.Eval[bool](p, `[...document.querySelectorAll("#panel [name=camera]")].find((box) => box.parentElement.textContent === `+quoted(c)+`).click() ?? true`)
		}
	}
	press(p, `[data-action="confirm"]`)
	p.WaitFor(opened("Invitation for "+name), patience)
	link := browser.Eval[string](p, `document.querySelector("#panel [data-link]").value`)
	p.Click("#panel-close")
	p.WaitFor(closedDialog, patience)
	return link
}

func itoa(n int) string { return strconv.Itoa(n) }
