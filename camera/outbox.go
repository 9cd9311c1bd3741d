package camera

import (
	"slices"
	"sync"

	"github.com/sealcam/sealcam/control"
)

// What a viewer is to be told of in its newest state, made when its turn comes: so that a slow viewer is told less often and nothing
// piles up. The order is that of urgency.
const (
	dueTerms due = 1 << iota
	dueHead
	dueJournal
	dueDevices
	dueLog
)

type due uint8

// outgoing is how many control messages may wait for a slow viewer; one more ends the session.
const outgoing = 256

// maxQuestions is how many questions to the journal may wait for their answers.
const maxQuestions = 4

// outbox holds what waits to be sent to a viewer. It is safe for concurrent use.
type outbox struct {
	woken chan struct{} // holds a token while there may be something to send

	mu        sync.Mutex
	queue     []control.Message
	last      control.Message // nothing follows it
	due       due
	questions []*control.JournalWanted
	from      uint64 // next entry of the log to send, while dueLog
}

func newOutbox() *outbox { return &outbox{woken: make(chan struct{}, 1)} }

// put queues a message; false if there is no room for it.
func (o *outbox) put(m control.Message) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last != nil {
		return true
	}
	if len(o.queue) == outgoing {
		return false
	}
	o.queue = append(o.queue, m)
	o.wake()
	return true
}

// mark makes something due.
func (o *outbox) mark(d due) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.due |= d // ignored once there is a last message
	o.wake()
}

// ask queues a question to the journal; false if there is no room for it.
func (o *outbox) ask(m *control.JournalWanted) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.questions) == maxQuestions {
		return false
	}
	o.questions = append(o.questions, m)
	o.due |= dueJournal
	o.wake()
	return true
}

// sendLog makes the log due from an entry on, in place of what was due of it.
func (o *outbox) sendLog(from uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.from = from
	o.due |= dueLog
	o.wake()
}

// goOn makes the log due from its next entry on, unless the viewer asked anew meanwhile.
func (o *outbox) goOn(next uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last == nil && o.due&dueLog == 0 {
		o.from = next
		o.due |= dueLog
	}
}

// finish makes m the last message. Of what waits only answers to appended entries still go before it.
func (o *outbox) finish(m control.Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last != nil {
		return
	}
	o.queue = slices.DeleteFunc(o.queue, func(m control.Message) bool {
		_, ack := m.(*control.Appended)
		return !ack
	})
	o.due, o.questions, o.last = 0, nil, m
	o.wake()
}

// turn is what to send next: a message, or one of the dues.
type turn struct {
	message control.Message // with dueJournal the question
	last    bool
	due     due
	from    uint64 // with dueLog
}

// take returns whose turn it is; the dues in hold have to wait. Nothing is the zero turn.
func (o *outbox) take(hold due) turn {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) > 0 {
		m := o.queue[0]
		o.queue[0] = nil
		o.queue = o.queue[1:]
		return turn{message: m}
	}
	if o.last != nil {
		return turn{message: o.last, last: true}
	}
	for d := dueTerms; d <= dueLog; d <<= 1 {
		if o.due&^hold&d == 0 {
			continue
		}
		o.due &^= d
		t := turn{due: d, from: o.from}
		if d == dueJournal {
			t.message = o.questions[0]
			if o.questions = o.questions[1:]; len(o.questions) > 0 {
				o.due |= dueJournal
			}
		}
		return t
	}
	return turn{}
}

// holds reports whether something is due.
func (o *outbox) holds(d due) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.due&d != 0
}

// wake lets the writer look again. Callers hold mu.
func (o *outbox) wake() {
	select {
	case o.woken <- struct{}{}:
	default:
	}
}
