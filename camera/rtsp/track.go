package rtsp

import (
	"errors"

	"github.com/pion/rtp"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/nal"
)

// Bounds on what is kept of a picture that is not complete yet.
const (
	// maxPackets stops a camera that fills memory with tiny fragments: codec.MaxAccessUnit in packets of 512 bytes.
	maxPackets = 8192
	maxUnits   = 512
)

// track turns one connection's video packets into access units. One goroutine uses it.
type track struct {
	payload  payload
	timeline timeline
	deliver  func(codec.AccessUnit)
	refuse   func(error) // a picture was left out

	sequence uint16
	started  bool

	pending  [][]byte // NAL units of the picture that is being received
	bytes    int
	packets  int
	rtp      uint32
	arrival  codec.Timestamp
	broken   bool // part of it is missing
	whole    bool // holds a picture's slices, not parameter sets alone
	flushed  uint32
	gaveOne  bool // flushed is valid
	liesMark bool // the marker bit does not mean the end of a picture
	lost     int  // packets
}

func newTrack(p payload, clockRate int, deliver func(codec.AccessUnit), refuse func(error)) *track {
	return &track{payload: p, timeline: timeline{rate: int64(clockRate)}, deliver: deliver, refuse: refuse}
}

// packet takes the next packet. A picture ends with the marker bit (RFC 6184 §5.1) or when the timestamp changes, because some
// cameras do not set it, and some set it on every slice.
func (t *track) packet(pkt *rtp.Packet, arrival codec.Timestamp) {
	if !t.inSequence(pkt.SequenceNumber) {
		return
	}
	if t.packets > 0 && pkt.Timestamp != t.rtp {
		t.flush()
	}
	t.rtp, t.arrival = pkt.Timestamp, arrival
	if t.packets++; t.packets > maxPackets {
		t.fail(nal.ErrTooLarge)
		return
	}
	units, err := t.payload.units(pkt)
	switch {
	case errors.Is(err, errMore):
		return
	case err != nil:
		t.fail(nal.ErrCorrupt)
	}
	for _, u := range units {
		t.unit(u)
	}
	if pkt.Marker && !t.liesMark {
		t.flush()
	}
}

// inSequence drops repeated and old packets, and notes a gap.
func (t *track) inSequence(n uint16) bool {
	gap := n - t.sequence - 1
	switch {
	case !t.started:
		t.started = true
	case gap == 0:
	case gap > 0xff00:
		return false // came already
	default:
		t.lost += int(gap)
		t.payload.reset()
		// If a picture was being received, part of it is gone. If the next one has lost its beginning, the assembler sees it.
		between := t.packets == 0
		t.fail(nal.ErrTruncated)
		t.broken = !between
	}
	t.sequence = n
	return true
}

// fail leaves out the picture being received and all up to the next key picture.
func (t *track) fail(err error) {
	if t.packets > maxPackets {
		t.payload.reset()
		t.packets = 1
	}
	t.pending, t.bytes, t.whole = t.pending[:0], 0, false
	t.broken = true
	t.payload.interrupt()
	t.refuse(err)
}

func (t *track) unit(u []byte) {
	if len(u) == 0 {
		return
	}
	picture := t.payload.picture(u)
	if picture && t.gaveOne && !t.liesMark && !t.whole && t.rtp == t.flushed && (!t.payload.first(u) || t.payload.fields()) {
		// More of a picture that was taken for complete.
		t.liesMark = true
		t.fail(nal.ErrCorrupt)
		return
	}
	if len(t.pending) >= maxUnits || t.bytes+len(u) > codec.MaxAccessUnit {
		t.fail(nal.ErrTooLarge)
		return
	}
	t.pending = append(t.pending, u)
	t.bytes += len(u)
	t.whole = t.whole || picture
}

func (t *track) drop() {
	clear(t.pending)
	t.pending, t.bytes, t.packets, t.whole, t.broken = t.pending[:0], 0, 0, false, false
}

// flush makes an access unit of what was collected. Parameter sets alone wait for their picture.
func (t *track) flush() {
	if t.broken {
		t.drop()
		return
	}
	if !t.whole {
		return
	}
	t.gaveOne, t.flushed = true, t.rtp
	au, err := t.payload.assemble(t.pending)
	t.drop()
	if err == nil {
		if _, invalid := au.Config.AppendBinary(nil); invalid != nil {
			err = nal.ErrCorrupt
		}
	}
	switch {
	case errors.Is(err, nal.ErrNoPicture):
		return
	case err != nil:
		t.refuse(err)
		return
	}
	au.Captured = t.timeline.at(t.rtp, t.arrival)
	t.deliver(au)
	if t.timeline.late() {
		t.refuse(&Error{Problem: Lagging})
	}
}
