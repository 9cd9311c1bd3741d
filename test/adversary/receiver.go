package adversary

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer/gate"
)

// Weakness takes one of the viewer's defences away, to see that the search misses it.
type Weakness uint8

// The weaknesses.
const (
	Whole         Weakness = iota // none
	Unsealed                      // shows whatever the server sends, as viewers without end-to-end encryption do
	ForgetsSeen                   // begins with a new Opener in each session, and so forgets which frames it has seen
	ForgetsOrder                  // has no gate between the decoder and the screen: neither age nor order is looked at
	ForgetsGOPs                   // has no Chain: decodes whatever opens
	KeepsEpochs                   // takes frames under keys of earlier sessions
	TrustsStreams                 // lets a frame's own header say which stream it belongs to
)

// receiver is one viewer of one camera, put together from the parts of the real one in the way that package viewer does.
type receiver struct {
	w      *world
	viewer int
	weak   Weakness

	now     time.Time
	ticks   int
	opener  *seal.Opener
	pending seal.Pending
	chain   seal.Chain
	held    []seal.Opened // behind a gap
	session []uint64      // numbers of the epochs of this session
	clock   gate.Clock
	gate    *gate.Gate
	lane    *gate.Lane
	shelf   gate.Shelf

	// What the search notes, to judge by.
	given  []seal.Epoch // keys that this device was given, ever
	fed    []frameID    // what the decoder was given last; nothing yet, if empty
	drawn  []frameID    // pictures that came on the screen, in order
	broken string       // the first promise that was broken
}

func newReceiver(w *world, viewer int, weak Weakness) *receiver {
	src := w.source[homeOf(viewer)]
	r := &receiver{w: w, viewer: viewer, weak: weak, now: start, opener: seal.NewOpener(src), gate: gate.New(src.Camera)}
	r.lane = r.gate.Lane(seal.Main, codec.Config{})
	return r
}

// wait lets time pass.
func (r *receiver) wait() {
	r.ticks++
	r.now = r.now.Add(tick)
	r.pending.Release(r.now, r.knows, r.open)
	r.look()
}

// welcome is the agent's first message in a session that was opened in a tick: its clock then, and the current epoch.
func (r *receiver) welcome(opened, life, epoch int) {
	if r.clock.Pong(start.Add(time.Duration(opened)*tick), r.now, r.w.clock(life, opened)) {
		r.gate.Restart()
	}
	r.epoch(life, epoch)
}

// epoch is the agent's message with a key.
func (r *receiver) epoch(life, epoch int) {
	e := r.w.epochs[homeOf(r.viewer)][life][epoch]
	if r.opener.AddEpoch(e) != nil {
		r.end()
		r.opener = seal.NewOpener(r.w.source[homeOf(r.viewer)])
		if err := r.opener.AddEpoch(e); err != nil {
			r.fail("a new Opener refuses the epoch: %v", err)
		}
	}
	r.session = append(r.session, e.Number)
	if !slices.Contains(r.given, e) {
		r.given = append(r.given, e)
	}
	r.pending.Release(r.now, r.knows, r.open)
	r.look()
}

// end is the end of a session: streams begin anew in the next one, the picture stays and grows old.
func (r *receiver) end() {
	r.chain.Reset()
	r.held, r.session, r.pending, r.fed = nil, nil, seal.Pending{}, nil
	r.lane = r.gate.Lane(seal.Main, codec.Config{})
	if r.weak == ForgetsSeen {
		r.opener = seal.NewOpener(r.w.source[homeOf(r.viewer)])
	}
}

// refuse is the agent's word that this device may no longer watch.
func (r *receiver) refuse() {
	r.end()
	r.shelf.Clear()
}

// knows says whether frames of an epoch are to be opened: in a session, those are good whose key came in it.
func (r *receiver) knows(number uint64) bool {
	return slices.Contains(r.session, number) || r.weak == KeepsEpochs && r.opener.Knows(number)
}

// frame takes a sealed frame that the server says is of the main stream.
func (r *receiver) frame(f frameID) {
	sealed := r.w.sealed[f]
	if r.weak == Unsealed {
		r.draw(f)
		return
	}
	before := r.opener.Stats()
	number, stream, ok := seal.Peek(sealed)
	if r.weak != TrustsStreams {
		stream = seal.Main
	}
	if ok && !r.knows(number) {
		if r.opener.Knows(number) {
			return // of an earlier session
		}
		r.pending.Hold(r.now, sealed)
		return
	}
	r.open(stream, sealed)
	if after := r.opener.Stats(); after.Opened+after.RefusedTotal() != before.Opened+before.RefusedTotal()+1 {
		r.fail("%v was not counted once", f)
	}
	r.look()
}

func (r *receiver) open(stream seal.Stream, sealed []byte) {
	o, err := r.opener.Open(stream, sealed)
	if err != nil {
		if seal.ReasonOf(err) == seal.NoReason {
			r.fail("refused without a reason: %v", err)
		}
		return
	}
	r.accept(o)
}

// accept applies the GOP rule as a lane of package viewer does.
func (r *receiver) accept(o seal.Opened) {
	if r.weak == ForgetsGOPs {
		r.decode(o)
		return
	}
	switch r.chain.Accept(o) {
	case seal.Take:
		r.decode(o)
		held := r.held
		r.held = nil
		for _, h := range held {
			r.accept(h)
		}
	case seal.Gap:
		same := func(h seal.Opened) bool { return h.GOP() == o.GOP() && h.Index() == o.Index() }
		if !slices.ContainsFunc(r.held, same) {
			r.held = append(r.held, o)
		}
	}
}

// decode is the decoder, which gives each picture back at once, and the gate.
func (r *receiver) decode(o seal.Opened) {
	if r.weak == TrustsStreams && o.Stream() != seal.Main {
		r.draw(frameID(binary.BigEndian.Uint32(o.Data())))
		return
	}
	if !r.lane.Expect(o) {
		return
	}
	f := frameID(binary.BigEndian.Uint32(o.Data()))
	r.feed(f)
	if r.weak == ForgetsOrder {
		r.draw(f)
		return
	}
	px := gate.Pixels{Layout: gate.LayoutRGBA, Width: 1, Height: 1, Data: slices.Clone(o.Data())}
	p, refusal := r.lane.Admit(r.now, &r.clock, o.Captured(), px, false)
	if p == nil {
		if refusal == gate.Admitted {
			r.fail("%v vanished in the gate", f)
		}
		return
	}
	r.shelf.Put(p)
	r.draw(f)
}

// feed judges what the decoder is given.
func (r *receiver) feed(f frameID) {
	s := f.shot()
	if s.index > 0 {
		if len(r.fed) == 0 || r.fed[0].life() != f.life() || r.fed[0].shot().gop != s.gop || r.fed[0].shot().index != s.index-1 {
			r.fail("decoded without the frame before it: %v", f)
		}
	}
	r.fed = []frameID{f}
}

// draw judges a picture that comes on the screen.
func (r *receiver) draw(f frameID) {
	home, s := homeOf(r.viewer), f.shot()
	e := r.w.epochs[f.home()][f.life()][s.epoch]
	switch {
	case f.home() != home:
		r.fail("another home's picture: %v", f)
	case s.stream != seal.Main:
		r.fail("another stream's picture: %v", f)
	case !slices.Contains(r.given, e):
		r.fail("a picture under a key that was not given: %v", f)
	case r.age(f) > gate.BlankAfter:
		r.fail("a picture that is %v old: %v", r.age(f), f)
	}
	for i, d := range r.drawn {
		switch {
		case d == f:
			r.fail("drawn twice: %v", f)
		case samePicture(d, f) && i == len(r.drawn)-1:
			// The picture on the screen may come once more under a new key, when a session begins with the current GOP.
		case d.life() > f.life():
			r.fail("a picture of before the restart: %v after %v", f, d)
		case d.life() == f.life() && !before(d, f):
			r.fail("backwards: %v after %v", f, d)
		}
	}
	r.drawn = append(r.drawn, f)
}

// look judges what stands on the screen now.
func (r *receiver) look() {
	p := r.shelf.Lend(r.now)
	if p == nil {
		return
	}
	f := frameID(binary.BigEndian.Uint32(p.Bytes()))
	switch {
	case r.age(f) > gate.BlankAfter:
		r.fail("still on the screen after %v: %v", r.age(f), f)
	case p.Age(r.now) < r.age(f):
		r.fail("%v is said to be %v old, and is %v", f, p.Age(r.now), r.age(f))
	}
}

// age returns how old a picture truly is.
func (r *receiver) age(f frameID) time.Duration { return time.Duration(r.ticks-f.taken()) * tick }

func samePicture(a, b frameID) bool {
	s, t := a.shot(), b.shot()
	return a.home() == b.home() && a.life() == b.life() && s.stream == t.stream && s.gop == t.gop && s.index == t.index
}

func before(a, b frameID) bool {
	s, t := a.shot(), b.shot()
	return s.gop < t.gop || s.gop == t.gop && s.index < t.index
}

func (r *receiver) fail(format string, args ...any) {
	if r.broken == "" {
		r.broken = fmt.Sprintf(format, args...)
	}
}
