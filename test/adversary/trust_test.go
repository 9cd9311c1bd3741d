package adversary

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// flips calls f with every bit of b flipped, one at a time.
func flips(b []byte, f func(bit int, flipped []byte)) {
	for bit := range 8 * len(b) {
		flipped := slices.Clone(b)
		flipped[bit/8] ^= 1 << (bit % 8)
		f(bit, flipped)
	}
}

// household is a grant log of two owners and a guest, with their keys, and the entries as the agent keeps them.
type household struct {
	agent   identity.AgentKey
	first   identity.DeviceKey
	log     *grant.Log
	entries [][]byte
}

var issued = time.Unix(1_750_000_000, 0)

func newHousehold(t *testing.T) *household {
	t.Helper()
	agent, err1 := identity.GenerateAgent(nil)
	root, err2 := identity.GenerateRoot(nil)
	first, err3 := identity.GenerateDevice(nil)
	guests, err4 := identity.GenerateDevice(nil)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	genesis, err := grant.Genesis(root, first.Public(), "Ann's phone", issued)
	if err != nil {
		t.Fatal(err)
	}
	h := &household{agent: agent, first: first, log: grant.NewLog(agent.Public().ID()), entries: [][]byte{genesis}}
	if err := h.log.AppendBytes(genesis); err != nil {
		t.Fatal(err)
	}
	for _, fill := range []func(*grant.Entry){
		func(e *grant.Entry) {
			e.Terms = grant.Terms{
				Name: "Sitter", Role: grant.Guest, Rights: grant.Live, Cameras: []identity.CameraID{{7}},
				NotBefore: issued, Expires: issued.Add(time.Hour),
			}
		},
		func(e *grant.Entry) { e.Kind = grant.Revoke },
	} {
		e := h.log.Next(grant.Add, guests.Public())
		e.Issued = issued
		fill(&e)
		if err := e.Sign(first.Signer(), agent.Public().ID()); err != nil {
			t.Fatal(err)
		}
		encoded, err := e.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		h.entries = append(h.entries, encoded)
		if err := h.log.AppendBytes(encoded); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// prefix returns the log's first n entries.
func (h *household) prefix(t *testing.T, n int) *grant.Log {
	t.Helper()
	l := grant.NewLog(h.agent.Public().ID())
	for _, e := range h.entries[:n] {
		if err := l.AppendBytes(e); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// No entry of a log can be changed in a bit, cut, lengthened, moved or brought to another agent; the log is then as it was.
func TestEveryBitOfAGrant(t *testing.T) {
	h := newHousehold(t)
	for at, entry := range h.entries {
		l := h.prefix(t, at)
		refuse := func(what string, bad []byte) {
			t.Helper()
			length, head := l.Len(), l.Head()
			if err := l.AppendBytes(bad); err == nil {
				t.Fatalf("entry %d: %s was taken", at, what)
			}
			if l.Len() != length || l.Head() != head {
				t.Fatalf("entry %d: %s changed the log", at, what)
			}
		}
		flips(entry, func(_ int, flipped []byte) { refuse("a flipped bit", flipped) })
		for n := range entry {
			refuse("a part", entry[:n])
			refuse("more", append(slices.Clone(entry), entry[:n+1]...))
		}
		for other, e := range h.entries {
			if other != at {
				refuse("an entry of another place", e)
			}
		}
		if err := l.AppendBytes(entry); err != nil {
			t.Fatalf("entry %d afterwards: %v", at, err)
		}
	}
	elsewhere := grant.NewLog(identity.AgentID{9})
	if err := elsewhere.AppendBytes(h.entries[0]); err != nil {
		t.Fatalf("the same home at another agent: %v", err) // which only R's holder can arrange
	}
	if err := elsewhere.AppendBytes(h.entries[1]); err == nil {
		t.Error("a guest of one agent was let in at another")
	}
	whole, err := h.log.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	flips(whole, func(bit int, flipped []byte) {
		if l, err := grant.Parse(flipped, h.agent.Public().ID()); err == nil || l != nil {
			t.Fatalf("a log with bit %d flipped was taken", bit)
		}
	})
}

// An agent's acknowledgement is of one log's state at one agent, and cannot be moved to another.
func TestEveryBitOfAnAck(t *testing.T) {
	h := newHousehold(t)
	id, home := h.agent.Public().ID(), h.log.Home()
	message := grant.AckMessage(id, home, uint64(h.log.Len()), h.log.Head())
	sig, err := h.agent.Signer().Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	if !h.agent.Public().Verify(message, sig) {
		t.Fatal("the agent's own acknowledgement")
	}
	flips(sig, func(bit int, flipped []byte) {
		if h.agent.Public().Verify(message, flipped) {
			t.Fatalf("signature with bit %d flipped", bit)
		}
	})
	flips(message, func(bit int, flipped []byte) {
		if h.agent.Public().Verify(flipped, sig) {
			t.Fatalf("statement with bit %d flipped", bit)
		}
	})
	if h.agent.Public().Verify(message, addOrder(sig)) {
		t.Error("a second form of the signature")
	}
	before := h.prefix(t, 2)
	if h.agent.Public().Verify(grant.AckMessage(id, home, uint64(before.Len()), before.Head()), sig) {
		t.Error("an acknowledgement of the log before the revocation: the same signature serves both")
	}
}

// An Epoch message with any bit flipped is refused, or its key opens nothing: never another camera's, never with another number.
func TestEveryBitOfAnEpochMessage(t *testing.T) {
	w, err := newWorld(Steady)
	if err != nil {
		t.Fatal(err)
	}
	e := w.epochs[0][0][0]
	encoded, err := control.Encode(&control.Epoch{Camera: 3, Number: e.Number, ID: e.ID, Key: e.Key, Topic: [16]byte{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	decoded, addressed := 0, 0
	flips(encoded, func(bit int, flipped []byte) {
		m, err := control.Decode(flipped)
		if err != nil {
			if !errors.Is(err, control.ErrMessage) {
				t.Fatalf("bit %d: %v", bit, err)
			}
			return
		}
		got, ok := m.(*control.Epoch)
		if !ok {
			return // another message, which holds no key
		}
		decoded++
		opener := seal.NewOpener(w.source[0])
		if err := opener.AddEpoch(seal.Epoch{Number: got.Number, ID: got.ID, Key: got.Key}); err != nil {
			return
		}
		opens := false
		for _, f := range honest() {
			_, err := opener.Open(seal.Main, w.sealed[f])
			opens = opens || err == nil
		}
		if opens != (got.Number == e.Number && got.ID == e.ID && got.Key == e.Key) {
			t.Fatalf("bit %d: opens is %v", bit, opens)
		}
		if opens { // the flip is in the camera's number or the topic: where to look for frames, not what they are
			addressed++
			if got.Camera == 3 && got.Topic == [16]byte{1, 2, 3} {
				t.Fatalf("bit %d changed nothing", bit)
			}
		}
	})
	if decoded < 8*64 || addressed < 8*16 {
		t.Errorf("only %d flips made a message, %d of them another address", decoded, addressed)
	}
}

// The same message inside a session: with any bit of its record flipped the session ends, and nothing of it is believed.
func TestEveryBitOfASessionsRecord(t *testing.T) {
	w, err := newWorld(Steady)
	if err != nil {
		t.Fatal(err)
	}
	probe, err := w.converse(owner, 1)
	if err != nil {
		t.Fatal(err)
	}
	size := len(probe.toViewer[0])
	// A handshake for each flip: every bit of header and tag, and one bit of each byte between.
	for at := range size {
		bits := []int{at % 8}
		if at < 5 || at >= size-16 {
			bits = []int{0, 1, 2, 3, 4, 5, 6, 7}
		}
		for _, bit := range bits {
			talk, err := w.converse(owner, 1)
			if err != nil {
				t.Fatal(err)
			}
			bad := bytes.Clone(talk.toViewer[0])
			bad[at] ^= 1 << bit
			talk.wire.client.feed(bad)
			if b, err := talk.viewer.ReadMessage(); err == nil {
				t.Fatalf("byte %d, bit %d: the session took %q", at, bit, b)
			}
			talk.wire.client.feed(talk.toViewer[0])
			if b, err := talk.viewer.ReadMessage(); err == nil {
				t.Fatalf("byte %d, bit %d: the session went on with %q", at, bit, b)
			}
		}
	}
}

// Both proofs of a claim hold for one secret, one session, one device and one agent; a wrong one counts as a try.
func TestEveryBitOfAClaim(t *testing.T) {
	h := newHousehold(t)
	agent, device := h.agent.Public(), h.first.Public()
	exporter := make([]byte, pairing.ExporterSize)
	rand.Read(exporter)
	codes := pairing.NewCodes(agent, nil)
	issue := func() (pairing.Secret, [32]byte) {
		t.Helper()
		secret, err := codes.Issue(issued, pairing.DefaultTTL)
		if err != nil {
			t.Fatal(err)
		}
		return secret, identity.KnockHash(agent.ID(), secret.Token())
	}
	secret, knock := issue()
	tries := 0
	proof := pairing.ViewerProof(secret, exporter, device, agent)
	flips(proof[:], func(bit int, flipped []byte) {
		if tries++; tries == pairing.MaxTries {
			if _, err := codes.Verify(issued, knock, flipped, exporter, device); !errors.Is(err, pairing.ErrClosed) {
				t.Fatalf("bit %d, at the last try: %v", bit, err)
			}
			whole := pairing.ViewerProof(secret, exporter, device, agent)
			if _, err := codes.Verify(issued, knock, whole[:], exporter, device); !errors.Is(err, pairing.ErrClosed) {
				t.Fatalf("a closed code: %v", err)
			}
			secret, knock = issue()
			tries = 0
			return
		}
		if _, err := codes.Verify(issued, knock, flipped, exporter, device); !errors.Is(err, pairing.ErrWrong) {
			t.Fatalf("bit %d: %v", bit, err)
		}
	})
	secret, knock = issue()
	proof = pairing.ViewerProof(secret, exporter, device, agent)
	other := bytes.Clone(exporter)
	other[0] ^= 1
	if _, err := codes.Verify(issued, knock, proof[:], other, device); !errors.Is(err, pairing.ErrWrong) {
		t.Errorf("in another session: %v", err)
	}
	answer, err := codes.Verify(issued, knock, proof[:], exporter, device)
	if err != nil {
		t.Fatalf("the true proof: %v", err)
	}
	if _, err := codes.Verify(issued, knock, proof[:], exporter, device); !errors.Is(err, pairing.ErrUsed) {
		t.Errorf("the same again: %v", err)
	}
	if !pairing.VerifyAgentProof(answer[:], secret, exporter, device, agent) {
		t.Fatal("the agent's own proof")
	}
	if pairing.VerifyAgentProof(proof[:], secret, exporter, device, agent) {
		t.Error("the viewer's proof, reflected")
	}
	flips(answer[:], func(bit int, flipped []byte) {
		if pairing.VerifyAgentProof(flipped, secret, exporter, device, agent) {
			t.Fatalf("agent's proof with bit %d flipped", bit)
		}
	})
	flips(secret[:], func(bit int, flipped []byte) {
		if pairing.VerifyAgentProof(answer[:], pairing.Secret(flipped), exporter, device, agent) {
			t.Fatalf("secret with bit %d flipped", bit)
		}
	})
}
