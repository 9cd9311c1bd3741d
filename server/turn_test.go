package server

import (
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/pion/turn/v4"

	"github.com/sealcam/sealcam/internal/silence"
	"github.com/sealcam/sealcam/signal"
)

// turnClient speaks to the server's UDP socket with the given credentials.
func turnClient(t *testing.T, s *Server, credentials signal.TURN) *turn.Client {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: s.UDPAddr().String(), TURNServerAddr: s.UDPAddr().String(), Conn: conn,
		Username: credentials.Username, Password: credentials.Password, Realm: turnRealm, LoggerFactory: silence.Factory{},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		conn.Close()
	})
	return c
}

func TestSTUNAndTURN(t *testing.T) {
	s := startServer(t, Config{UDP: "127.0.0.1:0", RelayPrivate: true, Limits: Limits{AllocationsPerUser: 1, Allocations: 2}})
	agent, id := dialAgent(t, s)
	viewer := dialViewer(t, s)
	port := strconv.Itoa(s.UDPAddr().(*net.UDPAddr).Port)
	if ice := viewer.ICE(); len(ice) != 2 || ice[0] != "stun:127.0.0.1:"+port || ice[1] != "turn:127.0.0.1:"+port+"?transport=udp" {
		t.Fatalf("ICE servers %q", ice)
	}
	door(t, agent, id, [16]byte{1})
	openPipe(t, viewer, agent, id, [16]byte{1})
	_, credentials, err := viewer.Knock(timeout(t), id, [16]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	_, in, err := agent.AcceptPipe(timeout(t))
	if err != nil {
		t.Fatal(err)
	}
	if in.TURN.Username == "" || in.TURN.Username == credentials.Username {
		t.Errorf("agent %q and viewer %q must have credentials of their own", in.TURN.Username, credentials.Username)
	}
	if left := time.Until(credentials.Expires); left < 8*time.Minute || left > 11*time.Minute {
		t.Errorf("credentials live %v", left)
	}

	c := turnClient(t, s, credentials)
	mapped, err := c.SendBindingRequest()
	if err != nil || mapped == nil {
		t.Fatalf("STUN: %v, %v", mapped, err)
	}
	relay, err := c.Allocate()
	if err != nil {
		t.Fatalf("TURN: %v", err)
	}
	defer relay.Close()
	waitUntil(t, func() bool { return s.Stats().Allocations == 1 })

	// Through the relay to a peer and back.
	peer, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if _, err := relay.WriteTo([]byte("ping"), peer.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	peer.SetReadDeadline(time.Now().Add(wait))
	n, from, err := peer.ReadFrom(b)
	if err != nil || string(b[:n]) != "ping" || from.String() != relay.LocalAddr().String() {
		t.Fatalf("%q from %v, %v", b[:n], from, err)
	}
	peer.WriteTo([]byte("pong"), from)
	relay.SetReadDeadline(time.Now().Add(wait))
	if n, _, err := relay.ReadFrom(b); err != nil || string(b[:n]) != "pong" {
		t.Fatalf("%q, %v", b[:n], err)
	}

	if second, err := turnClient(t, s, credentials).Allocate(); err == nil {
		second.Close()
		t.Error("a second allocation with credentials for one")
	}
	if other, err := turnClient(t, s, in.TURN).Allocate(); err != nil {
		t.Errorf("the agent's allocation: %v", err)
	} else {
		defer other.Close()
	}
	if third, err := turnClient(t, s, s.turn.credentials(time.Now())).Allocate(); err == nil {
		third.Close()
		t.Error("a third allocation of two in all")
	}
}

func TestTURNRefuses(t *testing.T) {
	s := startServer(t, Config{UDP: "127.0.0.1:0"})
	good := s.turn.credentials(time.Now())
	bad := good
	bad.Password += "x"
	expired := s.turn.credentials(time.Now().Add(-credentialLife - time.Minute))
	for name, credentials := range map[string]signal.TURN{
		"no credentials": {Username: "x", Password: "y"}, "wrong password": bad, "expired": expired,
		"a later expiry": {Username: strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10) + good.Username[10:], Password: good.Password},
	} {
		if relay, err := turnClient(t, s, credentials).Allocate(); err == nil {
			relay.Close()
			t.Errorf("%s: allocated", name)
		}
	}
	// By default nothing of the server's own network can be reached.
	relay, err := turnClient(t, s, good).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	if _, err := relay.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 53}); err == nil {
		t.Error("relayed to loopback")
	}
}

func TestTURNSessionOutlivesItsCredentials(t *testing.T) {
	s := startServer(t, Config{UDP: "127.0.0.1:0"})
	old := s.turn.credentials(time.Now().Add(-2 * credentialLife)).Username
	if _, ok := s.turn.authenticate(old, turnRealm, nil); ok {
		t.Error("expired credentials were taken for something new")
	}
	s.turn.count(old, 1)
	if _, ok := s.turn.authenticate(old, turnRealm, nil); !ok {
		t.Error("a living allocation cannot be refreshed")
	}
	ancient := s.turn.credentials(time.Now().Add(-2 * sessionLife)).Username
	s.turn.count(ancient, 1)
	if _, ok := s.turn.authenticate(ancient, turnRealm, nil); ok {
		t.Error("an allocation lives for ever")
	}
	s.turn.count(old, -1)
	s.turn.count(ancient, -1)
	if n := s.turn.allocations(); n != 0 || len(s.turn.users) != 0 {
		t.Errorf("%d allocations, %d users left", n, len(s.turn.users))
	}
	for _, user := range []string{"", "x", ":", "1:2", "-1:2", "99999999999999999999:x"} {
		if _, ok := s.turn.authenticate(user, turnRealm, nil); ok {
			t.Errorf("user %q was taken", user)
		}
	}
}

func TestRelayPeers(t *testing.T) {
	for address, public := range map[string]bool{
		"192.0.2.1": true, "8.8.8.8": true, "2606:4700::1111": true,
		"127.0.0.1": false, "::1": false, "::ffff:127.0.0.1": false, "10.1.2.3": false, "172.31.0.1": false, "192.168.0.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "::": false, "255.255.255.255": false, "224.0.0.1": false,
		"fe80::1": false, "fd00::1": false, "ff02::1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "::127.0.0.1": false,
	} {
		ip := net.IP(netip.MustParseAddr(address).AsSlice())
		if got := permitPeer(false)(nil, ip); got != public {
			t.Errorf("%s: relayed to %v", address, got)
		}
	}
	private := permitPeer(true)
	if !private(nil, net.IPv4(127, 0, 0, 1)) || !private(nil, net.IPv4(192, 168, 1, 2)) || private(nil, net.IPv4zero) || private(nil, net.IPv4bcast.To4()[:0]) {
		t.Error("a demonstration reaches hosts of its own network, and nothing that is no host")
	}
}

func TestSTUNAlone(t *testing.T) {
	turn, err := startTURN(Config{UDP: "0.0.0.0:0", Limits: DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	defer turn.close()
	if urls := turn.urls("[::1]:8080"); len(urls) != 1 || urls[0] != "stun:[::1]:"+strconv.Itoa(turn.addr.Port) {
		t.Errorf("%q", urls)
	}
	if c := turn.credentials(time.Now()); c != (signal.TURN{}) {
		t.Errorf("credentials %v without TURN", c.Username)
	}
}

func TestRelayPorts(t *testing.T) {
	probe, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(probe.LocalAddr().(*net.UDPAddr).Port)
	g := &relayAddresses{public: netip.MustParseAddr("192.0.2.9"), local: net.IPv4(127, 0, 0, 1), ports: [2]uint16{port, port}, rate: 1000}
	if c, _, err := g.AllocatePacketConn("udp4", 0); err == nil {
		c.Close()
		t.Error("the one port is taken, and another was used")
	}
	probe.Close()
	c, public, err := g.AllocatePacketConn("udp4", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if want := "192.0.2.9:" + strconv.Itoa(int(port)); public.String() != want {
		t.Errorf("relayed at %v, want %s", public, want)
	}
	// Beyond its rate it drops, as a full link would.
	sent := 0
	for range 200 {
		if c.(*metered).out.AllowN(time.Now(), 1000) {
			sent += 1000
		}
	}
	if sent < 1000 || sent > 100_000 {
		t.Errorf("%d bytes went at once at 1000 a second", sent)
	}
}
