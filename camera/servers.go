package camera

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/sealcam/sealcam/signal"
)

// serverLink is the agent's connection to one of its servers.
type serverLink struct {
	url string
	log *slog.Logger

	// Agent.mu guards what follows.
	client *signal.Client // nil while there is none
	knocks [][32]byte     // those that client was told of
}

// entrance is how a viewer's pipe came: one connection to a server.
type entrance struct {
	relay     publisher
	ice       []string
	greetings chan struct{} // holds a token for each handshake under way
}

// maxGreetings is how many handshakes may be under way at an entrance. Each has its own number, so that one server's pipes do not keep
// out the viewers of another's.
const maxGreetings = 32

func newEntrance(relay publisher, ice []string) *entrance {
	return &entrance{relay: relay, ice: ice, greetings: make(chan struct{}, maxGreetings)}
}

func newServerLink(url string, i, of int, log *slog.Logger) *serverLink {
	if of > 1 {
		log = log.With("server", i+1) // addresses stay out of the log
	}
	return &serverLink{url: url, log: log}
}

// connect keeps a connection to a server.
func (a *Agent) connect(ctx context.Context, l *serverLink) {
	var backoff signal.Backoff
	said := ""
	for ctx.Err() == nil {
		began := time.Now()
		err := a.online(ctx, l)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > time.Minute {
			backoff.Reset()
		}
		wait := backoff.Next()
		if text := fmt.Sprint(err); text != said { // once per cause, not once per try
			l.log.Warn("the server cannot be reached; trying again by itself", "error", err)
			said = text
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// online serves viewers over one connection to a server, until it breaks.
func (a *Agent) online(ctx context.Context, l *serverLink) error {
	c, err := signal.Dial(ctx, signal.Options{URL: l.url, For: a.carriedTo, Role: signal.RoleAgent, Signer: a.key.Signer(), Log: a.log})
	if err != nil {
		return err
	}
	l.log.Info("connected to the server")
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() {
		a.setClient(l, nil)
		cancel()
		c.Close()
		wg.Wait()
		for _, h := range a.hubs {
			h.forget(c)
		}
	}()
	a.setClient(l, c)
	a.tellKnocks()
	e := newEntrance(c, c.ICE())
	for {
		pipe, in, err := c.AcceptPipe(ctx)
		if err != nil {
			return err
		}
		wg.Go(func() {
			if err := a.serve(ctx, e, pipe, in); err != nil {
				a.log.Debug("session ended", "error", err)
			}
		})
	}
}

func (a *Agent) setClient(l *serverLink, c *signal.Client) {
	a.mu.Lock()
	l.client, l.knocks = c, nil
	a.mu.Unlock()
	a.tellChanged()
}
