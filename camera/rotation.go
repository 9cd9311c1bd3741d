package camera

import (
	"crypto/rand"
	"slices"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// begin starts an epoch and announces it to those who watch already.
func (h *hub) begin(now time.Time) (*epoch, error) {
	key, err := seal.NewEpoch(rand.Reader, h.nextID)
	if err != nil {
		return nil, err
	}
	e := &epoch{key: key, began: now, streams: map[seal.Stream]*sealedStream{}, holders: map[identity.DevicePublic]struct{}{}}
	if _, err := rand.Read(e.topic[:]); err != nil {
		return nil, err
	}
	h.nextID++
	h.epochs = append(h.epochs, e)
	for w := range h.watchers {
		w.next, w.sentAt = e, now
		h.announce(e, w)
	}
	return e, nil
}

// announce gives a viewer an epoch's key.
func (h *hub) announce(e *epoch, w *watcher) {
	e.holders[w.device] = struct{}{}
	w.sink.sendControl(e.message(h.number))
}

// ack notes that w can open frames of an epoch.
func (h *hub) ack(w *watcher, number uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if number < h.nextID && number >= w.acked {
		w.acked = number
	}
}

// holders are the devices that were given a key which is still in use: those who watch, and those who watched.
func (h *hub) holders() []identity.DevicePublic {
	h.mu.Lock()
	defer h.mu.Unlock()
	var devices []identity.DevicePublic
	for _, e := range h.epochs {
		for d := range e.holders {
			if !slices.Contains(devices, d) {
				devices = append(devices, d)
			}
		}
	}
	return devices
}

// rotate makes the keys that a revoked viewer holds worthless: everybody who still watches moves to a new epoch at once. Should there be
// none, nobody watches any more.
func (h *hub) rotate() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) == 0 {
		return
	}
	if _, err := h.begin(h.now()); err != nil {
		h.log.Error("no new epoch, so nothing is shown any more", "error", err)
		clear(h.watchers)
		h.attendStills(h.now())
	}
	for w := range h.watchers {
		w.epoch, w.next = w.next, nil
	}
	h.prune()
}

func (h *hub) newest() *epoch {
	if len(h.epochs) == 0 {
		return nil
	}
	return h.epochs[len(h.epochs)-1]
}

// moveEpochs moves viewers to the epoch announced to them, and begins a new one when the newest has served its time.
func (h *hub) moveEpochs(now time.Time) {
	if e := h.newest(); e != nil && len(h.watchers) > 0 && (e.exhausted() || now.Sub(e.began) > epochLife) {
		if _, err := h.begin(now); err != nil {
			h.log.Error("no new epoch", "error", err)
		}
	}
	moved := false
	for w := range h.watchers {
		if w.next != nil && (w.acked >= w.next.key.Number || now.Sub(w.sentAt) >= epochGrace) {
			w.epoch, w.next = w.next, nil
			moved = true
		}
	}
	if moved {
		h.prune()
	}
}

// prune forgets epochs in which nobody watches and nobody is about to.
func (h *hub) prune() {
	h.epochs = slices.DeleteFunc(h.epochs, func(e *epoch) bool {
		for w := range h.watchers {
			if w.epoch == e || w.next == e {
				return false
			}
		}
		for stream, s := range e.streams {
			for p := range s.published {
				p.Retire(e.relayTopic(stream))
			}
		}
		return true
	})
}
