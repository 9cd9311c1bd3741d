//go:build !js

package rtp

import (
	"slices"
	"time"

	"github.com/sealcam/sealcam/transport"
)

const (
	sentMemory = 4096 // packets whose fate is remembered; a power of two that divides 2^16

	standingOver  = 250 * time.Millisecond // a queue that was empty once in this time is none
	deliveredOver = 500 * time.Millisecond
	flowOver      = 20 * time.Millisecond // less time says nothing of a rate
	lossOver      = time.Second
	lossesOver    = 6 * time.Second  // how a path loses shows in longer
	samplesOver   = 10 * time.Second // for how long a train counts

	// From here on the path carries less than is sent.
	crowdedQueue = 80 * time.Millisecond
	crowdedLoss  = 0.25

	trainGap     = 6 * time.Millisecond // packets further apart are of different trains
	trainPackets = 6                    // fewer say nothing about the path
	jitterSmooth = 64                   // packets
	maxSamples   = 9

	// silentAfter, beyond a round trip, without any sign from the viewer, whose RTP stack reports every 50 to 250 ms.
	silentAfter = 500 * time.Millisecond

	// A queue that neither grows nor shrinks for settleAfter though all that is sent comes through is no queue: the way has become longer.
	settleAfter  = 2 * time.Second
	settleWithin = 20 * time.Millisecond
)

// wireRecord is what is remembered of a packet until the viewer reports on it.
type wireRecord struct {
	at       time.Duration // when it was due
	size     int32         // on the wire
	reported bool
	came     bool
	repaired bool // sent again: when it came says nothing
}

// arrived is a packet that came.
type arrived struct {
	sent, at, delay time.Duration
	size            int32
}

// path learns from reports and other signs how the way to the viewer is. Packets are numbered for the whole connection, as the transport-wide
// extension says. It is pure, and guarded by the Sender's mutex; instants are durations since the Sender's start.
type path struct {
	records [sentMemory]wireRecord
	next    uint64 // number of the next packet

	waiting time.Duration // when the first packet since the viewer's last sign was sent; negative: none
	woke    time.Duration // when the last silence ended: what was sent into it says nothing of the path
	known   bool

	clock   time.Duration // the viewer's, unwrapped
	raw     time.Duration // its last arrival as reported
	clocked bool
	delay   minFilter // from being due here to arrival there; the clocks' difference is in it
	recent  []arrived
	fates   []fate // of lossOver
	losing  []fate // of lossesOver

	standing time.Duration
	steady   time.Duration // since when standing hardly changes
	low      time.Duration // bounds of standing since then
	high     time.Duration

	train   train
	samples []sample
	jitter  time.Duration // by how much the delays of packets of a train differ from one to the next, smoothed
}

// fate is what was reported at a time.
type fate struct {
	at         time.Duration
	came, lost int
	runs       int // of lost ones in a row
	late       int // of lost ones that came after all
}

// train is a run of packets that were sent together, as far as it was reported.
type train struct {
	first, last arrived
	bytes       int // after the first packet
	packets     int
	jumps       [2]time.Duration // the two largest by which a packet's delay was more than that of the one before it
}

// sample is how fast a train came.
type sample struct {
	at      time.Duration
	rate    transport.Bitrate
	limited bool // slower than it was sent
}

func newPath() *path { return &path{waiting: -1} }

// sent numbers a packet that goes out now. due is when the pace would have it, which is more even.
func (p *path) sent(now, due time.Duration, size int) uint16 {
	n := p.next
	p.next++
	p.records[n%sentMemory] = wireRecord{at: due, size: int32(size)}
	p.went(now)
	return uint16(n)
}

// again notes that a packet goes out once more, which keeps its number.
func (p *path) again(seq uint16, now time.Duration) {
	if r := p.record(seq); r != nil {
		r.repaired = true
	}
	p.went(now)
}

func (p *path) went(now time.Duration) {
	if p.waiting < 0 {
		p.waiting = now
	}
}

// sign notes that something came from the viewer.
func (p *path) sign(now time.Duration) {
	if p.silent(now, 0) {
		p.woke = now
		p.fates, p.losing, p.recent, p.train = p.fates[:0], p.losing[:0], p.recent[:0], train{}
	}
	p.waiting = -1
}

// silent says that a sign is overdue.
func (p *path) silent(now, rtt time.Duration) bool {
	return p.waiting >= 0 && now-p.waiting > silentAfter+rtt
}

// record returns a packet's record, or nil for one that was never sent or is forgotten.
func (p *path) record(seq uint16) *wireRecord {
	back := uint64(uint16(p.next) - seq)
	if back == 0 || back > p.next || back > sentMemory {
		return nil
	}
	return &p.records[(p.next-back)%sentMemory]
}

// came says whether a packet came, or is forgotten.
func (p *path) came(seq uint16) bool {
	r := p.record(seq)
	return r == nil || r.came
}

// report takes what the viewer says of packets, in ascending order. It reports false if it says something of packets that were never sent.
func (p *path) report(now time.Duration, reports []packetReport) bool {
	sound := true
	f := fate{at: now}
	before := false // the packet before was lost
	for i := range reports {
		r := &reports[i]
		record := p.record(r.seq)
		if record == nil {
			sound = false
			continue
		}
		if !r.came {
			if !record.reported {
				record.reported = true
				if record.at >= p.woke {
					f.lost++
					if !before {
						f.runs++
					}
					before = true
				}
			}
			continue
		}
		before = false
		at := p.unwrap(r.arrival)
		if record.came {
			continue
		}
		switch {
		case !record.reported:
			f.came++
		case !record.repaired && record.at >= p.woke:
			f.late++
		}
		record.reported, record.came = true, true
		if record.repaired {
			continue
		}
		a := arrived{sent: record.at, at: at, delay: at - record.at, size: record.size}
		p.delay.add(a.delay, now)
		p.recent = append(p.recent, a)
		p.follow(a, now)
	}
	p.known = true
	if f.came+f.lost+f.late > 0 {
		p.fates, p.losing = append(p.fates, f), append(p.losing, f)
	}
	p.fates = slices.DeleteFunc(p.fates, func(f fate) bool { return now-f.at > lossOver })
	p.losing = slices.DeleteFunc(p.losing, func(f fate) bool { return now-f.at > lossesOver })
	p.forget()
	p.measure(now)
	if p.standing > crowdedQueue || p.loss() > crowdedLoss {
		// What trains promised is not so any more.
		p.samples = slices.DeleteFunc(p.samples, func(s sample) bool { return !s.limited })
	}
	return sound
}

// unwrap puts an arrival on a clock that does not wrap: reference times have 24 bits.
func (p *path) unwrap(arrival time.Duration) time.Duration {
	const period = referenceUnit << 24
	if !p.clocked {
		p.clocked = true
	} else {
		step := arrival - p.raw
		if step > period/2 {
			step -= period
		} else if step < -period/2 {
			step += period
		}
		p.clock += step
	}
	p.raw = arrival
	return p.clock
}

// forget drops arrivals that are too old to tell of now.
func (p *path) forget() {
	if len(p.recent) == 0 {
		return
	}
	newest := p.recent[len(p.recent)-1].at
	n := 0
	for n < len(p.recent) && newest-p.recent[n].at > deliveredOver {
		n++
	}
	p.recent = append(p.recent[:0], p.recent[n:]...)
}

// follow adds an arrival to its train, or ends the train before it.
func (p *path) follow(a arrived, now time.Duration) {
	t := &p.train
	if t.packets > 0 && a.sent >= t.last.sent && a.sent-t.last.sent <= trainGap {
		later := a.delay - t.last.delay
		p.jitter += (later.Abs() - p.jitter) / jitterSmooth
		t.jumps[1] = max(t.jumps[1], min(t.jumps[0], later))
		t.jumps[0] = max(t.jumps[0], later)
		t.last = arrived{sent: a.sent, at: max(t.last.at, a.at), delay: a.delay}
		t.bytes += int(a.size)
		t.packets++
		return
	}
	p.endTrain(now)
	*t = train{first: a, last: a, packets: 1}
}

// endTrain makes a sample of the train that was followed.
func (p *path) endTrain(now time.Duration) {
	t := &p.train
	if t.packets < trainPackets {
		return
	}
	sent, came := t.last.sent-t.first.sent, t.last.at-t.first.at
	// A path that carries little delays each packet a little more than the one before it. Where packets keep their order but come unevenly, a
	// late one holds up the others, and a train becomes longer in one or two jumps.
	s := sample{
		at: now, rate: transport.RateOf(t.bytes, max(sent, came, time.Millisecond)),
		limited: came-t.jumps[0]-t.jumps[1] > sent+sent/10+2*time.Millisecond+2*p.jitter,
	}
	if len(p.samples) == maxSamples {
		p.samples = append(p.samples[:0], p.samples[1:]...)
	}
	p.samples = append(p.samples, s)
}

// measure finds the queue that does not go away.
func (p *path) measure(now time.Duration) {
	base, ok := p.delay.min(now)
	if !ok || len(p.recent) == 0 {
		return
	}
	newest := p.recent[len(p.recent)-1].at
	standing := p.recent[len(p.recent)-1].delay - base
	for _, a := range p.recent {
		if newest-a.at <= standingOver {
			standing = min(standing, a.delay-base)
		}
	}
	p.standing = standing
	if p.low = min(p.low, standing); standing-p.low > settleWithin+p.low/8 {
		p.low, p.high, p.steady = standing, standing, now
	}
	if p.high = max(p.high, standing); p.high-standing > settleWithin+p.high/8 {
		p.low, p.high, p.steady = standing, standing, now
	}
	if now-p.steady > settleAfter && p.low > settleWithin && !p.growing() {
		p.delay.reset(base+p.low, now)
		p.standing, p.low, p.high, p.steady = 0, 0, 0, now
	}
}

// flow returns how fast the recent packets were sent and how fast they came.
func (p *path) flow() (sent, came transport.Bitrate) {
	if len(p.recent) < trainPackets {
		return 0, 0
	}
	first, last := p.recent[0], p.recent[len(p.recent)-1]
	bytes := 0
	for _, a := range p.recent[1:] {
		bytes += int(a.size)
	}
	if last.at-first.at < flowOver || last.sent-first.sent < flowOver {
		return 0, 0
	}
	return transport.RateOf(bytes, last.sent-first.sent), transport.RateOf(bytes, last.at-first.at)
}

// growing says whether packets come at a slower pace than they leave.
func (p *path) growing() bool {
	sent, came := p.flow()
	return came > 0 && float64(came) < 0.92*float64(sent)
}

// loss returns the share of the packets reported of late that did not come.
func (p *path) loss() float64 {
	came, lost := 0, 0
	for _, f := range p.fates {
		came, lost = came+f.came, lost+f.lost
	}
	if came+lost < 20 {
		return 0
	}
	return float64(lost) / float64(came+lost)
}

// losses returns which share of the packets does not come, over a longer time than loss, and how many in a row go missing on average.
func (p *path) losses() (share, inARow float64) {
	came, lost, runs := 0, 0, 0
	for _, f := range p.losing {
		came, lost, runs = came+f.came+f.late, lost+f.lost-f.late, runs+f.runs
	}
	if came+lost < 50 || lost <= 0 || runs == 0 {
		return 0, 0
	}
	return float64(lost) / float64(came+lost), max(float64(lost)/float64(runs), 1)
}

// capacity returns how fast trains came through of late: the middle of those that the path slowed down, or else the fastest that was tried.
func (p *path) capacity(now time.Duration) (rate transport.Bitrate, limited bool) {
	var slowed []transport.Bitrate
	for _, s := range p.samples {
		if now-s.at > samplesOver {
			continue
		}
		if s.limited {
			slowed = append(slowed, s.rate)
		} else {
			rate = max(rate, s.rate)
		}
	}
	fast := 0
	for _, s := range p.samples {
		if !s.limited && now-s.at <= samplesOver {
			fast++
		}
	}
	if len(slowed) <= fast { // now and then a reader is late
		return rate, false
	}
	slices.Sort(slowed)
	return slowed[len(slowed)/2], true
}

// snapshot returns what is known now.
func (p *path) snapshot(now, rtt time.Duration) transport.Path {
	_, came := p.flow()
	capacity, limited := p.capacity(now)
	return transport.Path{
		Known: p.known, Silent: p.silent(now, rtt), RTT: rtt, Queue: p.standing, Growing: p.growing(), Delivered: came,
		Capacity: capacity, Limited: limited, Loss: p.loss(),
	}
}
