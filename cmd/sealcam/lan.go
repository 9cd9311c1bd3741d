package main

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"

	"github.com/sealcam/sealcam/server"
	"github.com/sealcam/sealcam/static"
)

// lan is a server of the agent's own, for browsers in the same network: it serves the page, so that nobody else need be trusted for
// that, and it goes on without the internet. It speaks plain HTTP, since no authority certifies addresses of local networks; what it
// carries is sealed.
type lan struct {
	*server.Server
	local     string   // for the agent in the same process
	addresses []string // for people
}

func errLAN(address string) error {
	return fmt.Errorf("-lan %s: write the address like :8080 or 192.168.1.5:8080", address)
}

func openLAN(address string, log *slog.Logger) (*lan, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errLAN(address)
	}
	s, err := server.New(server.Config{Listen: address, Client: static.Client(), Log: log.With("part", "lan")})
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(s.Addr().(*net.TCPAddr).Port)
	return &lan{Server: s, local: "http://" + net.JoinHostPort(reachable(host), port), addresses: lanAddresses(host, port)}, nil
}

// reachable returns under which address this machine itself reaches what listens at host.
func reachable(host string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}

// lanAddresses returns the addresses at which others reach what listens at host: at least one.
func lanAddresses(host, port string) []string {
	if r := reachable(host); r == host {
		return []string{"http://" + net.JoinHostPort(host, port)}
	}
	var addresses []string
	interfaces, err := net.InterfaceAddrs()
	if err == nil {
		for _, a := range interfaces {
			// IPv6 addresses are there too, but nobody types them.
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
				addresses = append(addresses, "http://"+net.JoinHostPort(n.IP.String(), port))
			}
		}
	}
	if len(addresses) == 0 {
		return []string{"http://" + net.JoinHostPort("localhost", port)}
	}
	return addresses
}
