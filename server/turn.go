package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // RFC 8489 and the REST credentials want it; it is used as a MAC only
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/turn/v4"

	"github.com/sealcam/sealcam/internal/silence"
	"github.com/sealcam/sealcam/signal"
)

const (
	turnRealm = "sealcam"
	// credentialLife is how long credentials make new allocations. One that lives is refreshed with them for sessionLife, since
	// ICE has no way to change them in the middle of a call.
	credentialLife = 10 * time.Minute
	sessionLife    = 24 * time.Hour
)

// turnServer is STUN and TURN on one UDP socket. Its credentials follow draft-uberti-behave-turn-rest-00: user name
// "expiry:random", password the HMAC-SHA1 of it, so that nothing is stored.
type turnServer struct {
	server *turn.Server
	addr   *net.UDPAddr
	relays bool // TURN as well
	secret [32]byte
	limits Limits

	mu    sync.Mutex
	users map[string]int // live allocations by user name
	total int
}

// startTURN binds the socket of c.UDP.
func startTURN(c Config) (*turnServer, error) {
	conn, err := listenUDP(c.UDP)
	if err != nil {
		return nil, err
	}
	addr, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		conn.Close()
		return nil, fmt.Errorf("%w: no UDP address", ErrUDP)
	}
	t := &turnServer{addr: addr, limits: c.Limits, users: make(map[string]int)}
	rand.Read(t.secret[:])
	relayIP := c.PublicIP
	if listen, ok := netip.AddrFromSlice(addr.IP); !relayIP.IsValid() && ok && !listen.IsUnspecified() {
		relayIP = listen
	}
	t.relays = relayIP.IsValid()
	config := turn.PacketConnConfig{PacketConn: conn, PermissionHandler: denyPeer}
	if t.relays {
		config.RelayAddressGenerator = &relayAddresses{
			public: relayIP.Unmap(), local: addr.IP, ports: c.RelayPorts, rate: c.Limits.AllocationBytes,
		}
		config.PermissionHandler = permitPeer(c.RelayPrivate)
	} else {
		config.RelayAddressGenerator = noRelay{}
	}
	t.server, err = turn.NewServer(turn.ServerConfig{
		PacketConnConfigs: []turn.PacketConnConfig{config},
		Realm:             turnRealm,
		AuthHandler:       t.authenticate,
		QuotaHandler:      func(user, _ string, _ net.Addr) bool { return t.quota(user) },
		EventHandler: turn.EventHandler{
			OnAllocationCreated: func(_, _ net.Addr, _, user, _ string, _ net.Addr, _ int) { t.count(user, 1) },
			OnAllocationDeleted: func(_, _ net.Addr, _, user, _ string) { t.count(user, -1) },
		},
		LoggerFactory: silence.Factory{},
	})
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("%w: %w", ErrUDP, err)
	}
	return t, nil
}

func (t *turnServer) close() { t.server.Close() }

// urls returns the ICE urls for a client that reached the server as host.
func (t *turnServer) urls(host string) []string {
	if t == nil {
		return nil
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	address := net.JoinHostPort(strings.Trim(name, "[]"), strconv.Itoa(t.addr.Port))
	urls := []string{"stun:" + address}
	if t.relays {
		urls = append(urls, "turn:"+address+"?transport=udp")
	}
	return urls
}

// credentials makes a new pair, bound to a random user name; the zero value without TURN.
func (t *turnServer) credentials(now time.Time) signal.TURN {
	if t == nil || !t.relays {
		return signal.TURN{}
	}
	expiry := now.Add(credentialLife).Truncate(time.Second)
	random := token()
	user := strconv.FormatInt(expiry.Unix(), 10) + ":" + hex.EncodeToString(random[:])
	return signal.TURN{Username: user, Password: t.password(user), Expires: expiry.UTC()}
}

func (t *turnServer) password(user string) string {
	mac := hmac.New(sha1.New, t.secret[:])
	io.WriteString(mac, user)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// authenticate returns the key of RFC 8489 §9.2.2 that the client must have used.
func (t *turnServer) authenticate(user, realm string, _ net.Addr) ([]byte, bool) {
	seconds, _, ok := strings.Cut(user, ":")
	if !ok {
		return nil, false
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || unix < 0 || unix > 1<<40 {
		return nil, false
	}
	if left := time.Until(time.Unix(unix, 0)); left < 0 && (left < -sessionLife || !t.inUse(user)) {
		return nil, false
	}
	return turn.GenerateAuthKey(user, realm, t.password(user)), true
}

// quota says whether a user may make one more allocation.
func (t *turnServer) quota(user string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.users[user] < t.limits.AllocationsPerUser && t.total < t.limits.Allocations
}

func (t *turnServer) inUse(user string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.users[user] > 0
}

func (t *turnServer) count(user string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total += n
	if t.users[user] += n; t.users[user] <= 0 {
		delete(t.users, user)
	}
}

func (t *turnServer) allocations() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.total
}

var errNoRelay = errors.New("server: TURN has no public address to relay from")

// noRelay is for STUN alone.
type noRelay struct{}

func (noRelay) Validate() error { return nil }

func (noRelay) AllocatePacketConn(string, int) (net.PacketConn, net.Addr, error) {
	return nil, nil, errNoRelay
}
func (noRelay) AllocateConn(string, int) (net.Conn, net.Addr, error) { return nil, nil, errNoRelay }
