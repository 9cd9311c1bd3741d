//go:build linux

package netem

import "time"

// packet is on its way until a time.
type packet struct {
	at   time.Time
	data []byte
}

// pump carries what one side sends to the other.
func (n *Network) pump(from Side, l *lane) {
	under := make(chan packet, inFlight)
	free := make(chan []byte, inFlight)
	n.pumps.Go(func() {
		defer close(under)
		n.take(from, l, under, free)
	})
	n.pumps.Go(func() { n.deliver(1-from, under, free) })
}

// take reads what a side sends and decides on it, until the device is closed.
func (n *Network) take(from Side, l *lane, under chan<- packet, free <-chan []byte) {
	c := &n.count[from]
	buffer := make([]byte, mtu)
	for {
		size, err := n.ends[from].tun.Read(buffer)
		if err != nil {
			return
		}
		now := time.Now()
		c.packets.Add(1)
		c.bytes.Add(int64(size))
		at, f := n.decide(from, l, now, buffer[:size])
		c.fates[f].Add(1)
		if f != passed {
			continue
		}
		select {
		case under <- packet{at, buffer[:size]}:
		default:
			c.overflowed.Add(1)
			continue
		}
		select {
		case b := <-free:
			buffer = b[:cap(b)]
		default:
			buffer = make([]byte, mtu)
		}
	}
}

func (n *Network) decide(from Side, l *lane, now time.Time, data []byte) (time.Time, fate) {
	p := n.profile.Load()
	if p.bars(data) {
		return time.Time{}, barred
	}
	if began := n.began.Load(); began != nil && p.isDark(now.Sub(*began)) {
		return time.Time{}, dark
	}
	path := &p.Down
	if from == B {
		path = &p.Up
	}
	return l.decide(path, now, len(data))
}

// deliver hands packets over at their times.
func (n *Network) deliver(to Side, under <-chan packet, free chan<- []byte) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for p := range under {
		if wait := time.Until(p.at); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-n.stop:
				return
			}
		}
		// A full device drops the packet, as a network would; a closed one is the end, which take sees too.
		_, _ = n.ends[to].tun.Write(p.data)
		select {
		case free <- p.data:
		default:
		}
	}
}
