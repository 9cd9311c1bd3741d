package server

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/sealcam/sealcam/signal"
)

func TestPipeCarriesBytesBothWays(t *testing.T) {
	s := startServer(t, Config{})
	agent, id := dialAgent(t, s)
	door(t, agent, id, [16]byte{1})
	v, a := openPipe(t, dialViewer(t, s), agent, id, [16]byte{1})

	// Four windows' worth each way at once: it passes only if credit comes back.
	payload := make([]byte, 4*signal.Window+123)
	rand.Read(payload)
	type result struct {
		got []byte
		err error
	}
	results := make(chan result, 2)
	for _, p := range []*signal.Pipe{v, a} {
		go func() {
			_, err := p.Write(payload)
			if err != nil {
				t.Error(err)
			}
		}()
		go func() {
			got := make([]byte, len(payload))
			_, err := io.ReadFull(p, got)
			results <- result{got, err}
		}()
	}
	for range 2 {
		if r := <-results; r.err != nil || !bytes.Equal(r.got, payload) {
			t.Errorf("%d bytes, equal %v: %v", len(r.got), bytes.Equal(r.got, payload), r.err)
		}
	}
	// What was written before a close still arrives, then the end.
	if _, err := a.Write([]byte("refused")); err != nil {
		t.Fatal(err)
	}
	a.Close()
	if rest, err := io.ReadAll(v); err != nil || string(rest) != "refused" {
		t.Errorf("%q, %v", rest, err)
	}
	if _, err := v.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("writing to a pipe that the peer closed: %v", err)
	}
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading from a pipe closed here: %v", err)
	}
}

func TestPipeDeadlinesAndBackpressure(t *testing.T) {
	s := startServer(t, Config{})
	agent, id := dialAgent(t, s)
	door(t, agent, id, [16]byte{1})
	v, a := openPipe(t, dialViewer(t, s), agent, id, [16]byte{1})

	v.SetReadDeadline(time.Now().Add(-time.Second))
	if _, err := v.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading after the deadline: %v", err)
	}
	v.SetReadDeadline(time.Time{})

	// A deadline that comes during the call ends it.
	failed := make(chan error, 1)
	go func() {
		_, err := v.Read(make([]byte, 1))
		failed <- err
	}()
	v.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading through the deadline: %v", err)
	}
	v.SetDeadline(time.Time{})

	// Nobody reads: the writer gets rid of a window, no more.
	v.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	n, err := v.Write(make([]byte, 2*signal.Window))
	if n != signal.Window || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes written without a reader, %v; want %d", n, err, signal.Window)
	}
	v.SetWriteDeadline(time.Time{})
	go v.Write([]byte("more"))
	if _, err := io.CopyN(io.Discard, a, signal.Window+4); err != nil {
		t.Errorf("reading what was held back: %v", err)
	}
}

func TestPipeEndsWithItsClients(t *testing.T) {
	s := startServer(t, Config{})
	agent, id := dialAgent(t, s)
	door(t, agent, id, [16]byte{1})
	viewer := dialViewer(t, s)
	_, a := openPipe(t, viewer, agent, id, [16]byte{1})
	viewer.Close()
	a.SetReadDeadline(time.Now().Add(wait))
	if _, err := a.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the viewer went: %v", err)
	}
	v, _ := openPipe(t, dialViewer(t, s), agent, id, [16]byte{1})
	agent.Close()
	v.SetReadDeadline(time.Now().Add(wait))
	if _, err := v.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the agent went: %v", err)
	}
}
