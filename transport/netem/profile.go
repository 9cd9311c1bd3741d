//go:build linux

package netem

import (
	"time"

	"github.com/sealcam/sealcam/transport"
)

// Profile says how bad a network is. The zero value is a perfect one.
type Profile struct {
	Name string
	// Down is the way from A to B, Up the way back.
	Down, Up Path
	// Blackouts are times at which nothing passes, counted from [Network.Begin].
	Blackouts []Blackout
	// NoUDP lets nothing but TCP and ICMP pass, as some guest networks do.
	NoUDP bool
}

// Path is one direction of a network.
type Path struct {
	Delay time.Duration
	// Jitter is how much a packet's delay may differ from Delay, either way, evenly spread. Packets keep their order.
	Jitter time.Duration
	// Loss is the share of packets that are lost, 0 to 1.
	Loss float64
	// Burst is the mean number of packets lost in a row; up to 1, each is lost or not on its own (Gilbert's model of two states otherwise).
	Burst float64
	// Rate is that of the bottleneck; 0: none. Queue is how long a packet may wait before it; what would wait longer is dropped.
	Rate  transport.Bitrate
	Queue time.Duration
}

// Blackout is a time at which nothing passes.
type Blackout struct{ At, For time.Duration }

// Symmetric returns a profile whose two directions are alike. RTT is half in each.
func Symmetric(name string, rtt time.Duration, loss float64) Profile {
	p := Path{Delay: rtt / 2, Loss: loss}
	return Profile{Name: name, Down: p, Up: p}
}

// Profiles are the networks that Sealcam is measured on.
func Profiles() []Profile {
	const ms = time.Millisecond
	bursty := Symmetric("100ms-3-burst4", 100*ms, 0.03)
	bursty.Down.Burst, bursty.Up.Burst = 4, 4
	jittery := Symmetric("200ms-5-j20", 200*ms, 0.05)
	jittery.Down.Jitter, jittery.Up.Jitter = 20*ms, 20*ms
	slow := Symmetric("1.5mbit", 40*ms, 0)
	slow.Down.Rate, slow.Down.Queue = 1500*transport.Kbit, 200*ms
	crawling := Symmetric("256kbit", 40*ms, 0)
	crawling.Down.Rate, crawling.Down.Queue = 256*transport.Kbit, 400*ms
	dark := Symmetric("blackout3s", 50*ms, 0)
	dark.Blackouts = []Blackout{{At: 20 * time.Second, For: 3 * time.Second}}
	tcp := Symmetric("tcp-100ms-3", 100*ms, 0.03)
	tcp.NoUDP = true
	return []Profile{
		Symmetric("clean", 10*ms, 0), Symmetric("50ms-1", 50*ms, 0.01), Symmetric("100ms-3", 100*ms, 0.03), bursty, jittery, slow, crawling,
		dark, tcp,
	}
}
