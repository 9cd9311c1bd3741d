package viewer

import (
	"context"
	"time"

	"github.com/sealcam/sealcam/signal"
)

// movedWithin is how long the server may be silent after this device's network changed, before another connection is made: by an address
// that the device has no longer nothing comes, and the system would go on trying for minutes.
const movedWithin = 3 * time.Second

// successorWithin bounds an attempt to make another connection. In a blackout the system repeats a lost attempt ever more rarely, so a new
// one gets through sooner.
const successorWithin = 4 * time.Second

// Network tells the viewer that this device's network changed, and whether it says that it has one. The connection to the server is
// made at once if there is none, and another one is if the server does not answer on the new network; direct paths look for other ways. It
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

// follow returns when a connection has ended, with the one to go on with if there is any. While the one seems to be dead it makes another
// beside it, and takes that if the first has not been heard of meanwhile: the system tries an old connection at ever longer intervals, and
// by an address that this device has no longer in vain.
func (v *Viewer) follow(ctx context.Context, c server) server {
	var backoff signal.Backoff
	var trial chan server // under way; it gives nil if it fails
	var began, notBefore time.Time
	for {
		select {
		case <-ctx.Done():
			if trial != nil {
				if next := <-trial; next != nil {
					next.Close()
				}
			}
			return nil
		case <-c.Done():
			if trial != nil {
				return <-trial
			}
			return nil
		case <-v.strand:
			if now := v.now(); trial == nil && !now.Before(notBefore) {
				trial, began = v.try(ctx), now
			}
		case next := <-trial:
			now := v.now()
			trial, notBefore = nil, now.Add(backoff.Next())
			if next == nil {
				continue
			}
			if c.Quiet() >= now.Sub(began) {
				return next
			}
			next.Close()
		}
	}
}

// try makes a connection, or nil.
func (v *Viewer) try(ctx context.Context) chan server {
	made := make(chan server, 1)
	go func() {
		within, cancel := context.WithTimeout(ctx, successorWithin)
		defer cancel()
		c, err := v.dial(within)
		if err != nil {
			c = nil
		}
		made <- c // follow waits for it
	}()
	return made
}
