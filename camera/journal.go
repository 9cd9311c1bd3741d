package camera

import (
	"github.com/sealcam/sealcam/control"
)

// visit notes in the access journal that the session's device began to watch a camera, or ceased to.
func (s *viewerSession) visit(h *hub, begin bool) {
	now, _ := s.agent.wall.now()
	note := s.agent.store.Journal().End
	if begin {
		note = s.agent.store.Journal().Begin
	}
	if err := note(rawKey(s.device), h.id, now); err != nil {
		s.log.Warn("the access journal could not be written: look at the disk of the state folder", "error", err)
	}
}

// journal answers a JournalWanted.
func (a *Agent) journal(m *control.JournalWanted) *control.Journal {
	visits, end := a.store.Journal().Visits(m.Before, min(int(m.Limit), control.MaxVisits))
	answer := &control.Journal{Before: m.Before, End: end}
	for _, v := range visits {
		answer.Visits = append(answer.Visits, control.Visit{
			Number: v.Number, Device: v.Device, Camera: v.Camera, Began: v.Began.Unix(), Ended: unixOf(v.Ended),
		})
	}
	return answer
}
