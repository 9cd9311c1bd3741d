//go:build js

// Command page is the browser's end of TestBrowser: it receives frames with the product's own Receiver and posts each of them back
// to the test, which knows what it sent.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"syscall/js"

	"github.com/sealcam/sealcam/transport/rtp"
)

func main() {
	base := js.Global().Get("location").Get("origin").String()
	if err := run(context.Background(), base); err != nil {
		post(base+"/error", []byte(err.Error()))
	}
	select {}
}

func run(ctx context.Context, base string) error {
	// One goroutine posts what happens, so that the test sees it in order.
	type event struct {
		path string
		body []byte
	}
	events := make(chan event, 4096)
	go func() {
		for e := range events {
			post(base+e.path, e.body)
		}
	}()
	r, err := rtp.NewReceiver(rtp.ReceiverConfig{
		WorkerURL:   "/worker.js",
		OnCandidate: func(c string) { events <- event{"/candidate", []byte(c)} },
		OnState:     func(s rtp.State) { events <- event{"/state", []byte(s.String())} },
		OnFrame: func(camera uint8, sealed []byte) {
			events <- event{"/frame", append([]byte{camera}, sealed...)}
		},
	})
	if err != nil {
		return err
	}
	offer, err := get(base + "/offer")
	if err != nil {
		return err
	}
	answer, err := r.Accept(string(offer))
	if err != nil {
		return err
	}
	post(base+"/answer", []byte(answer))
	for ctx.Err() == nil {
		c, err := get(base + "/candidates")
		if err != nil || len(c) == 0 {
			break
		}
		if err := r.AddCandidate(string(c)); err != nil {
			return err
		}
	}
	if _, err := get(base + "/finish"); err != nil { // answered when the test has seen enough
		return err
	}
	stats := r.Stats()
	local, remote := r.Candidates()
	if err := r.Close(); err != nil {
		return err
	}
	post(base+"/stats", fmt.Appendf(nil, "frames=%d bad=%d dropped=%d path=%s,%s", stats.Frames, stats.Bad, stats.Dropped, local, remote))
	return nil
}

func get(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

func post(url string, body []byte) {
	if resp, err := http.Post(url, "application/octet-stream", bytes.NewReader(body)); err == nil {
		resp.Body.Close()
	}
}
