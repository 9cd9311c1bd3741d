package camera

import (
	"github.com/sealcam/sealcam/camera/ladder"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// hear takes a unit of sound from the camera's source. Each is a group of its own, so that nobody who joins is sent what is past.
func (h *hub) hear(au codec.AccessUnit) {
	if !h.sound || !au.Key || !au.Config.Codec.Sound() || len(au.Data) == 0 || len(au.Data) > codec.MaxSoundUnit {
		return
	}
	if _, err := au.Config.AppendBinary(nil); err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	first := !h.heard()
	if h.spread(seal.Sound, au); first {
		h.offers()
	}
}

// heard reports whether the camera offers sound: what it delivers is handed on, and some has come. Callers hold mu.
func (h *hub) heard() bool { return h.sound && h.gops[seal.Sound].number > 0 }

// hasSound is heard for those who do not hold mu.
func (h *hub) hasSound() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.heard()
}

// listen begins or ends the sending of sound to w: from the next unit on, whatever there was before. Callers hold mu.
func (h *hub) listen(w *watcher, wanted bool) {
	switch {
	case !wanted:
		w.ear = nil
	case w.ear == nil || w.ear.at == position{}:
		w.ear = &feed{Step: ladder.Step{Stream: seal.Sound}, at: h.gops[seal.Sound].next()}
	}
}
