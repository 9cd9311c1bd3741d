package camera

import (
	"context"
	"slices"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/transport"
)

// watch handles a Watch.
func (s *viewerSession) watch(ctx context.Context, m *control.Watch) error {
	if err := s.wishes.wait(ctx); err != nil {
		return err
	}
	s.watching.Lock()
	defer s.watching.Unlock()
	if _, ok := s.shown[m.Camera]; !ok {
		return control.ErrMessage // only cameras that the agent named may be watched
	}
	h := s.agent.hubs[m.Camera]
	if s.over || !s.agent.allowed(s.device, h.id) {
		return nil // it was taken away while the wish was on its way; the viewer is being told
	}
	m.Lower &= h.pictures()
	if !h.has(m.Stream) {
		m.Stream = seal.Main
	}
	if w := s.watchers[m.Camera]; w != nil {
		h.change(w, m)
		s.steerSoon()
		return nil
	}
	w := &watcher{sink: s, device: s.device, relay: s.relay, stream: m.Stream, lower: m.Lower, area: m.Area, route: m.Route}
	if m.Sound {
		w.ear = &feed{} // join says where it begins
	}
	s.watchers[m.Camera] = w
	s.steerSoon()
	if err := h.join(w); err != nil {
		return err
	}
	s.visit(h, true)
	s.agent.tellDevices()
	return nil
}

// unwatch handles an Unwatch.
func (s *viewerSession) unwatch(ctx context.Context, m *control.Unwatch) error {
	if err := s.wishes.wait(ctx); err != nil {
		return err
	}
	s.watching.Lock()
	defer s.watching.Unlock()
	if s.leaveCamera(m.Camera) {
		s.agent.tellDevices()
	}
	return nil
}

// acked handles an EpochAck.
func (s *viewerSession) acked(m *control.EpochAck) {
	s.watching.Lock()
	defer s.watching.Unlock()
	if w := s.watchers[m.Camera]; w != nil {
		s.agent.hubs[m.Camera].ack(w, m.Number)
	}
}

// leaveCamera ends the watching of a camera, if it is watched. Callers hold watching.
func (s *viewerSession) leaveCamera(number uint8) bool {
	w := s.watchers[number]
	if w == nil {
		return false
	}
	delete(s.watchers, number)
	h := s.agent.hubs[number]
	h.leave(w)
	s.peer.flush(number)
	s.visit(h, false)
	return true
}

// leaveAll ends all watching. Callers hold watching.
func (s *viewerSession) leaveAll() {
	for number := range s.watchers {
		s.leaveCamera(number)
	}
}

// watched returns the numbers of the cameras that are watched, ascending.
func (s *viewerSession) watched() []uint8 {
	s.watching.Lock()
	defer s.watching.Unlock()
	numbers := make([]uint8, 0, len(s.watchers))
	for number := range s.watchers {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	return numbers
}

// sendFrame implements watcherSink.
func (s *viewerSession) sendFrame(f transport.Frame) { s.peer.send(f) }

// delivered implements watcherSink.
func (s *viewerSession) delivered(camera uint8) bool { return s.peer.delivered(camera) }
