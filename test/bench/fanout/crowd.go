//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/test/browser"
)

// crowd reads what comes to all viewers: one thread and one buffer, so that the measurement takes as little as it can of the machine that
// it shares with the server.
type crowd struct {
	tb      browser.TB
	base    time.Time
	poll    int
	viewers map[int32]*viewer

	from, until atomic.Int64 // the window, as time since base
	stopped     atomic.Bool
	running     sync.WaitGroup

	latencies []time.Duration // of the window's frames; of the thread until stop returns
}

// viewer is a connection in the midst of a WebSocket frame.
type viewer struct {
	file   *os.File
	head   [peek]byte
	have   int // bytes in head
	need   int // how many it takes to go on
	header int // how many of them are the WebSocket header
	left   int // bytes of the frame beyond head
}

// peek is all that is looked at: the longest WebSocket header, a Frame envelope's head and the stamp.
const (
	peek     = 10 + envelope
	envelope = signal.FrameFlags + 1 + stampLen
)

func newCrowd(tb browser.TB, base time.Time) *crowd {
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		tb.Fatalf("epoll: %v", err)
	}
	tb.Cleanup(func() { unix.Close(poll) })
	return &crowd{tb: tb, base: base, poll: poll, viewers: make(map[int32]*viewer)}
}

// add takes a viewer in, before start.
func (c *crowd) add(file *os.File) {
	fd := int32(file.Fd())
	if err := unix.SetNonblock(int(fd), true); err != nil {
		c.tb.Fatalf("%v", err)
	}
	if err := unix.EpollCtl(c.poll, unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{Events: unix.EPOLLIN, Fd: fd}); err != nil {
		c.tb.Fatalf("epoll: %v", err)
	}
	c.viewers[fd] = &viewer{file: file, need: 2}
}

func (c *crowd) start() {
	c.tb.Cleanup(c.stop)
	c.running.Go(func() {
		if err := c.read(); err != nil {
			c.tb.Errorf("a viewer: %v", err)
		}
	})
}

// window says frames of which time are measured.
func (c *crowd) window(from, until time.Duration) {
	c.from.Store(int64(from))
	c.until.Store(int64(until))
}

func (c *crowd) stop() {
	c.stopped.Store(true)
	c.running.Wait()
}

func (c *crowd) read() error {
	events := make([]unix.EpollEvent, 256)
	buffer := make([]byte, 256<<10)
	for !c.stopped.Load() {
		n, err := unix.EpollWait(c.poll, events, 100)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range events[:n] {
			v := c.viewers[e.Fd]
			n, err := unix.Read(int(e.Fd), buffer)
			switch {
			case err == unix.EAGAIN || err == unix.EINTR:
				continue
			case err != nil:
				return err
			case n == 0:
				return fmt.Errorf("the server ended the connection")
			}
			if err := c.take(v, buffer[:n]); err != nil {
				return err
			}
		}
	}
	return nil
}

// take goes on with a viewer's frames.
func (c *crowd) take(v *viewer, b []byte) error {
	for {
		if v.have < v.need {
			n := copy(v.head[v.have:v.need], b)
			v.have, b = v.have+n, b[n:]
			if v.have < v.need {
				return nil
			}
			if err := v.look(); err != nil {
				return err
			}
			continue
		}
		n := min(v.left, len(b))
		v.left, b = v.left-n, b[n:]
		if v.left > 0 {
			return nil
		}
		if err := c.complete(v); err != nil {
			return err
		}
		v.have, v.need = 0, 2
	}
}

// look finds out, once need bytes are there, how many more are wanted and how many only come.
func (v *viewer) look() error {
	header, length := 2, int(v.head[1])
	switch length {
	case length16:
		header = 4
	case length64:
		header = 10
	}
	if v.have < header {
		v.need = header
		return nil
	}
	switch length {
	case length16:
		length = int(binary.BigEndian.Uint16(v.head[2:]))
	case length64:
		length = int(binary.BigEndian.Uint64(v.head[2:]))
	}
	if v.head[0] != finalBinary || length < 1 || length > signal.MaxEnvelope {
		return fmt.Errorf("a WebSocket frame that begins %x", v.head[:header])
	}
	v.header, v.need = header, header+min(length, envelope)
	v.left = length - (v.need - header)
	return nil
}

// complete takes a whole message.
func (c *crowd) complete(v *viewer) error {
	m := v.head[v.header:v.need]
	switch signal.Kind(m[0]) {
	case signal.KindPing:
		return send(v.file, &signal.Pong{})
	case signal.KindFrame:
		if len(m) < envelope {
			return fmt.Errorf("a frame of %d bytes", len(m))
		}
		at := int64(binary.BigEndian.Uint64(m[signal.FrameFlags+1:]))
		if at >= c.from.Load() && at < c.until.Load() {
			c.latencies = append(c.latencies, time.Since(c.base)-time.Duration(at))
		}
		return nil
	}
	return fmt.Errorf("an envelope of kind %#x", m[0])
}
