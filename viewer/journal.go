package viewer

import (
	"context"
	"errors"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// JournalPage is a part of an agent's journal of who watched.
type JournalPage struct {
	Visits []Visit // newest first
	End    bool    // there are no older ones
}

// Visit says that a device watched a camera, by the agent's clock.
type Visit struct {
	Number uint64 // counts up; the page before begins below the lowest
	Device identity.DevicePublic
	Camera identity.CameraID
	Began  time.Time
	Ended  time.Time // zero: it goes on
}

// journalRequest is a question that waits for its answer. Viewer.mu guards it.
type journalRequest struct {
	before uint64
	limit  int
	since  time.Time
	answer chan journalAnswer // holds one
}

type journalAnswer struct {
	page JournalPage
	err  error
}

// Journal asks who watched which camera when: at most limit visits, up to control.MaxVisits, with numbers below before; 0 stands for the
// newest. It waits for the agent until ctx ends.
func (v *Viewer) Journal(ctx context.Context, agent identity.AgentID, before uint64, limit int) (JournalPage, error) {
	h := v.home(agent)
	if h == nil {
		return JournalPage{}, ErrNoAgent
	}
	select {
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	case <-ctx.Done():
		return JournalPage{}, unsent(ctx)
	}
	limit = min(max(limit, 1), control.MaxVisits)
	r := &journalRequest{before: before, limit: limit, answer: make(chan journalAnswer, 1)}
	err := h.until(ctx, func() (bool, error) {
		if err := h.obstacle(); err != nil {
			return false, err
		}
		s := h.session
		if s == nil || s.over || h.standing.role != grant.Owner || s.visits != nil {
			return false, nil
		}
		r.since = v.now()
		s.visits = r
		s.say(&control.JournalWanted{Before: before, Limit: uint16(limit)})
		return true, nil
	})
	if err != nil && errors.Is(err, ctx.Err()) {
		return JournalPage{}, unsent(ctx)
	}
	if err != nil {
		return JournalPage{}, err
	}
	select {
	case a := <-r.answer:
		return a.page, a.err
	case <-ctx.Done(): // the answer is taken when it comes, for nobody
		return JournalPage{}, unsent(ctx)
	}
}

// page takes an answer. The caller holds mu.
func (s *agentSession) page(m *control.Journal) error {
	r := s.visits
	if r == nil {
		return s.crossed()
	}
	if m.Before != r.before || len(m.Visits) > r.limit {
		return control.ErrMessage
	}
	p := JournalPage{End: m.End, Visits: make([]Visit, 0, len(m.Visits))}
	for _, visit := range m.Visits {
		device, err := identity.DevicePublicFromBytes(visit.Device[:])
		if err != nil {
			return control.ErrMessage
		}
		p.Visits = append(p.Visits, Visit{
			Number: visit.Number, Device: device, Camera: visit.Camera, Began: expiry(visit.Began), Ended: expiry(visit.Ended),
		})
	}
	s.visits = nil
	r.answer <- journalAnswer{page: p}
	s.h.notify()
	return nil
}
