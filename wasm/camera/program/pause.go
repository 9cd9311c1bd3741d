//go:build js

package main

import (
	"time"

	"github.com/sealcam/sealcam/wasm/camera/capture"
)

// pause remembers how long the browser paused the camera, to tell the person who comes back to the page. The zero value is ready.
type pause struct {
	since time.Time // zero: it is not paused
	last  time.Duration
	until time.Time // when last is told no more
}

// tellFor is how long a pause is told of.
const tellFor = 30 * time.Second

// of returns how long the last pause was, if it ended of late; else zero.
func (p *pause) of(s capture.State) time.Duration {
	now := time.Now()
	switch {
	case s.Err == capture.ErrPaused:
		if p.since.IsZero() {
			p.since = now
		}
		return 0
	case s.Live && !p.since.IsZero():
		p.last, p.until, p.since = now.Sub(p.since), now.Add(tellFor), time.Time{}
	case !s.On:
		*p = pause{}
	}
	if now.After(p.until) {
		return 0
	}
	return p.last
}
