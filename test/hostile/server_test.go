package hostile

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
)

// ends is an agent and a viewer at the server, with a pipe between them.
type ends struct {
	agent, viewer *signal.Client
	id            identity.AgentID
	near, far     *signal.Pipe // the viewer's end, the agent's
}

func (w *town) ends() *ends {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	key, err := identity.GenerateAgent(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	e := &ends{id: key.Public().ID()}
	dial := func(role signal.Role, signer identity.Signer) *signal.Client {
		c, err := signal.Dial(ctx, signal.Options{URL: w.server.Address(), Role: role, Signer: signer})
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() { c.Close() })
		return c
	}
	e.agent, e.viewer = dial(signal.RoleAgent, key.Signer()), dial(signal.RoleViewer, newDevice(w.t).Signer())
	token := [16]byte{1}
	if err := e.agent.SetKnocks([][32]byte{identity.KnockHash(e.id, token)}); err != nil {
		w.t.Fatal(err)
	}
	for e.near == nil {
		if e.near, _, err = e.viewer.Knock(ctx, e.id, token); err != nil && ctx.Err() != nil {
			w.t.Fatal(err)
		}
	}
	if e.far, _, err = e.agent.AcceptPipe(ctx); err != nil {
		w.t.Fatal(err)
	}
	return e
}

// gets checks what comes next out of a pipe.
func (e *ends) gets(t *testing.T, p *signal.Pipe, want string) {
	t.Helper()
	p.SetReadDeadline(time.Now().Add(within))
	b := make([]byte, len(want))
	for n := 0; n < len(b); {
		k, err := p.Read(b[n:])
		if err != nil {
			t.Fatalf("after %q: %v", b[:n], err)
		}
		n += k
	}
	if string(b) != want {
		t.Errorf("got %q, want %q", b, want)
	}
}

func send(t *testing.T, p *signal.Pipe, text string) {
	t.Helper()
	if _, err := p.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// What no script takes passes untouched, in both directions; what one takes becomes what it says, and nothing of the others.
func TestScripts(t *testing.T) {
	w := newTown(t)
	e := w.ends()
	send(t, e.near, "there")
	e.gets(t, e.far, "there")
	send(t, e.far, "back")
	e.gets(t, e.near, "back")

	upper := about(e.id, func(way *Way, d *signal.Data) bool {
		way.Deliver(&signal.Data{Pipe: d.Pipe, Bytes: bytes.ToUpper(d.Bytes)})
		return true
	})
	stop := w.server.Use(&Script{FromViewer: upper})
	send(t, e.near, "loud")
	e.gets(t, e.far, "LOUD")
	send(t, e.far, "quiet")
	e.gets(t, e.near, "quiet")
	stop()

	stop = w.server.Use(&Script{ToViewer: about(e.id, func(way *Way, d *signal.Data) bool {
		way.Later(time.Hour, d)
		return true
	}), End: hurryAll})
	send(t, e.far, "late ")
	send(t, e.far, "words ")
	send(t, e.near, "first")
	e.gets(t, e.far, "first")
	stop()
	send(t, e.far, "last")
	e.gets(t, e.near, "late words last")

	others := about(identity.AgentID{1}, drop[*signal.Data])
	defer w.server.Use(&Script{FromViewer: others, ToViewer: others, FromAgent: nil})()
	send(t, e.near, "untouched")
	e.gets(t, e.far, "untouched")
	if n := w.server.Lost(); n != 0 {
		t.Errorf("%d envelopes are lost", n)
	}
}

// The server can be either end of a pipe.
func TestEnds(t *testing.T) {
	w := newTown(t)
	e := w.ends()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	stop := w.server.Use(&Script{FromViewer: about(e.id, func(way *Way, k *signal.Knock) bool {
		end := way.conn.answer(k)
		w.server.tasks.Go(func() {
			defer end.Close()
			b := make([]byte, 5)
			if n, err := end.Read(b); err == nil {
				end.Write(append([]byte("heard "), b[:n]...))
			}
		})
		return true
	})})
	pipe, _, err := e.viewer.Knock(ctx, e.id, [16]byte{9}) // a token that the agent does not know
	if err != nil {
		t.Fatal(err)
	}
	send(t, pipe, "hello")
	e.gets(t, pipe, "heard hello")
	if _, err := pipe.Read(make([]byte, 1)); err == nil {
		t.Error("the pipe goes on")
	}
	stop()

	w.server.mu.Lock()
	end := w.server.agentConn(e.id).enterAs([32]byte{7})
	w.server.mu.Unlock()
	pipe, in, err := e.agent.AcceptPipe(ctx)
	if err != nil || in.Hash != [32]byte{7} {
		t.Fatal(in, err)
	}
	end.Write([]byte("from nobody"))
	e.gets(t, pipe, "from nobody")
	end.Close()
	send(t, e.near, "the true pipe goes on")
	e.gets(t, e.far, "the true pipe goes on")
}

// What a Way is given late comes by its due time, and in the order of being given where that is the same.
func TestWayOrder(t *testing.T) {
	way := newWay(nil, false)
	now := time.Now()
	for i, after := range []time.Duration{3, 1, 2, 1, 0} {
		way.pushAt(now.Add(after*time.Hour), []byte{byte(i)})
	}
	way.Hurry()
	var got []byte
	for b, _, _, _ := way.next(); b != nil; b, _, _, _ = way.next() {
		got = append(got, b...)
	}
	if want := []byte{4, 1, 3, 2, 0}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	way.finish()
	if _, _, _, over := way.next(); !over {
		t.Error("there is more to come")
	}
}

// A Way that nobody empties loses what does not fit, and counts it.
func TestWayIsBounded(t *testing.T) {
	way := newWay(nil, false)
	for range maxHeld>>20 + 3 {
		way.push(make([]byte, 1<<20))
	}
	if n := way.lostSoFar(); n != 3 {
		t.Errorf("%d messages are lost, want 3", n)
	}
}
