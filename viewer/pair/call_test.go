package pair

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/signal"
)

// callDoor knocks at a caller's stand.
type callDoor struct {
	to   *stand
	away bool
}

func (d callDoor) Close() error { return nil }

func (d callDoor) Knock(_ context.Context, agent identity.AgentID, token [16]byte) (net.Conn, error) {
	if d.away {
		return nil, signal.ErrUnavailable
	}
	near, far := newPipe()
	d.to.visitors <- visit{pipe: far, by: identity.KnockHash(agent, token)}
	return near, nil
}

// waitFor starts a caller under a secret and returns where it waits, and what it hears.
func waitFor(t *testing.T, secret pairing.Secret) (*stand, <-chan Called) {
	t.Helper()
	r := &rendezvous{}
	p, err := r.open(t.Context(), pairing.Code{})
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan Called, 1)
	go func() {
		called, err := callAt(t.Context(), p, secret.CallKeys(), slog.New(slog.DiscardHandler))
		if err == nil {
			heard <- called
		}
	}()
	synctest.Wait()
	return r.last(t), heard
}

func TestCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret, said := pairing.Secret{7}, Called{Agent: identity.AgentID{1}, Claim: pairing.Secret{2}}
		s, heard := waitFor(t, secret)
		if err := answerAt(t.Context(), callDoor{to: s}, secret.CallKeys(), said); err != nil {
			t.Fatal(err)
		}
		if got := <-heard; got != said {
			t.Errorf("heard %+v", got)
		}
		if err := answerAt(t.Context(), callDoor{away: true}, secret.CallKeys(), said); !errors.Is(err, ErrNoCall) {
			t.Errorf("nobody waits: %v", err)
		}
	})
}

// Whoever was not shown the secret, the server among them, can neither offer a camera nor hear of one.
func TestCallIsForTheSecretAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret, said := pairing.Secret{7}, Called{Agent: identity.AgentID{1}, Claim: pairing.Secret{2}}
		s, heard := waitFor(t, secret)
		// The server lets in whom it likes, under the right knock.
		hash := identity.KnockHash(secret.CallKeys().Place.Public().ID(), secret.CallKeys().Token)
		for name, self := range map[string]identity.DeviceKey{"a stranger": device(t), "the owner's half": secret.CallKeys().Owner} {
			near, far := newPipe()
			s.visitors <- visit{pipe: far, by: hash}
			conn, err := session.PairClient(t.Context(), near, self.Signer(), nil)
			if err != nil {
				continue // refused in the handshake is as good
			}
			if b, err := control.Encode(&control.PairCamera{Agent: [32]byte{9}}); err == nil {
				_ = conn.WriteMessage(b)
			}
			synctest.Wait()
			select {
			case got := <-heard:
				t.Fatalf("%s was heard: %+v", name, got)
			default:
			}
			conn.Close()
		}
		// Another knock is not even listened to.
		near, far := newPipe()
		s.visitors <- visit{pipe: far, by: [32]byte{1}}
		if _, err := session.PairClient(t.Context(), near, secret.CallKeys().Camera.Signer(), nil); err == nil {
			t.Error("a knock of another kind was answered")
		}
		// Whoever stands in the caller's place learns nothing.
		false1, false2 := newPipe()
		told := make(chan error, 1)
		go func() {
			conn, err := session.PairServer(t.Context(), false2, device(t).Signer())
			if err == nil {
				defer conn.Close()
				_, err = conn.ReadMessage()
			}
			told <- err
		}()
		if err := answerAt(t.Context(), pipeDoor{false1}, secret.CallKeys(), said); !errors.Is(err, ErrCheated) {
			t.Errorf("a false caller: %v", err)
		}
		if err := <-told; err == nil {
			t.Error("a false caller was told of the camera")
		}
		// And the call goes on.
		if err := answerAt(t.Context(), callDoor{to: s}, secret.CallKeys(), said); err != nil {
			t.Fatal(err)
		}
		if got := <-heard; got != said {
			t.Errorf("heard %+v", got)
		}
	})
}

type pipeDoor struct{ net.Conn }

func (d pipeDoor) Knock(context.Context, identity.AgentID, [16]byte) (net.Conn, error) {
	return d.Conn, nil
}
