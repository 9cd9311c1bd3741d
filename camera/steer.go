package camera

import (
	"context"
	"slices"
	"time"

	"github.com/sealcam/sealcam/camera/ladder"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// steerEvery is how often the direct path is looked at: as often as its viewer's reports come at best.
const steerEvery = 50 * time.Millisecond

// steering is what a session does with its direct path. The goroutine of steerAll owns it.
type steering struct {
	sender directPath // that it is about
	ladder *ladder.Ladder
	told   map[uint8]control.Layer
}

// steerSoon has the path looked at without waiting for its turn.
func (s *viewerSession) steerSoon() {
	select {
	case s.stirred <- struct{}{}:
	default:
	}
}

// steerAll keeps what is sent directly to what the path carries, until ctx ends.
func (s *viewerSession) steerAll(ctx context.Context) {
	tick := time.NewTicker(steerEvery)
	defer tick.Stop()
	var st steering
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.stirred:
		}
		s.steer(&st, time.Now())
	}
}

// steer asks the ladder what to send, and has the hubs do it.
func (s *viewerSession) steer(st *steering, now time.Time) {
	sender := s.peer.any()
	if sender == nil {
		*st = steering{}
		return
	}
	s.watching.Lock()
	defer s.watching.Unlock()
	if s.over {
		return
	}
	if st.sender != sender {
		*st = steering{sender: sender, ladder: &ladder.Ladder{}, told: map[uint8]control.Layer{}}
	}
	var cameras []ladder.Camera
	for number, w := range s.watchers {
		if c, direct := s.agent.hubs[number].ladderOf(w); direct {
			cameras = append(cameras, c)
		}
	}
	slices.SortFunc(cameras, func(a, b ladder.Camera) int { return int(a.Number) - int(b.Number) })
	path := sender.Path()
	d := st.ladder.Decide(now, path, cameras)
	for _, p := range d.Plans {
		for _, stream := range p.Flush {
			sender.FlushStream(p.Camera, stream)
		}
		if s.agent.hubs[p.Camera].feed(s.watchers[p.Camera], p.Feeds) {
			s.log.Debug("direct path", "camera", p.Camera, "feeds", p.Feeds, "path", path)
		}
		s.tellLayer(st, &p)
	}
	if d.Probe {
		sender.Probe()
	}
	for number := range st.told {
		if !slices.ContainsFunc(cameras, func(c ladder.Camera) bool { return c.Number == number }) {
			delete(st.told, number)
		}
	}
}

// tellLayer tells the viewer what is sent of a camera, if that changed. A silent path is not worth a word: the viewer sees it as well.
func (s *viewerSession) tellLayer(st *steering, p *ladder.Plan) {
	if len(p.Feeds) == 0 {
		return
	}
	layer := control.Layer{Camera: p.Camera, Stream: p.Feeds[0].Stream, Keys: p.Feeds[0].Keys || p.Feeds[0].Stream == seal.Still, Path: p.Path}
	if before, known := st.told[p.Camera]; known && before == layer || !known && !layer.Path && !layer.Keys {
		return
	}
	st.told[p.Camera] = layer
	s.sendControl(&layer)
}
