//go:build linux

package main

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/test/browser"
)

// The stream: what a 1080p30 camera sends at 3 Mbit/s, the sealing included.
const (
	frameEvery = time.Second / 30
	bytesEvery = 3_000_000 / 8 // second
	keyWeight  = 9             // a key frame is as long as so many others
)

// stampLen is what a sealed frame begins with here: when it was published, in nanoseconds since the measurement's base.
const stampLen = 8

// home is an agent with cameras.
type home struct {
	client  *signal.Client
	base    time.Time
	cameras []*camera
}

type camera struct {
	topic signal.Topic

	mu   sync.Mutex
	sent []sent
}

type sent struct {
	at    time.Duration
	bytes int
}

// openHome logs an agent in and lets its cameras publish until the measurement ends.
func openHome(tb browser.TB, host string, base time.Time, gop time.Duration, count int) *home {
	key, err := identity.GenerateAgent(nil)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	client, err := signal.Dial(tb.Context(), signal.Options{URL: "http://" + host, Role: signal.RoleAgent, Signer: key.Signer()})
	if err != nil {
		tb.Fatalf("an agent: %v", err)
	}
	h := &home{client: client, base: base}
	done := make(chan struct{})
	var publishing sync.WaitGroup
	for i := range count {
		c := &camera{}
		rand.Read(c.topic[:])
		h.cameras = append(h.cameras, c)
		// Cameras are in step with nothing: their frames, and their key frames, come at different times.
		offset := gop * time.Duration(i) / time.Duration(count)
		publishing.Go(func() {
			if !h.play(c, gop, offset, done) {
				tb.Errorf("a frame could not be published: the agent's way to the server is full")
			}
		})
	}
	tb.Cleanup(func() {
		close(done)
		publishing.Wait()
		client.Close()
	})
	return h
}

// play publishes a camera's frames, each at its time; false if one was dropped here.
func (h *home) play(c *camera, gop, offset time.Duration, done <-chan struct{}) bool {
	perGOP := int(gop / frameEvery)
	delta := int(gop.Seconds()*bytesEvery) / (perGOP - 1 + keyWeight)
	frame := make([]byte, keyWeight*delta)
	rand.Read(frame)
	begin := time.Now().Add(offset)
	timer := time.NewTimer(offset)
	defer timer.Stop()
	for n := 0; ; n++ {
		select {
		case <-timer.C:
		case <-done:
			return true
		}
		size := delta
		if n%perGOP == 0 {
			size = keyWeight * delta
		}
		at := time.Since(h.base)
		binary.BigEndian.PutUint64(frame, uint64(at))
		c.mu.Lock()
		c.sent = append(c.sent, sent{at, size})
		c.mu.Unlock()
		if !h.client.Publish(c.topic, n%perGOP == 0, frame[:size]) {
			return false
		}
		timer.Reset(time.Until(begin.Add(time.Duration(n+1) * frameEvery)))
	}
}

// published counts the frames of a time.
func (h *home) published(from, until time.Duration) (frames, bytes int64) {
	for _, c := range h.cameras {
		c.mu.Lock()
		for _, s := range c.sent {
			if s.at >= from && s.at < until {
				frames++
				bytes += int64(s.bytes)
			}
		}
		c.mu.Unlock()
	}
	return frames, bytes
}
