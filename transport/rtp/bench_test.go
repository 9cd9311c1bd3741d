//go:build unix

package rtp

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sealcam/sealcam/transport"
)

// benchReceiver, in the environment, turns the test binary into a viewer that speaks with its parent over standard input and output.
const benchReceiver = "SEALCAM_BENCH_RECEIVER"

// signalLine is one line between the two processes.
type signalLine struct{ SDP, Candidate string }

// BenchmarkSender sends 1080p30 at 3 Mbit/s in real time (one iteration is one frame of 33 ms) to a viewer in another process, and
// reports what the sending process takes of a core, acknowledgements, reports and ICE included. Run with -benchtime=300x.
func BenchmarkSender(b *testing.B) {
	for _, c := range []struct {
		name    string
		cameras int
	}{{"idle", 0}, {"1-camera", 1}, {"9-cameras", 9}} {
		b.Run(c.name, func(b *testing.B) { benchmarkSender(b, c.cameras) })
	}
}

func benchmarkSender(b *testing.B, cameras int) {
	cmd := exec.Command(os.Args[0], "-test.run=TestBenchReceiver")
	cmd.Env = append(os.Environ(), benchReceiver+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		in.Close()
		_ = cmd.Wait()
	}()
	up := make(chan struct{})
	var mu sync.Mutex
	toChild := json.NewEncoder(in)
	say := func(l signalLine) {
		mu.Lock()
		defer mu.Unlock()
		_ = toChild.Encode(l)
	}
	s, err := NewSender(SenderConfig{
		Slots: MaxSlots, Loopback: true,
		OnCandidate: func(c string) { say(signalLine{Candidate: c}) },
		OnState: func(s State) {
			if s == StateConnected {
				close(up)
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	offer, err := s.Offer(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	say(signalLine{SDP: offer})
	go func() {
		for fromChild := json.NewDecoder(out); ; {
			var l signalLine
			if fromChild.Decode(&l) != nil {
				return // the child ended
			}
			if l.SDP != "" {
				_ = s.Answer(l.SDP)
			} else {
				_ = s.AddCandidate(l.Candidate)
			}
		}
	}()
	<-up
	// 3 Mbit/s with a key frame of 60 kB each 2 s.
	key, delta := content(1, 60_000), content(2, (6_000_000/8-60_000)/59)
	tick := time.NewTicker(frameTime)
	defer tick.Stop()
	b.ResetTimer()
	start, used := time.Now(), cpuTime()
	for n := 0; b.Loop(); n++ {
		for camera := range cameras {
			f := transport.Frame{Camera: uint8(camera), Key: n%60 == 0, Sealed: delta}
			if f.Key {
				f.Sealed = key
			}
			s.Send(f)
		}
		<-tick.C
	}
	share := float64(cpuTime()-used) / float64(time.Since(start))
	b.ReportMetric(100*share, "%core")
	if st := s.Stats(); cameras > 0 && st.Packets > 0 {
		b.ReportMetric(float64(st.Packets)/time.Since(start).Seconds(), "packets/s")
		b.ReportMetric(float64(st.Resent), "resent")
	}
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestBenchReceiver is the viewer of BenchmarkSender.
func TestBenchReceiver(t *testing.T) {
	if os.Getenv(benchReceiver) == "" {
		t.Skip("runs as the child process of BenchmarkSender")
	}
	var mu sync.Mutex
	parent := json.NewEncoder(os.Stdout)
	say := func(l signalLine) {
		mu.Lock()
		defer mu.Unlock()
		_ = parent.Encode(l)
	}
	r, err := NewReceiver(ReceiverConfig{Loopback: true, OnCandidate: func(c string) { say(signalLine{Candidate: c}) }})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for lines := json.NewDecoder(os.Stdin); ; {
		var l signalLine
		if err := lines.Decode(&l); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if l.SDP == "" {
			_ = r.AddCandidate(l.Candidate)
			continue
		}
		answer, err := r.Accept(l.SDP)
		if err != nil {
			t.Fatal(err)
		}
		say(signalLine{SDP: answer})
	}
}
