package pair

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/internal/pause"
	"github.com/sealcam/sealcam/signal"
)

// ErrNoCall is returned by AnswerCall when nobody waits under the link.
var ErrNoCall = errors.New("the page that showed this code is closed: open it again there and scan the new code, or let the code below be scanned")

// callLimit bounds a visit to a caller: it says one thing.
const callLimit = 15 * time.Second

// Called is what a device that became a camera says: how its caller becomes its owner.
type Called struct {
	Agent identity.AgentID
	Claim pairing.Secret
}

// Call waits under the secret of a [pairing.CallLink] until a device has become a camera, or ctx ends. Both ends prove in the TLS session that
// they hold the secret, which was shown to the camera and to nobody else; so no digits need be compared. It goes on when the connection
// to the server is lost.
func Call(ctx context.Context, dial DialFunc, secret pairing.Secret, log *slog.Logger) (Called, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	keys := secret.CallKeys()
	var backoff signal.Backoff
	for {
		c, err := dial(ctx, signal.RoleAgent, keys.Place.Signer())
		if err == nil {
			var called Called
			called, err = callAt(ctx, clientPlace{c}, keys, log)
			if err == nil {
				return called, nil
			}
		}
		if ctx.Err() != nil {
			return Called{}, ctx.Err()
		}
		log.Info("pair: a call goes on", "error", err)
		if !pause.For(ctx, backoff.Next()) {
			return Called{}, ctx.Err()
		}
	}
}

// callAt waits over one connection to the server, which it owns.
func callAt(ctx context.Context, c place, keys pairing.CallKeys, log *slog.Logger) (Called, error) {
	defer c.Close()
	hash := identity.KnockHash(keys.Place.Public().ID(), keys.Token)
	if err := c.SetKnocks([][32]byte{hash}); err != nil {
		return Called{}, err
	}
	for {
		pipe, by, err := c.Accept(ctx)
		if err != nil {
			return Called{}, err
		}
		if by != hash {
			pipe.Close()
			continue
		}
		called, err := hear(ctx, pipe, keys)
		if err == nil {
			return called, nil
		}
		log.Info("pair: somebody came who was not called", "error", err)
	}
}

// hear takes what the camera says, on a pipe that it owns.
func hear(ctx context.Context, pipe net.Conn, keys pairing.CallKeys) (Called, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	conn, err := session.PairServer(ctx, pipe, keys.Owner.Signer())
	if err != nil {
		return Called{}, err
	}
	defer conn.Close()
	if !conn.Device().Equal(keys.Camera.Public()) {
		return Called{}, ErrCheated
	}
	l := newLine(conn)
	defer l.close()
	defer l.leave()
	m, err := receive[*control.PairCamera](ctx, l, callLimit)
	if err != nil {
		return Called{}, err
	}
	return Called{Agent: identity.AgentID(m.Agent), Claim: pairing.Secret(m.Claim)}, nil
}

// AnswerCall tells the caller how to own the camera that this device became. The error is ErrNoCall, the signal package's, ErrGone or ctx's.
func AnswerCall(ctx context.Context, dial DialFunc, secret pairing.Secret, said Called) error {
	keys := secret.CallKeys()
	c, err := dial(ctx, signal.RoleViewer, keys.Camera.Signer())
	if err != nil {
		return err
	}
	return answerAt(ctx, clientDoor{c}, keys, said)
}

// answerAt owns d.
func answerAt(ctx context.Context, d door, keys pairing.CallKeys, said Called) error {
	defer d.Close()
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	pipe, err := d.Knock(ctx, keys.Place.Public().ID(), keys.Token)
	switch {
	case errors.Is(err, signal.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return ErrNoCall
	case err != nil:
		return err
	}
	conn, err := session.PairClient(ctx, pipe, keys.Camera.Signer(), func(d identity.DevicePublic) error {
		if !d.Equal(keys.Owner.Public()) {
			return ErrCheated
		}
		return nil
	})
	if err != nil {
		return meetingError(err)
	}
	l := newLine(conn)
	defer l.close()
	defer l.leave()
	if err := l.send(&control.PairCamera{Agent: [32]byte(said.Agent), Claim: [16]byte(said.Claim)}); err != nil {
		return meetingError(err)
	}
	// The caller says that it knows by closing the session, which nobody else can (RFC 8446 §6.1).
	select {
	case <-ctx.Done():
		return ErrGone
	case _, ok := <-l.in:
		if !ok && errors.Is(l.err, io.EOF) {
			return nil
		}
		return ErrGone
	}
}
