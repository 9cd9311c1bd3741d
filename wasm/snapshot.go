//go:build js

package main

import (
	"bytes"
	"context"
	"fmt"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/photo"
	"github.com/sealcam/sealcam/viewer/shortcut"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/page"
	"github.com/sealcam/sealcam/wasm/save"
)

// watchSnapshot lets people save a camera's picture.
func (s *screen) watchSnapshot() {
	s.page.Tool(shortcut.Snapshot, func(key viewer.TileKey) {
		if t := s.tile(key); t != nil {
			s.snapshot(t, time.Now())
		}
	})
}

// tile returns the camera as of the last snapshot of the viewer; nil if it is not there.
func (s *screen) tile(key viewer.TileKey) *viewer.Tile {
	for i := range s.tiles {
		if s.tiles[i].Key == key {
			return &s.tiles[i]
		}
	}
	return nil
}

// snapshot saves the picture that is shown just now. Only the gate makes pictures, so what is saved was opened and verified.
func (s *screen) snapshot(t *viewer.Tile, now time.Time) {
	if t.Picture == nil {
		why := t.Sentence()
		if why == "" {
			why = words.Say("Wait until it comes.")
		}
		s.page.Toast(words.Sayf("There is no picture of %s to save.", t.Name)+" "+why, "", nil)
		return
	}
	// The picture is lent until the next display frame.
	p := t.Picture
	picture := &photo.Picture{
		Layout: p.Layout(), Width: p.Width(), Height: p.Height(), Data: bytes.Clone(p.Bytes()), FullRange: p.FullRange(), Matrix: p.Matrix(),
	}
	facts := &photo.Facts{
		Camera: t.Name, Owner: s.names.Owner(t.Key), CameraID: t.Key.Camera.String(), AgentID: t.Key.Agent.String(), Home: t.Home,
		Taken: t.CameraTime, Age: t.Age, Stale: t.State == viewer.Stale, Saved: now, Client: s.app.boot.Version(), Browser: page.DeviceName(),
	}
	go func() {
		file, err := develop(context.Background(), picture, facts)
		if err == nil {
			err = s.handOver(file)
		}
		if err != nil {
			s.app.log.Error("snapshot", "error", err)
			s.page.Toast(words.Say("The picture could not be saved. Free some space on this device, or allow this site to download files, and try again."), "", nil)
		}
	}()
}

func develop(ctx context.Context, p *photo.Picture, facts *photo.Facts) (*save.File, error) {
	lines, err := p.Scanlines()
	if err != nil {
		return nil, err
	}
	stream, err := save.Compress(ctx, lines, p.ScanlinesLen())
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return &save.File{Name: facts.FileName(), Type: "image/png", Data: p.File(stream, facts.Texts(), facts.Saved)}, nil
}

// handOver downloads the file, and on phones offers to hand it to another program.
func (s *screen) handOver(file *save.File) error {
	share := func() {
		file.Share(func(err error) {
			s.app.log.Warn("sharing", "error", err)
			s.page.Toast(words.Say("This device did not share the picture. Try again, or look among the downloads."), "", nil)
		})
	}
	canShare := file.CanShare()
	// Pages on an iPhone's home screen have no downloads.
	if canShare && js.Global().Get("navigator").Get("standalone").Truthy() {
		s.page.Toast(words.Say("The picture is ready."), words.Say("Save or share"), share)
		return nil
	}
	if err := file.Download(); err != nil {
		return err
	}
	if canShare {
		s.page.Toast(words.Sayf("Saved as %s", file.Name), words.Say("Share"), share)
		return nil
	}
	s.page.Toast(words.Sayf("Saved as %s", file.Name), "", nil)
	return nil
}
