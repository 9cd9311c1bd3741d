package main

import (
	"slices"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/test/hostile"
)

// lossEvery is how often a frame is lost while the network is bad.
const lossEvery = 5

// script puts the cache between the relay and the two viewers: what comes for one of them goes into the cache, and what the cache takes for
// theirs goes out.
func (s *showing) script() *hostile.Script {
	n := 0
	return &hostile.Script{
		FromViewer: func(w *hostile.Way, e signal.Envelope) bool {
			if knock, ok := e.(*signal.Knock); ok {
				if home := slices.Index(s.agents[:], knock.Agent); home >= 0 {
					s.homeOf[w.Conn()] = home
				}
			}
			return false
		},
		ToViewer: func(w *hostile.Way, e signal.Envelope) bool {
			frame, ok := e.(*signal.RelayFrame)
			home, ours := s.homeOf[w.Conn()]
			if !ok || !ours {
				return false
			}
			s.sealed.put(home, frame.Sealed)
			if n++; s.replay.network.isBad() && n%lossEvery == 0 {
				return true
			}
			sealed, _ := s.sealed.get(home)
			if sealed == nil {
				return true
			}
			sent := *frame
			sent.Sealed = sealed
			w.Deliver(&sent)
			return true
		},
	}
}
