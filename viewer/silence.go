package viewer

import "time"

// Times by which it is found out where the way from a camera is interrupted.
const (
	// quietFor is how long no picture may come before agent and server are asked whether they are there.
	quietFor = 500 * time.Millisecond
	// inquireEvery is how often they are asked, for as long as none comes.
	inquireEvery = time.Second
	// answersIn is how long an answer may take.
	answersIn = time.Second
	// deadAfter is how long nothing may come from a server that is not asked: it pings every 4 s (signal.PingEvery).
	deadAfter = 5500 * time.Millisecond
)

// attend asks whether agent and server are there as soon as a camera that should deliver pictures does not, or the agent owes an answer. What
// answers says where the way is interrupted: with the agent's answer it is the camera, with the server's alone the agent, and
// without any this device's own network. The caller holds mu.
func (s *agentSession) attend(now time.Time) {
	if !s.quiet(now) {
		s.doubting = time.Time{}
		return
	}
	if s.doubting.IsZero() {
		s.doubting = now
	}
	s.inquire(now)
}

func (s *agentSession) quiet(now time.Time) bool {
	if len(s.pings) > 0 && now.Sub(s.pings[0].queued) > answersIn {
		return true
	}
	for _, c := range s.due() {
		if now.Sub(later(c.opened, c.told.since)) > c.patience(quietFor) {
			return true
		}
	}
	return false
}

// inquire asks agent and server out of turn whether they are there. The caller holds mu.
func (s *agentSession) inquire(now time.Time) {
	if now.Sub(s.inquired) < inquireEvery {
		return
	}
	s.inquired = now
	signalOnce(s.hurry)
	s.server.Probe()
}

// unanswered reports whether the agent owes an answer for so long that there seems to be no way to it.
func (s *agentSession) unanswered(now time.Time) bool {
	return !s.doubting.IsZero() && now.Sub(s.doubting) > answersIn && len(s.pings) > 0 && now.Sub(s.pings[0].queued) > answersIn
}

// silentEnd says who it is that does not answer: a server that is there has answered one of the last questions.
func (s *agentSession) silentEnd() Reason {
	if s.server.Quiet() > answersIn+inquireEvery/2 {
		return ReasonOffline
	}
	return ReasonAgentSilent
}

// cutOff reports whether nothing at all comes from the server, though the connection to it stands. The caller holds mu.
func (v *Viewer) cutOff() bool { return v.server != nil && v.server.Quiet() > deadAfter }
