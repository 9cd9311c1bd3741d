//go:build js

package main

import (
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/shortcut"
)

// watchRename lets people name cameras on this device.
func (s *screen) watchRename() {
	s.page.Tool(shortcut.Rename, func(key viewer.TileKey) {
		t := s.tile(key)
		if t == nil {
			return
		}
		d := s.app.owner.dialog
		d.Do(func() {
			s.names.Form(d, key, t.Name, func(said string) {
				s.dirty.Store(true)
				s.page.Toast(said, "", nil)
			})
		})
	})
}
