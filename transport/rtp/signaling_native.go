//go:build !js

package rtp

import (
	"encoding/json"

	"github.com/pion/webrtc/v3"
)

// renew starts a new generation, of an offer with new ICE credentials: its candidates wait for the next release.
func (c *candidates) renew() {
	c.mu.Lock()
	c.ready = false
	c.mu.Unlock()
}

// forwardCandidates hands pion's local candidates on.
func forwardCandidates(pc *connection, to func(string)) {
	if to == nil {
		return
	}
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c == nil {
			to("")
			return
		}
		if text, err := json.Marshal(c.ToJSON()); err == nil {
			to(string(text))
		}
	})
}
