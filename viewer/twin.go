package viewer

import (
	"context"
	"time"

	"github.com/sealcam/sealcam/control"
)

// Where packets get lost, a connection to the server stands still again and again until they were sent once more, and with it everything that
// came meanwhile. A second connection beside it, by which the relay sends the same, seldom does so at the same moment: of each frame the copy
// that comes first is taken. That costs as much again of what the network carries, so it is done only where frames are late for no lack of room,
// as long as it helps, and while there is room for it.

// Times and bounds of a twin.
const (
	stallLate  = 60 * time.Millisecond // over the least delay: a frame was held up
	stallParts = 128                   // frames over which the share of these is smoothed
	stallMany  = 0.15                  // of the frames: a second connection may help
	twinAfter  = 3 * time.Second       // of so many
	twinSettle = 5 * time.Second       // of the stream that is wished for, before
	twinGain   = 30 * time.Millisecond // sooner than by the first connection: the second one helped
	gainParts  = 256                   // frames over which their share is smoothed
	gainLittle = 0.05                  // of the frames: it does not help
	twinFirst  = time.Minute           // from a twin in vain, or one for which there was no room, to the next
	twinMost   = 16 * time.Minute
	twinLasts  = 5 * time.Minute // one that stayed for so long was not in vain
	twinWithin = 10 * time.Second
)

// twin is the second connection to the server, and what is known of its use. Viewer.mu guards it.
type twin struct {
	turn   chan struct{} // holds a token when wanted has changed
	wanted bool
	conn   server        // nil: there is none
	began  time.Time     // when it came
	due    time.Time     // since when frames are late so often; zero: they are not
	after  time.Time     // none before
	wait   time.Duration // between two, after one in vain
	gain   float64       // share of the frames for which it helped
	burden lag
}

// want asks for a twin.
func (t *twin) want() {
	t.wanted, t.gain, t.burden = true, 1, lag{}
	signalOnce(t.turn)
}

// leave ends it, or the wish for it.
func (t *twin) leave() {
	t.wanted, t.due = false, time.Time{}
	signalOnce(t.turn)
}

// fail ends it, and puts the next one off.
func (t *twin) fail(now time.Time) {
	if t.wait = min(2*t.wait, twinMost); t.wait == 0 || t.conn != nil && now.Sub(t.began) > twinLasts {
		t.wait = twinFirst
	}
	t.after = now.Add(t.wait)
	t.leave()
}

// came takes by how much later than the quickest a frame came, whichever way.
func (t *twin) came(now time.Time, late time.Duration) (burdened bool) {
	if t.conn == nil || !t.wanted {
		return false
	}
	t.burden.note(now, late, tryLate)
	return t.burden.lasts(tryFor)
}

// copied takes a frame's second copy, and by which connection and how much sooner the first one came.
func (t *twin) copied(by link, ahead time.Duration) {
	helped := 0.
	if by == byMain && ahead >= twinGain {
		helped = 1
	}
	t.gain += (helped - t.gain) / gainParts
}

// decide is called now and then. possible says that the relay sends this device what it wishes for, and stalled that frames are held up.
func (t *twin) decide(now time.Time, possible, stalled bool) {
	switch {
	case t.wanted && !possible:
		t.leave()
	case t.wanted && t.gain < gainLittle:
		t.fail(now)
	case t.wanted:
	case !possible || !stalled || now.Before(t.after):
		t.due = time.Time{}
	case t.due.IsZero():
		t.due = now
	case now.Sub(t.due) >= twinAfter:
		t.want()
	}
}

// stalls is the share of the frames that came late, as those do that wait for a lost packet or behind one that does.
type stalls struct{ share float64 }

func (s *stalls) came(late time.Duration) {
	held := 0.
	if late > stallLate {
		held = 1
	}
	s.share += (held - s.share) / stallParts
}

// double makes the twin whenever one is wanted, until ctx ends.
func (v *Viewer) double(ctx context.Context) {
	defer func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.twin.leave()
	}()
	for v.awaitTwin(ctx, nil, true) {
		within, cancel := context.WithTimeout(ctx, twinWithin)
		c, err := v.dial(within)
		cancel()
		if err == nil {
			v.setTwin(c)
			v.awaitTwin(ctx, c.Done(), false)
			err = c.Err()
		}
		if err != nil && ctx.Err() == nil {
			v.log.Info("viewer: no second connection to the server", "error", err)
			v.mu.Lock()
			v.twin.fail(v.now())
			v.mu.Unlock()
		}
		if c != nil {
			v.setTwin(nil)
			v.close(c)
		}
	}
}

// awaitTwin waits until a twin is wanted or not; false if ctx or the connection ended first.
func (v *Viewer) awaitTwin(ctx context.Context, ended <-chan struct{}, wanted bool) bool {
	for {
		v.mu.Lock()
		is := v.twin.wanted
		v.mu.Unlock()
		if is == wanted {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-ended:
			return false
		case <-v.twin.turn:
		}
	}
}

// setTwin begins or ends to listen to the relay by a second connection.
func (v *Viewer) setTwin(c server) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.twin.conn, v.twin.began = c, v.now()
	for _, h := range v.homes {
		for _, o := range h.cameras {
			o.mirror()
		}
	}
}

// judgeTwin decides whether there is to be one. The caller holds mu.
func (v *Viewer) judgeTwin(now time.Time) {
	possible, stalled := false, false
	for _, h := range v.homes {
		for _, c := range h.cameras {
			if !c.content() {
				continue
			}
			possible = true
			if now.Sub(c.ladder.changed) >= twinSettle && c.stalls.share > stallMany {
				stalled = true
			}
		}
	}
	v.twin.decide(now, possible, stalled)
}

// burdened gives the twin up, since the path has no room for it. What is late meanwhile makes no camera go down. The caller holds mu.
func (v *Viewer) burdened(now time.Time) {
	if v.twin.wanted {
		v.twin.fail(now)
		v.tried = now
	}
}

// content reports whether the relay alone brings the camera, in the stream that is wished for.
func (c *camera) content() bool {
	s := c.h.session
	return s != nil && s.route == control.Relay && c.told.on && c.told.route == control.Relay && !c.wished.Hidden &&
		c.rung <= c.stream() && c.ladder.trying.IsZero()
}

// mirror subscribes by the second connection to what the first one brings. The caller holds mu.
func (c *camera) mirror() {
	t := c.v.twin.conn
	for i := range c.subs {
		sub := &c.subs[i]
		if sub.twin == t {
			continue
		}
		if sub.twin = t; t != nil {
			_ = t.Subscribe(sub.topic, false, c.receiver(c.h.session, sub.stream, sub.copies, byTwin)) // if it has ended, double finds out
		}
	}
}
