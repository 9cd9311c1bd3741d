//go:build js

package decode

import (
	"slices"
	"sync"
	"time"
)

// Meter measures all decoders of a page.
type Meter struct {
	mu                       sync.Mutex
	handed, pictures, copied uint64
	dropped, failed          uint64
	decoded                  uint64
	handOver, copying        time.Duration
	decoding                 time.Duration
	latency                  [256]time.Duration // of the last pictures, as a ring
	measured                 int
}

// Measures is a snapshot of a Meter.
type Measures struct {
	Handed, Pictures uint64 // access units handed to decoders, pictures that came out and were passed on
	Dropped, Failed  uint64 // pictures not copied because the stream or copying lagged, decoders that died
	// HandOver and Copy are main-thread time a picture, as is Decode for those that Go decodes, copying included. LatencyP50 and LatencyP95
	// run from hand-over to the decoder's output, over the last 256 pictures.
	HandOver, Decode, Copy, LatencyP50, LatencyP95 time.Duration
}

// Measures returns what was measured since the page began.
func (m *Meter) Measures() Measures {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Measures{Handed: m.handed, Pictures: m.pictures, Dropped: m.dropped, Failed: m.failed}
	if m.handed > 0 {
		s.HandOver = m.handOver / time.Duration(m.handed)
	}
	if m.decoded > 0 {
		s.Decode = m.decoding / time.Duration(m.decoded)
	}
	if m.copied > 0 {
		s.Copy = m.copying / time.Duration(m.copied)
	}
	if n := min(m.measured, len(m.latency)); n > 0 {
		sorted := slices.Clone(m.latency[:n])
		slices.Sort(sorted)
		s.LatencyP50, s.LatencyP95 = sorted[n/2], sorted[n*95/100]
	}
	return s
}

func (m *Meter) addHandOver(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handed++
	m.handOver += d
}

// addDecode counts a unit decoded in Go, whose hand-over costs nothing.
func (m *Meter) addDecode(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handed++
	m.decoded++
	m.decoding += d
}

func (m *Meter) addPicture() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pictures++
}

func (m *Meter) addLatency(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.latency[m.measured%len(m.latency)] = d
	m.measured++
}

func (m *Meter) addCopy(d time.Duration, passedOn bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.copying += d
	if passedOn {
		m.copied++
		m.pictures++
	}
}

func (m *Meter) addDropped() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dropped++
}

func (m *Meter) addFailed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failed++
}
