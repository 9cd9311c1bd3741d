//go:build !js

package rtp

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/transport"
)

func TestParityRows(t *testing.T) {
	for _, c := range []struct {
		name           string
		shards, blocks int
		share, inARow  float64
		unmended       float64
		want           int
	}{
		{"nothing lost", 11, 1, 0, 0, 0.005, 0},
		{"hardly anything", 11, 1, 0.002, 1, 0.005, 0},
		{"1 %", 11, 1, 0.01, 1, 0.005, 2},
		{"1 % of small frames", 3, 1, 0.01, 1, 0.005, 1},
		{"3 %", 11, 1, 0.03, 1, 0.005, 3},
		{"5 %", 11, 1, 0.05, 1, 0.005, 3},
		{"5 %, and asking again takes long", 11, 1, 0.05, 1, 0.001, 4},
		{"5 % of a large frame", 24, 3, 0.05, 1, 0.001, 6},
		{"a third", 11, 1, 0.33, 1.5, 0.005, 6},
		{"four in a row", 11, 1, 0.03, 4, 0.005, 6},
		{"four in a row of a large frame", 24, 4, 0.03, 4, 0.005, 2},
		{"almost everything", 24, 4, 0.99, 60, 0.005, 6},
	} {
		if got := parityRows(c.shards, c.blocks, c.share, c.inARow, c.unmended); got != c.want {
			t.Errorf("%s: %d rows, want %d", c.name, got, c.want)
		}
	}
}

// losing makes the slot's path one that loses a share of the packets, far away.
func losing(s *slot, lost, came, runs int) {
	s.path.losing = []fate{{lost: lost, came: came, runs: runs}}
	s.ice = 100 * time.Millisecond
	s.repairs = maxRepairs
}

// On a path that loses packets at random, nearly all frames are whole without asking for anything again.
func TestParityMendsLoss(t *testing.T) {
	for _, c := range []struct {
		name  string
		loss  float64
		burst int
	}{{"1 %", 0.01, 1}, {"3 %", 0.03, 1}, {"5 %", 0.05, 1}, {"3 % in bursts", 0.03, 4}} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			s := newSlot(&SenderStats{}, newPath(), 0)
			var a assembler
			const frames = 2000
			whole, left := 0, 0
			for range frames {
				losing(s, int(c.loss*1000), 1000-int(c.loss*1000), int(c.loss*1000)/c.burst)
				s.push(sized(0, true, 9000+int(r.Uint32()%8000)))
				for _, p := range drain(s, 0) {
					if left == 0 && r.Float64() < c.loss/float64(c.burst) {
						left = c.burst
					}
					if left > 0 {
						left--
						continue
					}
					b := make([]byte, p.length)
					p.copyTo(b)
					sh, err := parseShard(b)
					if err != nil {
						t.Fatal(err)
					}
					if frame, _ := a.push(sh); frame != nil {
						whole++
					}
				}
			}
			if whole < frames*985/1000 {
				t.Errorf("%d of %d frames are whole", whole, frames)
			}
		})
	}
}

// No parity where it would not help: without loss, near by, where the path is full, and beyond what was sent.
func TestParityIsForLoss(t *testing.T) {
	for name, prepare := range map[string]func(*slot){
		"no loss":   func(s *slot) { s.path.losing = []fate{{came: 1000}} },
		"near":      func(s *slot) { s.ice = protectRTT - 1 },
		"full":      func(s *slot) { s.path.standing = protectQueue + 1 },
		"no budget": func(s *slot) { s.repairs = 0 },
		"narrow": func(s *slot) {
			s.camera(0).streams[0].meter.rate = 3_000_000
			s.path.samples = []sample{{rate: 4_000_000, limited: true}}
			s.path.standing = protectNarrow + 1
		},
		"large": nil,
	} {
		s := newSlot(&SenderStats{}, newPath(), 0)
		losing(s, 50, 950, 50)
		size := 20_000
		if prepare != nil {
			prepare(s)
		} else {
			size = maxSharded + 1
		}
		s.push(sized(0, true, size))
		for _, p := range drain(s, 0) {
			if p.frame.sharded() {
				t.Errorf("%s: sent in shards", name)
				break
			}
		}
	}
}

// What is lost is sent again to the bit; parity as well, because browsers ask for it without end, but not twice. A frame that is flushed in the
// middle needs no end.
func TestShardsAreResent(t *testing.T) {
	s := newSlot(&SenderStats{}, newPath(), 65530)
	losing(s, 50, 950, 50)
	s.push(sized(0, true, 8000))
	sent := drain(s, 0)
	data, parity := sent[2], sent[len(sent)-1]
	if !data.frame.sharded() || data.isParity() || !parity.isParity() || !data.marker || !data.first() {
		t.Fatalf("%+v, %+v", data, parity)
	}
	s.repairs, s.twice = maxRepairs, true
	s.nack(parity.seq, time.Millisecond)
	s.nack(data.seq, time.Millisecond)
	again := append(drain(s, time.Millisecond), drain(s, time.Second)...)
	if want := []packet{parity, data, data}; !slices.Equal(again, want) {
		t.Errorf("sent again: %+v, want %+v", again, want)
	}

	losing(s, 50, 950, 50)
	s.push(sized(0, true, 8000))
	s.next(2 * time.Millisecond)
	s.flush(0, every)
	if rest := drain(s, 2*time.Millisecond); len(rest) != 0 {
		t.Errorf("after the flush: %+v", rest)
	}
}

// Where packets come unevenly but without a queue, a path that seems too narrow for parity has it nevertheless.
func TestParityDespiteJitter(t *testing.T) {
	s := newSlot(&SenderStats{}, newPath(), 0)
	losing(s, 50, 950, 50)
	s.camera(0).streams[0].meter.rate = 3_000_000
	s.path.samples = []sample{{rate: 4_000_000, limited: true}}
	s.push(sized(0, true, 8000))
	if sent := drain(s, 0); !sent[0].frame.sharded() {
		t.Error("not sent in shards")
	}
}

func TestLossesAreRemembered(t *testing.T) {
	const ms = time.Millisecond
	p := newPath()
	reports := make([]packetReport, 0, 100)
	for i := range 100 {
		seq := p.sent(time.Duration(i)*ms, time.Duration(i)*ms, 1000)
		reports = append(reports, packetReport{seq: seq, came: i%20 > 1, arrival: time.Duration(i+50) * ms})
	}
	p.report(200*ms, reports)
	if share, inARow := p.losses(); share != 0.1 || inARow != 2 {
		t.Errorf("%v lost, %v in a row; want 0.1 and 2", share, inARow)
	}
	p.report(210*ms, []packetReport{{seq: 0, came: true, arrival: 205 * ms}}) // it was only late
	if share, _ := p.losses(); share != 0.09 {
		t.Errorf("%v lost after one came late, want 0.09", share)
	}
	p.report(200*ms+lossesOver+ms, nil)
	if share, _ := p.losses(); share != 0 {
		t.Errorf("%v lost, though that was long ago", share)
	}
}

// Where packets come unevenly for long, though in order, hardly a frame goes without parity; on a path that has room for little more than the
// stream, most do.
func TestParityWhereItHelps(t *testing.T) {
	const frames, size = 1800, 12_500 // a minute of 3 Mbit/s
	for _, c := range []struct {
		name        string
		rate        transport.Bitrate // 0: there is room
		swing       time.Duration     // either way
		least, most int               // frames with parity
	}{
		{"even", 0, 0, frames * 99 / 100, frames},
		{"uneven", 0, 20 * time.Millisecond, frames * 99 / 100, frames},
		{"narrow", 3600 * transport.Kbit, 0, 0, frames / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			w := &wire{path: newPath(), delay: 100 * time.Millisecond, rate: c.rate, lose: func(int) bool { return random.IntN(20) == 0 }}
			if c.swing > 0 {
				w.swing = func() time.Duration { return time.Duration((2*random.Float64() - 1) * float64(c.swing)) }
			}
			s := newSlot(&SenderStats{}, w.path, 0)
			s.ice = 200 * time.Millisecond
			s.camera(0).streams[0].meter.rate = 3_000_000
			protected := 0
			for i := range frames + 300 { // the first ten seconds tell how the path is
				s.repairs = maxRepairs
				f := &outFrame{sealed: make([]byte, size)}
				s.protect(f, w.now)
				packets := size / fragmentSize
				if f.sharded() {
					packets += len(f.parity)
					if i >= 300 {
						protected++
					}
				}
				w.send(packets)
				w.wait(frameTime)
			}
			if protected < c.least || protected > c.most {
				t.Errorf("%d of %d frames with parity", protected, frames)
			}
		})
	}
}
