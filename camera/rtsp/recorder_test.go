package rtsp

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
)

const (
	testUser     = "viewer"
	testPassword = "s3cret/p@ss%word"
)

// recorder is a sink that keeps what comes. Waiting is by condition.
type recorder struct {
	clock *source.Clock

	mu       sync.Mutex
	changed  chan struct{}
	units    [3][]codec.AccessUnit
	received [2][]codec.Timestamp
	statuses []source.Status
}

func newRecorder(clock *source.Clock) *recorder {
	return &recorder{clock: clock, changed: make(chan struct{})}
}

func (r *recorder) change(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *recorder) Deliver(l source.Layer, au codec.AccessUnit) {
	r.change(func() {
		if len(r.units[l]) < 10000 {
			r.units[l] = append(r.units[l], au)
			r.received[l] = append(r.received[l], r.clock.Now())
		}
	})
}

func (r *recorder) Status(s source.Status) { r.change(func() { r.statuses = append(r.statuses, s) }) }

// wait blocks until ok, which is called with the lock held, returns true.
func (r *recorder) wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		done, changed := ok(), r.changed
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline.C:
			t.Fatalf("waited in vain for %s; statuses: %+v, pictures: %d, %d", what, r.statuses, len(r.units[0]), len(r.units[1]))
		}
	}
}

func (r *recorder) last() source.Status {
	if len(r.statuses) == 0 {
		return source.Status{}
	}
	return r.statuses[len(r.statuses)-1]
}

func (r *recorder) waitStatus(t *testing.T, p Problem) {
	t.Helper()
	r.wait(t, "problem: "+p.String(), func() bool {
		return slices.ContainsFunc(r.statuses, func(s source.Status) bool { return s.Advice != "" && s.Advice == p.Advice() })
	})
}

var quick = timing{
	first: 10 * time.Millisecond, most: 80 * time.Millisecond, lasting: 60 * time.Millisecond, settled: time.Second,
	silence: 1500 * time.Millisecond, trouble: 400 * time.Millisecond, giveUp: 3 * time.Second, request: 2 * time.Second,
}

// running is a source under test.
type running struct {
	*recorder
	stop func()
}

// run starts a source. At the end of the test it is stopped, and all that it said is searched for the password.
func run(t *testing.T, c Config) *running {
	t.Helper()
	clock := source.NewClock()
	log := &lockedBuffer{}
	c.Clock = clock
	c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.timing = quick
	r := &running{recorder: newRecorder(clock)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, r) }()
	var once sync.Once
	r.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	t.Cleanup(func() {
		r.stop()
		var said strings.Builder
		said.WriteString(log.String())
		for _, s := range r.statuses {
			fmt.Fprintf(&said, "%s %v %+v %#v\n", s.Advice, s.Err, s.Err, s.Err)
		}
		for _, secret := range []string{testPassword, testUser, "p@ss", "s3cret", "secretpath", "127.0.0.1"} {
			if strings.Contains(said.String(), secret) {
				t.Errorf("%q was said:\n%s", secret, said.String())
			}
		}
	})
	return r
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
