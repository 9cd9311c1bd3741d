//go:build js

package diagnostics

import (
	"context"
	"slices"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/diagnosis"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/save"
)

// writeEvery is how often the open panel is written.
const writeEvery = time.Second

// Panel is the view. Its methods need the dialog's lock.
type Panel struct {
	Dialog *dialog.Dialog
	Facts  func() diagnosis.Facts // of the page now
	// Owner returns the owner's name of a camera if this device has another one for it.
	Owner func(viewer.TileKey) string

	view     *dialog.View
	first    viewer.TileKey // the camera that comes first
	meters   map[viewer.TileKey]*diagnosis.Meter
	sections map[viewer.TileKey]*section
	page     *section
	report   string
	written  time.Time
}

// Open opens the panel with a camera first; the zero key is none.
func (p *Panel) Open(first viewer.TileKey) {
	if p.Shown() {
		return
	}
	p.first, p.written, p.report = first, time.Time{}, ""
	p.meters, p.sections, p.page = map[viewer.TileKey]*diagnosis.Meter{}, map[viewer.TileKey]*section{}, newSection()
	v := p.Dialog.Push(words.Say("Diagnostics"), dom.Clone("view-diagnostics"))
	p.view = v
	v.OnClick(v.Body.Action("copy"), p.copy)
	v.OnLeave(func() { p.meters, p.sections, p.page, p.view = nil, nil, nil, nil })
}

// Shown reports whether the panel is open, so that Look is worth being called.
func (p *Panel) Shown() bool { return p.view != nil && p.view.Alive() }

// Look takes the viewer's snapshot, of which it keeps no picture.
func (p *Panel) Look(s *viewer.Snapshot, now time.Time) {
	if !p.Shown() {
		return
	}
	for i := range s.Tiles {
		p.meter(s.Tiles[i].Key).Look(&s.Tiles[i], now)
	}
	if now.Sub(p.written) < writeEvery {
		return
	}
	p.written = now
	facts := p.Facts()
	p.report = diagnosis.Text(&facts, s, p.meter)
	tiles := slices.Clone(s.Tiles)
	slices.SortStableFunc(tiles, func(a, b viewer.Tile) int { return p.rank(a.Key) - p.rank(b.Key) })
	var order []dom.Node
	seen := map[viewer.TileKey]bool{}
	for i := range tiles {
		t := &tiles[i]
		seen[t.Key] = true
		sec := p.sections[t.Key]
		if sec == nil {
			sec = newSection()
			p.sections[t.Key] = sec
		}
		sec.write(p.title(t), diagnosis.Camera(t, p.meter(t.Key)))
		order = append(order, sec.node)
	}
	for key := range p.sections {
		if !seen[key] {
			delete(p.sections, key)
			delete(p.meters, key)
		}
	}
	p.page.write(words.Say("This page"), diagnosis.Page(&facts, s))
	p.view.Body.Part("sections").Order(append(order, p.page.node))
}

// title names a camera as this device does, and as the owner does if that is another name.
func (p *Panel) title(t *viewer.Tile) string {
	if owner := p.Owner(t.Key); owner != "" {
		return t.Name + " · " + owner
	}
	return t.Name
}

func (p *Panel) rank(key viewer.TileKey) int {
	if key == p.first {
		return 0
	}
	return 1
}

func (p *Panel) meter(key viewer.TileKey) *diagnosis.Meter {
	m := p.meters[key]
	if m == nil {
		m = &diagnosis.Meter{}
		p.meters[key] = m
	}
	return m
}

// copy puts the report on the clipboard, or, where the browser does not let it, into a field to copy from.
func (p *Panel) copy() {
	v, report := p.view, p.report
	v.Go(func(ctx context.Context) error { return save.Copy(ctx, report) }, func(err error) {
		if err == nil {
			v.Body.Part("done").Write(words.Say("The report is copied. Paste it where you were asked for it."))
			return
		}
		v.Body.Part("text").Show(true)
		field := v.Body.Field("report")
		field.SetContent(report)
		field.Call("select")
		v.Body.Part("done").Write(words.Say("This browser does not let the page copy. Copy the text above yourself."))
	})
}
