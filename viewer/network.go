package viewer

import (
	"time"

	"github.com/sealcam/sealcam/signal"
)

// movedWithin is how long the server may be silent after this device's network changed, before its connection is made anew: by an address
// that the device has no longer nothing comes, and the system would go on trying for minutes.
const movedWithin = 3 * time.Second

// Network tells the viewer that this device's network changed, and whether it says that it has one. The connection to the server is
// made at once if there is none, and made anew if the server does not answer on the new network; so are the ways of the direct paths. It
// does not block for long, and may be called as often as the device says so.
func (v *Viewer) Network(online bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	v.offline = !online
	if !online {
		return
	}
	if v.server == nil {
		signalOnce(v.retry)
		return
	}
	v.moved = now
	v.server.Probe()
	for _, h := range v.homes {
		if s := h.session; s != nil && !s.over {
			s.peer.moved = now
			signalOnce(s.peer.events)
			s.inquired = time.Time{}
			s.inquire(now)
		}
	}
}

// stranded reports whether the connection to the server did not survive a change of this device's network. The caller holds mu.
func (v *Viewer) stranded(now time.Time) bool {
	if v.moved.IsZero() || v.server == nil {
		return false
	}
	since := now.Sub(v.moved)
	if v.server.Quiet() <= since {
		v.moved = time.Time{}
		return false
	}
	return since > movedWithin
}

// attach notes which connection to the server there is; nil: none.
func (v *Viewer) attach(c server) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.server, v.moved = c, time.Time{}
	select {
	case <-v.strand: // of the one before
	default:
	}
}

// linkError says why a connection to the server ended: one that the viewer gave up itself was silent.
func linkError(c server) error {
	if err := c.Err(); err != nil {
		return err
	}
	return signal.ErrSilent
}
