package signal

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/sealcam/sealcam/signal/outbox"
	"github.com/sealcam/sealcam/signal/socket"
)

// Dial connects and logs in, within 10 s. The error wraps [ErrUnreachable], [ErrNotSealcam], [ErrSilent] or a [*Refusal]. Close must
// be called on the client, also after it ended by itself.
func Dial(ctx context.Context, o Options) (*Client, error) { return dial(ctx, o, SilentAfter) }

func dial(ctx context.Context, o Options, quiet time.Duration) (*Client, error) {
	u, err := endpoint(o.URL)
	if err != nil {
		return nil, err
	}
	domain, origin := Domain(u.Host), socket.Origin()
	if o.For != "" {
		server, err := endpoint(o.For)
		if err != nil {
			return nil, err
		}
		domain, origin = Domain(server.Host), ""
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	within, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	ws, err := socket.Dial(within, u.String(), MaxEnvelope)
	if err != nil {
		return nil, dialError(ctx, err)
	}
	ice, err := login(within, ws, domain, origin, o)
	if err != nil {
		ws.CloseNow()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	c := &Client{
		ws: ws, log: o.Log, ice: ice, quiet: quiet, base: time.Now(),
		out:     outbox.New(outbox.Limits{Control: maxControl, Media: maxMedia, Age: maxMediaAge}),
		accept:  make(chan incoming, maxIncoming),
		overrun: make(chan struct{}, 1), done: make(chan struct{}), finished: make(chan struct{}),
		request: randomRequest(), knocks: make(map[uint32]chan opened), pipes: make(map[uint32]*Pipe),
		sequences: make(map[Topic]uint32), subscriptions: make(map[Topic]func(RelayFrame)),
	}
	go c.run()
	return c, nil
}

func endpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%w: the server's address must look like https://cameras.example", ErrUnreachable)
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return nil, fmt.Errorf("%w: the server's address must begin with https:// or http://", ErrUnreachable)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = socket.Path
	}
	u.RawQuery, u.Fragment = "", ""
	return u, nil
}

// dialError keeps addresses out of the error: the library's hold them.
func dialError(ctx context.Context, err error) error {
	var status *socket.HTTPError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &status):
		return ErrUnreachable
	case status.Status == 429 || status.Status == 503:
		return &Refusal{Code: CodeTooMany}
	case status.Status == 403 || status.Status == 421:
		return &Refusal{Code: CodeBadLogin}
	}
	return fmt.Errorf("%w (HTTP status %d)", ErrNotSealcam, status.Status)
}

// login runs the exchange of DESIGN §3: challenge, login, welcome.
func login(ctx context.Context, ws *socket.Conn, domain, origin string, o Options) (ice []string, err error) {
	first, err := readEnvelope(ctx, ws)
	if err != nil {
		return nil, err
	}
	challenge, ok := first.(*Challenge)
	if !ok {
		return nil, ErrNotSealcam
	}
	l, err := newLogin(domain, origin, challenge.Nonce, o.Role, o.Signer, time.Now())
	if err != nil {
		return nil, err
	}
	if err := ws.Write(ctx, l.Append(nil)); err != nil {
		return nil, ErrLost
	}
	second, err := readEnvelope(ctx, ws)
	if err != nil {
		return nil, err
	}
	welcome, ok := second.(*Welcome)
	if !ok {
		return nil, ErrNotSealcam
	}
	return welcome.ICE, nil
}

// readEnvelope reads one envelope of the login; a refusal is an error.
func readEnvelope(ctx context.Context, ws *socket.Conn) (Envelope, error) {
	b, err := ws.Read(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ErrSilent
	case err != nil:
		return nil, ErrLost
	}
	e, err := Parse(b)
	if err != nil {
		return nil, ErrNotSealcam
	}
	if refusal, ok := e.(*Refusal); ok {
		return nil, refusal
	}
	return e, nil
}

func randomRequest() uint32 {
	var b [4]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint32(b[:])
}
