package server

import (
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
)

// Subjects. All but an agent's are unguessable; an agent's is used by nodes only.
func agentSubject(id identity.AgentID) string { return "sealcam.agent." + hex.EncodeToString(id[:]) }

func pipeSubject(token [16]byte) string { return "sealcam.pipe." + hex.EncodeToString(token[:]) }

func topicSubject(topic signal.Topic) string { return "sealcam.topic." + hex.EncodeToString(topic[:]) }

func publisherSubject(topic signal.Topic) string {
	return "sealcam.publisher." + hex.EncodeToString(topic[:])
}

// maxBusMessage is the longest message on the bus: a relayed frame behind its claim.
const maxBusMessage = claimSize + signal.MaxEnvelope

// bus is the node's connection to NATS, embedded or not.
type bus struct {
	*nats.Conn
	embedded *natsserver.Server
	closed   chan struct{}
}

func openBus(url string, log *slog.Logger) (*bus, error) {
	b := &bus{closed: make(chan struct{})}
	options := []nats.Option{
		nats.Name("sealcam"),
		nats.ClosedHandler(func(*nats.Conn) { close(b.closed) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("nats: messages lost", "slow", errors.Is(err, nats.ErrSlowConsumer)) // its text may hold subjects
		}),
		// A message of before a break is of no use after it: pipes notice the gap and close, the relay goes on at a key frame.
		nats.ReconnectBufSize(-1), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
	}
	if url == "" {
		var err error
		if b.embedded, err = startNATS(); err != nil {
			return nil, err
		}
		options = append(options, nats.InProcessServer(b.embedded))
	}
	nc, err := nats.Connect(url, options...)
	if err != nil {
		b.stopNATS()
		return nil, fmt.Errorf("%w: start it, or check its address and credentials (%w)", ErrNATS, natsReason(err))
	}
	b.Conn = nc
	if nc.MaxPayload() < maxBusMessage {
		b.close()
		return nil, fmt.Errorf("%w: set max_payload to 8MB in its configuration (it is %d bytes)", ErrNATS, nc.MaxPayload())
	}
	return b, nil
}

// startNATS runs a server in this process that only this process can reach.
func startNATS() (*natsserver.Server, error) {
	ns, err := natsserver.NewServer(&natsserver.Options{
		ServerName: "sealcam", DontListen: true, NoLog: true, NoSigs: true, NoSystemAccount: true,
		MaxPayload: 8 << 20,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: the embedded one did not start (%w)", ErrNATS, err)
	}
	ns.Start()
	if !ns.ReadyForConnections(10 * time.Second) {
		ns.Shutdown()
		return nil, fmt.Errorf("%w: the embedded one did not start within 10 s", ErrNATS)
	}
	return ns, nil
}

// natsReason keeps the url, which may hold credentials, out of an error.
func natsReason(err error) error {
	for _, known := range []error{
		nats.ErrNoServers, nats.ErrTimeout, nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrSecureConnRequired, nats.ErrSecureConnWanted,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errors.New("no connection")
}

func (b *bus) close() {
	b.Conn.Close()
	<-b.closed
	b.stopNATS()
}

func (b *bus) stopNATS() {
	if b.embedded != nil {
		b.embedded.Shutdown()
		b.embedded.WaitForShutdown()
	}
}
