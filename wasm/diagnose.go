//go:build js

package main

import (
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/diagnosis"
	"github.com/sealcam/sealcam/viewer/shortcut"
	"github.com/sealcam/sealcam/wasm/diagnostics"
)

// watchDiagnostics lets people open the panel that tells what is going on.
func (s *screen) watchDiagnostics() {
	d := s.app.owner.dialog
	renderer := ""
	s.diagnostics = &diagnostics.Panel{Dialog: d, Owner: s.names.Owner, Facts: func() diagnosis.Facts {
		f := diagnostics.Browser(renderer, time.Now())
		f.Client, f.Offline = s.app.boot.Version(), s.app.boot.Offline()
		f.Frames, _ = s.stage.Measures()
		return f
	}}
	open := func(first viewer.TileKey) {
		if renderer == "" {
			renderer = diagnostics.Renderer() // on demand: it takes a context of its own
		}
		d.Do(func() { s.diagnostics.Open(first) })
	}
	s.page.Handle(shortcut.Diagnostics, func(shortcut.Press) bool {
		open(viewer.TileKey{})
		return true
	})
	s.page.Tool(shortcut.Diagnostics, open)
}

// diagnose feeds the panel if it is open.
func (s *screen) diagnose(snapshot *viewer.Snapshot, now time.Time) {
	s.app.owner.dialog.Do(func() { s.diagnostics.Look(snapshot, now) })
}
