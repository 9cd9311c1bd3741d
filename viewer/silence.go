package viewer

import "time"

const (
	// quietFor is how long no picture may come before the agent is asked whether it is there.
	quietFor = 500 * time.Millisecond
	// inquireEvery is how often it is asked, for as long as none comes.
	inquireEvery = time.Second
)

// attend asks whether the agent is there as soon as a camera that should deliver pictures does not. The caller holds mu.
func (s *agentSession) attend(now time.Time) {
	for _, c := range s.due() {
		if now.Sub(later(c.opened, c.told.since)) > c.patience(quietFor) {
			s.inquire(now)
			return
		}
	}
}

// inquire asks the agent out of turn whether it is there. The caller holds mu.
func (s *agentSession) inquire(now time.Time) {
	if now.Sub(s.inquired) < inquireEvery {
		return
	}
	s.inquired = now
	signalOnce(s.hurry)
}
