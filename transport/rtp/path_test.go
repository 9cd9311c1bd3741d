//go:build !js

package rtp

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/sealcam/sealcam/transport"
)

// wire is a simulated way to a viewer who reports every 100 ms, whose clock is another one.
type wire struct {
	path  *path
	rate  transport.Bitrate // of the bottleneck; 0: none
	delay time.Duration
	lose  func(n int) bool
	skew  time.Duration        // of the viewer's clock
	clump time.Duration        // packets come at multiples of it alone; 0: at any time
	swing func() time.Duration // by which a packet comes later than it should; negative: sooner; nil: not at all

	now     time.Duration
	free    time.Duration // when the bottleneck is free
	last    time.Duration // when a packet last arrives: none overtakes another
	packets int
	open    []packetReport // sent, not reported yet
	due     time.Duration
}

// send sends a frame in packets of the usual size at 9 Mbit/s.
func (w *wire) send(packets int) {
	for i := range packets {
		at := w.now + time.Duration(i)*transport.Bitrate(mainPace).Takes(fragmentSize+packetExtra)
		r := packetReport{seq: w.path.sent(w.now, at, fragmentSize+packetExtra), came: w.lose == nil || !w.lose(w.packets)}
		w.packets++
		arrival := at
		if w.rate > 0 {
			w.free = max(w.free, at) + w.rate.Takes(fragmentSize+packetExtra)
			arrival = w.free
		}
		r.arrival = arrival + w.delay
		if w.swing != nil {
			r.arrival += w.swing()
		}
		if w.clump > 0 {
			r.arrival = (r.arrival + w.clump).Truncate(w.clump)
		}
		r.arrival = max(r.arrival, w.last)
		w.last = r.arrival
		w.open = append(w.open, r)
	}
}

// wait lets time pass, and reports what came by then.
func (w *wire) wait(d time.Duration) {
	w.now += d
	if w.now < w.due {
		return
	}
	w.due = w.now + 100*time.Millisecond
	n := 0
	for n < len(w.open) && w.open[n].arrival+w.delay <= w.now {
		w.open[n].arrival += w.skew
		n++
	}
	if n > 0 {
		w.path.sign(w.now)
		w.path.report(w.now, w.open[:n])
		w.open = w.open[n:]
	}
}

// play sends 30 frames a second, a large one each second, for a time.
func (w *wire) play(d time.Duration, small, large int) {
	for i := range int(d / frameTime) {
		if i%30 == 0 {
			w.send(large)
		} else {
			w.send(small)
		}
		w.wait(frameTime)
	}
}

func (w *wire) snapshot() transport.Path { return w.path.snapshot(w.now, 2*w.delay) }

func TestPathWithRoom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, skew := range []time.Duration{0, 5 * 24 * time.Hour, -time.Hour, referenceUnit<<23 - 2*time.Second /* wraps */} {
		w := &wire{path: newPath(), delay: 25 * time.Millisecond, skew: skew, lose: func(int) bool { return random.IntN(33) == 0 }}
		w.play(5*time.Second, 10, 50)
		p := w.snapshot()
		if !p.Known || p.Silent || p.Growing || p.Queue > 5*time.Millisecond || p.Limited || p.Capacity < 8*transport.Mbit || p.Loss < 0.01 || p.Loss > 0.06 {
			t.Errorf("skew %v: %+v", skew, p)
		}
	}
}

// A bottleneck shows in a quarter second: the queue, what comes through, and what trains of packets would get.
func TestNarrowPathShows(t *testing.T) {
	w := &wire{path: newPath(), delay: 20 * time.Millisecond}
	w.play(3*time.Second, 10, 50)
	w.rate = 1500 * transport.Kbit
	w.free = w.now
	w.play(500*time.Millisecond, 10, 10)
	p := w.snapshot()
	if !p.Growing || p.Queue < 100*time.Millisecond || p.Delivered < 1300*transport.Kbit || p.Delivered > 1700*transport.Kbit {
		t.Errorf("%+v", p)
	}
	if p.Capacity > 2*transport.Mbit {
		t.Errorf("what was true of the path before is believed: %+v", p)
	}
	w.wait(time.Second) // the queue drains
	w.play(10*time.Second, 1, 12)
	p = w.snapshot()
	if p.Growing || p.Queue > 20*time.Millisecond || !p.Limited || p.Capacity < 1300*transport.Kbit || p.Capacity > 1700*transport.Kbit {
		t.Errorf("with less: %+v", p)
	}
	w.rate = 8 * transport.Mbit
	w.play(10*time.Second, 1, 12)
	if p = w.snapshot(); p.Capacity < 6*transport.Mbit {
		t.Errorf("with more again: %+v", p)
	}
}

// Where packets come unevenly, trains of them look longer than they are, and the path carries no less for it. One that does carry less shows
// it, also if it hands its packets over some at a time, as radio does.
func TestJitterIsNoBottleneck(t *testing.T) {
	const most, seconds = 20 * time.Millisecond, 60
	random := rand.New(rand.NewPCG(1, 1))
	w := &wire{path: newPath(), delay: 100 * time.Millisecond, swing: func() time.Duration {
		return time.Duration(random.Int64N(int64(2*most))) - most
	}}
	limited := 0
	for range seconds {
		w.play(time.Second, 10, 60)
		if w.snapshot().Limited {
			limited++
		}
	}
	if limited > seconds/10 {
		t.Errorf("in %d of %d seconds the path seemed to carry less than it does: %+v", limited, seconds, w.snapshot())
	}
	w.rate = 1500 * transport.Kbit
	w.free = w.now
	w.play(10*time.Second, 1, 25)
	if p := w.snapshot(); !p.Limited || p.Capacity > 2*transport.Mbit {
		t.Errorf("a bottleneck does not show: %+v", p)
	}

	w = &wire{path: newPath(), delay: 100 * time.Millisecond, rate: 1500 * transport.Kbit, clump: 10 * time.Millisecond}
	w.play(10*time.Second, 5, 25)
	if p := w.snapshot(); !p.Limited || p.Capacity > 2*transport.Mbit {
		t.Errorf("a bottleneck that hands over some packets at a time does not show: %+v", p)
	}
}

// A way that becomes longer, as on another route, is no queue for ever.
func TestLongerWayIsNoQueue(t *testing.T) {
	w := &wire{path: newPath(), delay: 20 * time.Millisecond}
	w.play(3*time.Second, 4, 20)
	w.delay = 220 * time.Millisecond
	w.play(time.Second, 4, 20)
	if p := w.snapshot(); p.Queue < 150*time.Millisecond {
		t.Errorf("at first: %+v", p)
	}
	w.play(4*time.Second, 4, 20)
	if p := w.snapshot(); p.Queue > 20*time.Millisecond {
		t.Errorf("later: %+v", p)
	}
}

func TestSilence(t *testing.T) {
	w := &wire{path: newPath(), delay: 25 * time.Millisecond}
	w.wait(time.Minute)
	if w.snapshot().Silent {
		t.Error("silent though nothing was sent")
	}
	w.play(time.Second, 4, 20)
	if w.snapshot().Silent {
		t.Error("silent though reports come")
	}
	w.path.sign(w.now)
	w.path.sent(w.now, w.now, 100)
	for _, c := range []struct {
		after time.Duration
		want  bool
	}{{0, false}, {silentAfter + 2*w.delay, false}, {silentAfter + 2*w.delay + 1, true}} {
		if got := w.path.silent(w.now+c.after, 2*w.delay); got != c.want {
			t.Errorf("%v later: silent %v", c.after, got)
		}
	}
	w.path.sign(w.now + time.Second)
	if w.path.silent(w.now+time.Hour, 0) {
		t.Error("silent after a sign, with nothing sent since")
	}
	// What was sent into the silence is lost, but the path that is back loses nothing.
	w.wait(2 * time.Second)
	dark := w.now
	w.lose = func(int) bool { return true }
	w.send(100)
	w.open = nil
	w.now += 3 * time.Second
	if !w.snapshot().Silent {
		t.Error("not silent")
	}
	var lost []packetReport
	for n := range uint16(100) {
		lost = append(lost, packetReport{seq: uint16(w.path.next) - 100 + n})
	}
	w.path.sign(w.now)
	w.path.report(w.now, lost)
	w.lose = nil
	w.play(time.Second, 4, 20)
	if p := w.snapshot(); p.Silent || p.Loss != 0 || p.Queue > 5*time.Millisecond {
		t.Errorf("%v after the silence began: %+v", w.now-dark, p)
	}
}

// What a viewer says of packets that were never sent, or says twice, changes nothing and is noticed.
func TestReportsOfNothing(t *testing.T) {
	p := newPath()
	if p.report(0, []packetReport{{seq: 0, came: true}}) {
		t.Error("a report before anything was sent was taken")
	}
	for range 10 {
		p.sent(0, 0, 1000)
	}
	if p.report(time.Second, []packetReport{{seq: 9, came: true}, {seq: 10, came: true}}) {
		t.Error("a packet that will be sent next has come")
	}
	if p.report(time.Second, []packetReport{{seq: 65530, came: true}}) {
		t.Error("a packet from before the first has come")
	}
	all := func() (r []packetReport) {
		for seq := range uint16(10) {
			r = append(r, packetReport{seq: seq, came: true, arrival: time.Duration(seq) * time.Millisecond})
		}
		return r
	}
	for range 2 {
		if !p.report(time.Second, all()) {
			t.Error("refused")
		}
	}
	if came := len(p.recent); came != 10 {
		t.Errorf("%d packets came, of 10", came)
	}
	for range 3 * sentMemory {
		p.sent(0, 0, 1000)
	}
	if p.report(time.Second, []packetReport{{seq: 5, came: true}}) && len(p.recent) != 10 {
		t.Error("a packet that is forgotten has come")
	}
}

// marshal writes feedback with pion's encoder: what was lost, and how long after the one before the others came.
func marshal(t testing.TB, base uint16, reference uint32, deltas ...int64) []byte {
	t.Helper()
	f := &rtcp.TransportLayerCC{
		Header:             rtcp.Header{Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback},
		BaseSequenceNumber: base, PacketStatusCount: uint16(len(deltas)), ReferenceTime: reference,
	}
	chunk := &rtcp.StatusVectorChunk{Type: rtcp.TypeTCCStatusVectorChunk, SymbolSize: rtcp.TypeTCCSymbolSizeTwoBit}
	for _, d := range deltas {
		symbol := uint16(rtcp.TypeTCCPacketNotReceived)
		switch {
		case d >= 0 && d <= 255*250:
			symbol = rtcp.TypeTCCPacketReceivedSmallDelta
		case d != -1:
			symbol = rtcp.TypeTCCPacketReceivedLargeDelta
		}
		if symbol != rtcp.TypeTCCPacketNotReceived {
			f.RecvDeltas = append(f.RecvDeltas, &rtcp.RecvDelta{Type: symbol, Delta: d})
		}
		if chunk.SymbolList = append(chunk.SymbolList, symbol); len(chunk.SymbolList) == 7 {
			f.PacketChunks = append(f.PacketChunks, chunk)
			chunk = &rtcp.StatusVectorChunk{Type: rtcp.TypeTCCStatusVectorChunk, SymbolSize: rtcp.TypeTCCSymbolSizeTwoBit}
		}
	}
	if len(chunk.SymbolList) > 0 {
		for len(chunk.SymbolList) < 7 {
			chunk.SymbolList = append(chunk.SymbolList, 0)
		}
		f.PacketChunks = append(f.PacketChunks, chunk)
	}
	f.Header.Length = uint16(f.MarshalSize()/4 - 1)
	b, err := f.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const lostPacket = -1

func TestParseFeedback(t *testing.T) {
	b := marshal(t, 65533, 1<<24-2, 0, 1000, lostPacket, 250, 100_000, -2500, lostPacket, lostPacket, 63_750)
	reports, err := parseFeedback(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	const µs = time.Microsecond
	at := -2 * referenceUnit // 24 bits with a sign
	want := []packetReport{
		{65533, true, at},
		{65534, true, at + 1000*µs},
		{65535, false, at + 1000*µs},
		{0, true, at + 1250*µs},
		{1, true, at + 101_250*µs},
		{2, true, at + 98_750*µs},
		{3, false, at + 98_750*µs},
		{4, false, at + 98_750*µs},
		{5, true, at + 162_500*µs},
	}
	if len(reports) != len(want) {
		t.Fatalf("%d reports", len(reports))
	}
	for i := range want {
		if reports[i] != want[i] {
			t.Errorf("report %d: %+v, want %+v", i, reports[i], want[i])
		}
	}
	for n := range len(b) {
		if n < len(b)-3 { // padding to four bytes may be missing
			if r, err := parseFeedback(reports[:1], b[:n]); !errors.Is(err, errFeedback) || len(r) != 1 {
				t.Errorf("cut to %d: %v", n, err)
			}
		}
	}
	for name, spoil := range map[string]func([]byte){
		"version":        func(b []byte) { b[0] &= 0x3f },
		"format":         func(b []byte) { b[0]++ },
		"kind":           func(b []byte) { b[1]++ },
		"no packets":     func(b []byte) { b[14], b[15] = 0, 0 },
		"more than sent": func(b []byte) { b[14], b[15] = 0xff, 0xff },
		"reserved":       func(b []byte) { b[20], b[21] = 0xff, 0xff },
		"reserved run":   func(b []byte) { b[20], b[21] = 0x7f, 0xff },
		"run of none":    func(b []byte) { clear(b[20:]) },
	} {
		c := append([]byte(nil), b...)
		spoil(c)
		if _, err := parseFeedback(nil, c); !errors.Is(err, errFeedback) {
			t.Errorf("%s: %v", name, err)
		}
	}
	run := append([]byte(nil), b[:20]...)
	binary.BigEndian.PutUint16(run[14:], 300)
	run = append(run, 0x01, 0x2c) // 300 lost
	if r, err := parseFeedback(nil, run); err != nil || len(r) != 300 || r[299].came {
		t.Errorf("a run: %d, %v", len(r), err)
	}
}

func FuzzParseFeedback(f *testing.F) {
	f.Add(marshal(f, 65533, 1<<24-2, 0, 1000, lostPacket, 250, 100_000, -2500, lostPacket, lostPacket, 63_750))
	f.Add(append(marshal(f, 7, 1, 0, 0), 0x81, 205, 0, 1, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		eachRTCP(b, func(_, _ uint8, packet []byte) {
			reports, err := parseFeedback(nil, packet)
			if err != nil && len(reports) > 0 || len(reports) > maxReported {
				t.Errorf("%d reports, %v", len(reports), err)
			}
			p := newPath()
			for range 100 {
				p.sent(0, 0, 1000)
			}
			p.report(time.Second, reports)
			p.snapshot(time.Second, 0)
		})
	})
}
