package server

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/signal/outbox"
	"github.com/sealcam/sealcam/signal/socket"
)

// serveSignal carries one WebSocket from the handshake to its end.
func (s *Server) serveSignal(w http.ResponseWriter, r *http.Request) {
	if !sameOrigin(r) {
		http.Error(w, "this address takes connections from its own page only", http.StatusForbidden)
		return
	}
	address := clientAddress(r, s.config.TrustedProxies)
	admission := s.addresses.admit(address, time.Now())
	if admission == admitted {
		defer func() { s.addresses.leave(address, time.Now()) }()
	}
	c := &conn{
		server: s, address: address, host: r.Host, session: token(), since: time.Now(),
		out: outbox.New(outbox.Limits{
			Control: maxControlQueue, Media: s.config.Limits.ViewerQueue, Age: s.config.Limits.ViewerQueueAge,
		}),
		done: make(chan struct{}), slots: make(chan struct{}, maxKnocksWaiting),
		accepted: make(map[[32]byte]struct{}), pipes: make(map[uint32]*bridge),
		claims: make(map[signal.Topic]*claim), watching: make(map[signal.Topic]struct{}),
	}
	if !s.enter(c) {
		http.Error(w, "the server is full or going down: try again later", http.StatusServiceUnavailable)
		return
	}
	defer s.leave(c)
	ws, err := socket.Accept(w, r, signal.MaxClientHello)
	if err != nil {
		return // the library answered
	}
	c.ws = ws
	// A browser shows a page no HTTP status of a WebSocket, so refusals wait until it stands.
	switch admission {
	case tooMany:
		c.refuse(signal.CodeTooMany)
		return
	case tooFast:
		c.refuse(signal.CodeTooFast)
		return
	}
	if code, ok := c.logIn(r); !ok {
		c.refuse(code)
		return
	}
	c.run()
}

// logIn runs the login: challenge, login, welcome.
func (c *conn) logIn(r *http.Request) (signal.Code, bool) {
	limits := c.server.config.Limits
	ctx, cancel := context.WithTimeout(context.Background(), limits.LoginTime)
	c.tasks.Go(func() { // a server that stops waits for no login
		select {
		case <-c.done:
			cancel()
		case <-ctx.Done():
		}
	})
	defer c.tasks.Wait()
	defer cancel()
	var challenge signal.Challenge
	rand.Read(challenge.Nonce[:])
	if c.ws.Write(ctx, challenge.Append(nil)) != nil {
		return 0, false
	}
	b, err := c.ws.Read(ctx)
	switch {
	case errors.Is(err, socket.ErrTooLarge):
		return signal.CodeTooLarge, false
	case err != nil:
		return 0, false
	}
	e, err := signal.Parse(b)
	login, ok := e.(*signal.Login)
	if err != nil || !ok {
		return signal.CodeProtocol, false
	}
	if err := login.Verify(signal.Domain(r.Host), r.Header.Get("Origin"), challenge.Nonce, time.Now()); err != nil {
		var refusal *signal.Refusal
		errors.As(err, &refusal)
		return refusal.Code, false
	}
	c.role = login.Role
	switch login.Role {
	case signal.RoleAgent:
		key, err := identity.AgentPublicFromBytes(login.Key[:])
		if err != nil {
			return signal.CodeBadLogin, false
		}
		c.agent, c.id = key.ID(), key.ID().String()
		c.bytes = byteLimiter(limits.AgentBytes, signal.MaxEnvelope)
		c.ws.SetReadLimit(signal.MaxEnvelope)
	case signal.RoleViewer:
		key, err := identity.DevicePublicFromBytes(login.Key[:])
		if err != nil {
			return signal.CodeBadLogin, false
		}
		c.id = key.ID().String()
		c.bytes = byteLimiter(limits.ViewerBytes, maxViewerEnvelope)
		c.ws.SetReadLimit(maxViewerEnvelope)
	}
	c.knock = perMinute(limits.KnocksPerMinute)
	c.watch = rate.NewLimiter(subscribeRate, max(2*limits.SubscriptionsPerViewer, subscribeRate))
	c.log = c.server.config.Log.With("role", c.role.String(), "id", c.id)
	c.out.Control((&signal.Welcome{ICE: c.server.turn.urls(c.host)}).Append(nil))
	return 0, true
}

// byteLimiter allows a message of the greatest size at once.
func byteLimiter(perSecond, largest int) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), max(2*perSecond, largest))
}

// refuse ends a connection that never got to run.
func (c *conn) refuse(code signal.Code) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if code != 0 && c.ws.Write(ctx, (&signal.Refusal{Code: code}).Append(nil)) == nil {
		c.ws.Drain(ctx) // until the client has read it and closed
	}
	c.ws.CloseNow()
}
