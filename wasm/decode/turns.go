//go:build js

package decode

import (
	"slices"
	"syscall/js"
	"time"
)

const (
	// share is how much of the page's one thread the Go decoders may use. The rest is for opening frames, drawing, and the user.
	share = 0.6
	// restAfter is the rest that may be owed before it is taken: timers of browsers are no finer than 4 ms.
	restAfter = 4 * time.Millisecond
	// overFor is how long the decoders may need more than their share before one must make do with key frames.
	overFor = 1500 * time.Millisecond
	// restrictedFor is for how long at least.
	restrictedFor = 5 * time.Second
	// comfort is the part of the share that must suffice before all pictures are decoded again.
	comfort = 0.8
)

// turns lets all Go decoders of a page take turns on its one thread: one unit at a time, and between two of them the page's event
// loop, which draws and answers the user. Where the decoders need more than their share, the one that needs most decodes key frames
// alone: a page that hangs would be worse.
type turns struct {
	meter     *Meter
	streams   []*software // open ones; whose turn comes next stands first
	scheduled bool
	owed      time.Duration // rest that the thread is owed
	worked    time.Time     // when a turn last ended
	over      time.Time     // since when the share does not suffice; zero: it does
	run       js.Func
	channel   js.Value // a MessageChannel: its messages come as soon as the event loop has nothing more urgent, without a timer's delay
	timeout   js.Value // setTimeout
}

func newTurns(meter *Meter) *turns { return &turns{meter: meter} }

// enter adds a decoder.
func (t *turns) enter(s *software) {
	if !t.channel.Truthy() {
		t.run = js.FuncOf(func(js.Value, []js.Value) any {
			t.turn()
			return nil
		})
		t.channel = js.Global().Get("MessageChannel").New()
		t.channel.Get("port1").Set("onmessage", t.run)
		t.timeout = js.Global().Get("setTimeout")
	}
	t.streams = append(t.streams, s)
}

// leave removes one.
func (t *turns) leave(s *software) {
	t.streams = slices.DeleteFunc(t.streams, func(o *software) bool { return o == s })
}

// schedule makes sure that there is a turn if there is work.
func (t *turns) schedule() {
	if t.scheduled || !slices.ContainsFunc(t.streams, (*software).hasWork) {
		return
	}
	t.scheduled = true
	t.owed = max(t.owed-time.Since(t.worked), 0)
	if t.owed > restAfter {
		t.timeout.Invoke(t.run, float64(t.owed)/float64(time.Millisecond))
		return
	}
	t.channel.Get("port2").Call("postMessage", js.Null())
}

// turn decodes one unit of the next decoder that has some.
func (t *turns) turn() {
	t.scheduled = false
	at := slices.IndexFunc(t.streams, (*software).hasWork)
	if at < 0 {
		return
	}
	s := t.streams[at]
	copy(t.streams[at:], t.streams[at+1:])
	t.streams[len(t.streams)-1] = s
	start := time.Now()
	t.owed = max(t.owed-start.Sub(t.worked), 0)
	took := s.step()
	t.worked = time.Now()
	t.owed += time.Duration(float64(took) * (1 - share) / share)
	t.weigh(t.worked)
	s.handOn() // may take units and close decoders
	t.schedule()
}

// load returns the part of the thread that the decoders need.
func (t *turns) load() (sum float64) {
	for _, s := range t.streams {
		sum += s.load.now()
	}
	return sum
}

// weigh restricts the decoder that needs most to key frames if all together need too much.
func (t *turns) weigh(now time.Time) {
	load := t.load()
	if load <= share {
		t.over = time.Time{}
		return
	}
	if t.over.IsZero() {
		t.over = now
	}
	if load < 2*share && now.Sub(t.over) < overFor {
		return
	}
	var most *software
	for _, s := range t.streams {
		if s.load.restrictable() && (most == nil || s.load.full() > most.load.full()) {
			most = s
		}
	}
	if most != nil {
		most.load.restrict(now)
		t.over = time.Time{}
	}
}

// lift ends the restriction of a decoder if there is room for all its pictures again.
func (t *turns) lift(s *software, now time.Time) {
	if now.Sub(s.load.since) >= restrictedFor && t.load()-s.load.now()+s.load.full() < comfort*share {
		s.load.keysOnly = false
	}
}
