package hostile

import (
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
)

// Script is one misbehaviour: a hook for each kind of client and direction, any of which may be nil. Hooks see the envelopes of
// clients that are logged in. They run one at a time, with the server's mutex held, so they must not block; they may use the methods
// of Way, Conn and Server whose names begin with a small letter, and Way's others.
type Script struct {
	FromViewer, ToViewer, FromAgent, ToAgent Hook
	// Begin is called when the script is put to use, and End when it is taken off, both like hooks.
	Begin, End func(*Server)
}

// Hook decides what becomes of an envelope that is on its way: true says that it was taken care of, be it dropped; false lets it pass
// to the next script and in the end to its receiver.
type Hook func(w *Way, e signal.Envelope) (taken bool)

// hook returns the script's hook for a way.
func (s *Script) hook(w *Way) Hook {
	switch agent := w.conn.role == signal.RoleAgent; {
	case agent && w.up:
		return s.FromAgent
	case agent:
		return s.ToAgent
	case w.up:
		return s.FromViewer
	}
	return s.ToViewer
}

// pass gives an envelope to the scripts, and what none of them takes to its receiver. raw is its encoding.
func (s *Server) pass(w *Way, e signal.Envelope, raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.conn.role == 0 { // before the login nothing can be aimed at
		if login, ok := e.(*signal.Login); ok && w.up {
			w.conn.login(login)
		}
		w.push(raw)
		return
	}
	s.ledger.note(w, e)
	if over, ok := e.(*signal.ClosePipe); ok {
		defer delete(w.conn.pipes, over.Pipe)
	}
	if w.up && w.conn.ended(e) {
		return
	}
	for _, script := range s.scripts {
		if hook := script.hook(w); hook != nil && hook(w, e) {
			return
		}
	}
	w.push(raw)
}

// Deliver sends an envelope on the way, behind everything that is due already.
func (w *Way) Deliver(e signal.Envelope) { w.push(e.Append(nil)) }

// Raw sends bytes that need be no envelope.
func (w *Way) Raw(b []byte) { w.push(b) }

// Later sends an envelope once d has passed, or Hurry is called.
func (w *Way) Later(d time.Duration, e signal.Envelope) { w.pushAt(time.Now().Add(d), e.Append(nil)) }

// Conn returns the connection that the way belongs to.
func (w *Way) Conn() *Conn { return w.conn }

// Back returns the other direction: towards whoever sent what comes along this one.
func (w *Way) Back() *Way {
	if w.up {
		return w.conn.toClient
	}
	return w.conn.toServer
}

// agentOf says which agent an envelope is about, as far as the server can know; not ok for one that concerns none.
func (w *Way) agentOf(e signal.Envelope) (id identity.AgentID, ok bool) {
	c := w.conn
	if c.role == signal.RoleAgent {
		return c.agent, true
	}
	switch e := e.(type) {
	case *signal.Knock:
		return e.Agent, true
	case *signal.Opened:
		id, ok = c.requests[e.Request]
	case *signal.Unavailable:
		id, ok = c.requests[e.Request]
	case *signal.Data:
		id, ok = c.pipes[e.Pipe]
	case *signal.Credit:
		id, ok = c.pipes[e.Pipe]
	case *signal.ClosePipe:
		id, ok = c.pipes[e.Pipe]
	case *signal.RelayFrame:
		id, ok = c.server.ledger.publisher(e.Topic)
	case *signal.Subscribe:
		id, ok = c.server.ledger.publisher(e.Topic)
	case *signal.Unsubscribe:
		id, ok = c.server.ledger.publisher(e.Topic)
	}
	return id, ok
}

// about narrows a hook to envelopes of one kind about one agent.
func about[E signal.Envelope](agent identity.AgentID, f func(*Way, E) (taken bool)) Hook {
	return func(w *Way, e signal.Envelope) bool {
		typed, ok := e.(E)
		if !ok {
			return false
		}
		id, ok := w.agentOf(e)
		return ok && id == agent && f(w, typed)
	}
}

// drop takes an envelope and forgets it.
func drop[E signal.Envelope](*Way, E) bool { return true }
