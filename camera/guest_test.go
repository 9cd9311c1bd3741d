package camera

import (
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/transport/relay"
)

// guest is a device in a session with the agent, and what it sees.
type guest struct {
	h      *home
	key    identity.DeviceKey
	conn   *session.Conn
	accept *control.Accept
	in     chan control.Message // closed when the session has ended

	mu      sync.Mutex
	openers map[uint8]*seal.Opener
	seen    map[uint8][]string
	epochs  []*control.Epoch
}

func (g *guest) listen() {
	defer close(g.in)
	for {
		b, err := g.conn.ReadMessage()
		if err != nil {
			return
		}
		m, err := control.Decode(b)
		if err != nil {
			g.h.t.Errorf("the agent sent %x: %v", b, err)
			return
		}
		if e, ok := m.(*control.Epoch); ok {
			g.learn(e)
		}
		g.in <- m
	}
}

// learn takes an epoch's key, and looks at what the relay has of it and what comes.
func (g *guest) learn(e *control.Epoch) {
	g.mu.Lock()
	g.epochs = append(g.epochs, e)
	o := g.openers[e.Camera]
	if o == nil {
		o = seal.NewOpener(g.h.a.hubs[e.Camera].src)
		g.openers[e.Camera] = o
	}
	if err := o.AddEpoch(seal.Epoch{Number: e.Number, ID: e.ID, Key: e.Key}); err != nil {
		g.h.t.Error(err)
	}
	g.mu.Unlock()
	g.h.relay.subscribe(relay.Topic(e.Topic, seal.Main), func(sealed []byte) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if opened, err := o.Open(seal.Main, sealed); err == nil {
			if text := string(opened.Data()); !slices.Contains(g.seen[e.Camera], text) {
				g.seen[e.Camera] = append(g.seen[e.Camera], text)
			}
		}
	})
}

func (g *guest) send(m control.Message) {
	g.h.t.Helper()
	b, err := control.Encode(m)
	if err != nil {
		g.h.t.Fatal(err)
	}
	if err := g.conn.WriteMessage(b); err != nil {
		g.h.t.Fatal(err)
	}
	synctest.Wait()
}

func (g *guest) watch(cameras ...uint8) {
	g.h.t.Helper()
	for _, c := range cameras {
		g.send(&control.Watch{Camera: c, Stream: seal.Main, Route: control.Relay})
	}
}

// pictures returns what the guest saw of a camera.
func (g *guest) pictures(camera uint8) []string {
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.seen[camera])
}

// opens tells whether the guest's keys open a frame, whoever gives it to him.
func (g *guest) opens(camera uint8, sealed []byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.openers[camera] == nil {
		return false
	}
	for _, e := range g.epochs {
		o := seal.NewOpener(g.h.a.hubs[camera].src) // one that remembers nothing
		if err := o.AddEpoch(seal.Epoch{Number: e.Number, ID: e.ID, Key: e.Key}); err != nil {
			g.h.t.Error(err)
		}
		if _, err := o.Open(seal.Main, sealed); err == nil {
			return true
		}
	}
	return false
}

// next returns the next message of a kind; those of other kinds before it are lost.
func next[M control.Message](g *guest) M {
	g.h.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case m, ok := <-g.in:
			if !ok {
				var none M
				g.h.t.Fatalf("the session ended, no %T came", none)
			}
			if m, ok := m.(M); ok {
				return m
			}
		case <-late:
			var none M
			g.h.t.Fatalf("no %T came", none)
		}
	}
}

// none checks that no message of a kind waits.
func none[M control.Message](g *guest) {
	g.h.t.Helper()
	synctest.Wait()
	for {
		select {
		case m, ok := <-g.in:
			if !ok {
				return
			}
			if m, ok := m.(M); ok {
				g.h.t.Errorf("came %T %+v", m, m)
			}
		default:
			return
		}
	}
}

// ended waits for the end of the session and returns the reason of its Refuse, 0 if there was none.
func (g *guest) ended() (reason control.RefuseReason) {
	g.h.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case m, ok := <-g.in:
			if !ok {
				return reason
			}
			if r, ok := m.(*control.Refuse); ok {
				reason = r.Reason
			}
		case <-late:
			g.h.t.Fatal("the session goes on")
		}
	}
}

// cut checks that the session ends at once and without a word.
func (g *guest) cut() {
	g.h.t.Helper()
	began := time.Now()
	for m := range g.in {
		g.h.t.Errorf("answered %T", m)
	}
	if took := time.Since(began); took > time.Second {
		g.h.t.Errorf("ended only after %v", took)
	}
}

// alive checks that the session goes on.
func (g *guest) alive() {
	g.h.t.Helper()
	g.send(&control.Ping{ID: 99})
	next[*control.Pong](g)
}

// leave ends the session.
func (g *guest) leave() {
	g.conn.Close()
	for range g.in {
	}
}

// append sends an entry and returns the agent's answer, of which the signature is checked.
func (g *guest) append(entry []byte) (*control.Appended, *control.NotAppended) {
	g.h.t.Helper()
	request := uint32(len(entry))
	g.send(&control.Append{Request: request, Entry: entry})
	late := time.After(time.Minute)
	for {
		select {
		case m, ok := <-g.in:
			switch m := m.(type) {
			case *control.Appended:
				if m.Request != request || !g.h.a.key.Public().Verify(grant.AckMessage(g.h.a.id, g.h.a.grants.Home(), m.Length, m.Head), m.Sig[:]) {
					g.h.t.Errorf("the ack %+v is not the agent's word for this request", m)
				}
				return m, nil
			case *control.NotAppended:
				if m.Request != request {
					g.h.t.Errorf("the answer %+v is to another request", m)
				}
				return nil, m
			}
			if !ok {
				return nil, nil
			}
		case <-late:
			g.h.t.Fatal("no answer to an Append")
		}
	}
}
