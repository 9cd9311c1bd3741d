package viewer

import (
	"context"
	"time"

	"github.com/sealcam/sealcam/control"
)

type sentPing struct {
	id     uint32
	queued time.Time
	sent   time.Time // zero until the writer takes it
}

// ping keeps the agent's clock known and notices when the agent no longer answers.
func (s *agentSession) ping(ctx context.Context) error {
	quick, hurried := quickPings, false
	for id := uint32(1); ; id++ {
		known, err := s.queuePing(id)
		if err != nil {
			return err
		}
		if hurried && !known {
			quick, hurried = quickPings, false
		}
		if quick--; !known {
			quick = max(quick, 1)
		}
		every := pingEvery
		if quick > 0 {
			every = quickEvery
		}
		t := time.NewTimer(every)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-s.hurry:
			t.Stop()
			hurried = true
		case <-t.C:
		}
	}
}

// queuePing reports whether the agent's clock is known already.
func (s *agentSession) queuePing(id uint32) (known bool, err error) {
	v := s.h.v
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	// While nothing comes from the server either, it is not the agent that is silent: the session outlasts a blackout.
	if len(s.pings) > 0 && now.Sub(s.pings[0].queued) > silentAfter && s.server.Quiet() < deadAfter {
		return false, errSilent
	}
	if len(s.pings) < maxPings {
		s.pings = append(s.pings, sentPing{id: id, queued: now})
		s.say(&control.Ping{ID: id})
	}
	_, known = s.h.clock.Latest(now)
	return known, nil
}

func (s *agentSession) stamp(id uint32, now time.Time) {
	for i := range s.pings {
		if s.pings[i].id == id {
			s.pings[i].sent = now
		}
	}
}

func (s *agentSession) answered(now time.Time, m *control.Pong) {
	for i, p := range s.pings {
		if p.id == m.ID && !p.sent.IsZero() {
			s.reached, s.roundTrip = p.sent, now.Sub(p.sent)
			s.h.pong(p.sent, now, m.Clock)
			// Answers come in order: those before it will have none.
			s.pings = append(s.pings[:0], s.pings[i+1:]...)
			return
		}
	}
}
