package camera

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/control"
)

// lastWords is how long a viewer may take to accept the Refuse that ends its session.
const lastWords = 2 * time.Second

// review makes every session, and every camera's keys, keep to the grants and the time as they are now. It does not wait for anybody.
func (a *Agent) review() {
	for _, s := range a.all() {
		s.review()
	}
	// Keys that somebody holds who may not watch any more are replaced, also if he was not watching just now.
	for _, h := range a.hubs {
		if slices.ContainsFunc(h.holders(), func(d device) bool { return !a.allowed(d, h.id) }) {
			h.rotate()
		}
	}
}

// review ends the session if its device may have none any more, takes away the cameras that it lost, and tells it of new terms.
func (s *viewerSession) review() {
	if s.recovery {
		return // R cannot be taken back
	}
	s.watching.Lock()
	defer s.watching.Unlock()
	if s.over {
		return
	}
	s.agent.mu.Lock()
	m, reason := s.agent.standing(s.device)
	s.agent.mu.Unlock()
	if reason != 0 {
		s.leaveAll()
		s.refuse(reason)
		return
	}
	now := s.agent.termsOf(m)
	if now.equal(s.told) {
		return
	}
	for number := range s.watchers {
		if !slices.Contains(now.cameras, number) {
			s.leaveCamera(number)
		}
	}
	s.tell(now)
	s.out.mark(dueTerms)
}

// refuse makes reason the last thing that the viewer hears. Callers hold watching.
func (s *viewerSession) refuse(reason control.RefuseReason) {
	s.over = true
	s.out.finish(&control.Refuse{Reason: reason})
	// A viewer that does not read must not keep its session alive by that.
	if err := s.conn.SetWriteDeadline(time.Now().Add(lastWords)); err != nil {
		s.cancel()
	}
	s.log.Info("session ended by the agent", "reason", int(reason))
}

// terms makes the message that tells a device what it may do now; nil if it may do nothing.
func (a *Agent) terms(d device) control.Message {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, reason := a.standing(d)
	if reason != 0 {
		return nil
	}
	return &control.Terms{Role: uint8(m.Role), Rights: uint16(m.Rights), Expires: unixOf(m.Expires), Cameras: a.camerasOf(m)}
}
