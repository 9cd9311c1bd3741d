//go:build linux

package main

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
	"github.com/sealcam/sealcam/test/rtspcam"
	"github.com/sealcam/sealcam/transport/netem"
)

const (
	onTime   = 500 * time.Millisecond
	freeze   = 200 * time.Millisecond
	tooOld   = 2 * time.Second // no picture older than this may be called live
	lookEach = 200 * time.Millisecond
)

// look is what the page said of the picture at a time.
type look struct {
	at     time.Time
	stream int // 0 main, 1 sub
	route  int // 1 direct, 2 relay
}

// watched is all that is seen of one run.
type watched struct {
	begin, end time.Time
	looks      []look
	samples    []browser.Sample
	sent       int64 // bytes on the wire towards the viewer
	decoded    int   // pictures
}

// watch looks at the page for a while.
func watch(page *browser.Page, network *netem.Network, long time.Duration) *watched {
	w := &watched{begin: time.Now()}
	before, decoded := network.Count(netem.A).Bytes, countDecoded(page)
	for tick := time.Tick(lookEach); time.Since(w.begin) < long; <-tick { // no more often: looking takes the page's time
		tile := browser.Eval[[]int](page, "((t) => [t.stream, t.route])(sealcam.stats().tiles[0])")
		w.looks = append(w.looks, look{time.Now(), tile[0], tile[1]})
		page.Samples() // the page keeps so many and no more
	}
	w.samples = slices.DeleteFunc(page.Samples(), func(s browser.Sample) bool { return s.At.Before(w.begin) })
	w.end = time.Now()
	w.sent = network.Count(netem.A).Bytes - before
	w.decoded = countDecoded(page) - decoded
	return w
}

// countDecoded returns how many of the camera's pictures were opened, proven and decoded.
func countDecoded(page *browser.Page) int {
	return browser.Eval[int](page, "sealcam.stats().tiles[0].decoded")
}

// at returns what the page said last before a time.
func (w *watched) at(t time.Time) look {
	last := w.looks[0]
	for _, l := range w.looks {
		if l.at.After(t) {
			break
		}
		last = l
	}
	return last
}

// judge turns what was seen into figures.
func (w *watched) judge(tb browser.TB, r *result, config rtspcam.Config, cam *rtspcam.Camera, profile netem.Profile) {
	latencies, unknown := browser.Latencies(w.samples, cam.SentAt)
	if unknown > 0 {
		tb.Errorf("%d pictures that the camera did not send", unknown)
	}
	punctual, payload := 0, 0
	last := w.begin
	for _, s := range w.samples {
		if s.Err != nil {
			continue
		}
		if gap := s.At.Sub(last); gap > freeze {
			r.Freeze += gap.Seconds()
			tb.Logf("no picture for %d ms, %.1f s after the beginning, in stream %d", gap.Milliseconds(), last.Sub(w.begin).Seconds(), w.at(last).stream)
		}
		last = s.At
		sent, ok := cam.SentAt(s.Reading.Number, s.At)
		if !ok {
			continue
		}
		age := s.At.Sub(sent)
		if age <= onTime {
			punctual++
		}
		if age > tooOld+lookEach && s.State == browser.Live {
			r.Stale++
		}
		payload += pictureSize(config, s.Reading.Number, w.at(s.At).stream)
	}
	if gap := w.end.Sub(last); gap > freeze {
		r.Freeze += gap.Seconds()
	}
	r.OnTime = round(100 * float64(punctual) / w.expected())
	r.Decoded = round(100 * float64(w.decoded) / w.expected())
	r.Current = w.current(cam)
	if len(latencies) > 0 {
		r.P50 = milliseconds(browser.Percentile(latencies, 50))
		r.P95 = milliseconds(browser.Percentile(latencies, 95))
		r.P99 = milliseconds(browser.Percentile(latencies, 99))
	}
	r.Freeze = round(r.Freeze)
	for i, l := range w.looks {
		if i > 0 && l.stream != w.looks[i-1].stream {
			r.Layers++
		}
		if l.stream == 1 {
			r.SubShare++
		}
		if l.route == 2 {
			r.RelayPart++
		}
	}
	r.SubShare = round(100 * r.SubShare / float64(len(w.looks)))
	r.RelayPart = round(100 * r.RelayPart / float64(len(w.looks)))
	if payload > 0 {
		r.Overhead = round(100 * (float64(w.sent)/float64(payload) - 1))
	}
	for _, b := range profile.Blackouts {
		r.Recovery = max(r.Recovery, w.recovery(w.begin.Add(b.At+b.For)))
	}
}

// expected counts the pictures that the camera sent of the layers that were shown.
func (w *watched) expected() float64 {
	count := 0.0
	for i, l := range w.looks {
		until := w.end
		if i+1 < len(w.looks) {
			until = w.looks[i+1].at
		}
		rate := float64(clips.MainRate)
		if l.stream == 1 {
			rate = clips.SubRate
		}
		count += rate * until.Sub(l.at).Seconds()
	}
	return max(count, 1)
}

// current is the share of instants half a second after which the screen showed a picture of that instant or a younger one, in percent. Unlike
// the pictures on time it does not count those that a younger one replaced before the page drew.
func (w *watched) current(cam *rtspcam.Camera) float64 {
	const step = time.Second / clips.MainRate
	good, all, next := 0, 0, 0
	var shown time.Time // when the youngest picture on the screen was sent
	for at := w.begin; at.Before(w.end.Add(-onTime)); at = at.Add(step) {
		for ; next < len(w.samples) && !w.samples[next].At.After(at.Add(onTime)); next++ {
			if s := &w.samples[next]; s.Err == nil {
				if sent, ok := cam.SentAt(s.Reading.Number, s.At); ok {
					shown = sent
				}
			}
		}
		all++
		if interval := time.Second / clips.SubRate; shown.After(at.Add(-interval)) {
			good++
		}
	}
	return round(100 * float64(good) / float64(max(all, 1)))
}

// recovery is how long after a blackout's end the next picture came, in milliseconds.
func (w *watched) recovery(end time.Time) float64 {
	for _, s := range w.samples {
		if s.Err == nil && s.At.After(end) {
			return milliseconds(s.At.Sub(end))
		}
	}
	return milliseconds(w.end.Sub(end))
}

// pictureSize is the size in bytes of the picture with a number in the layer shown.
func pictureSize(config rtspcam.Config, number, stream int) int {
	clip, index := config.Main, number-config.Offset
	if stream == 1 {
		clip, index = config.Sub, index/config.SubStep
	}
	if len(clip.Units) == 0 {
		return 0
	}
	size := 0
	for _, nal := range clip.Units[((index%len(clip.Units))+len(clip.Units))%len(clip.Units)] {
		size += len(nal) + 4
	}
	return size
}

func milliseconds(d time.Duration) float64 { return round(float64(d.Microseconds()) / 1000) }

func round(v float64) float64 { return float64(int(v*100+.5)) / 100 }
