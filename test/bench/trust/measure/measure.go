// Package measure times the parts of a session and of the sealed frame, for native programs and in the browser alike.
package measure

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/signal"
)

// Result is a line of the benchmark's output. Fields that do not apply are left out.
type Result struct {
	Bench    string  `json:"bench"`
	Name     string  `json:"name"`
	Target   string  `json:"target"`            // native or wasm
	Network  *bool   `json:"network,omitempty"` // session_setup: through the server, or in memory
	P50      float64 `json:"p50_ms,omitempty"`
	P99      float64 `json:"p99_ms,omitempty"`
	MBPerS   float64 `json:"mb_per_s,omitempty"` // of access units, 10⁶ bytes a second
	Count    int     `json:"count,omitempty"`    // measurements, or states
	Moves    int     `json:"moves,omitempty"`    // adversary_states: the longest sequence
	Seconds  float64 `json:"seconds,omitempty"`  // adversary_states: taken by the search
	Entries  int     `json:"entries,omitempty"`  // log_10k_start
	Broken   string  `json:"broken,omitempty"`   // adversary_states: a promise that was broken, and how
	FrameLen int     `json:"frame_bytes,omitempty"`
}

// Of makes a result of durations.
func Of(name, target string, times []time.Duration) Result {
	return Result{
		Bench: "trust", Name: name, Target: target, Count: len(times),
		P50: milliseconds(Percentile(times, 50)), P99: milliseconds(Percentile(times, 99)),
	}
}

// Percentile returns the nearest-rank percentile p of durations, and 0 without any.
func Percentile(times []time.Duration, p int) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[max((len(sorted)*p+99)/100, 1)-1]
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond).Microseconds()) / 1000
}

// frameSize is that of a picture of 1080p30 at 6 Mbit/s, between key frames.
const frameSize = 25_000

// Core measures all that needs no network.
func Core(ctx context.Context, target string) ([]Result, error) {
	times, err := setups(ctx, 100)
	if err != nil {
		return nil, err
	}
	setup := Of("session_setup", target, times)
	setup.Network = new(bool)
	frames, err := frames(target)
	if err != nil {
		return nil, err
	}
	return append([]Result{setup}, frames...), nil
}

// setups makes sessions in memory, both ends here, and times each.
func setups(ctx context.Context, n int) ([]time.Duration, error) {
	agent, err1 := identity.GenerateAgent(nil)
	device, err2 := identity.GenerateDevice(nil)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	times := make([]time.Duration, 0, n)
	for range n {
		near, far := net.Pipe()
		var serving sync.WaitGroup
		var served error
		begin := time.Now()
		serving.Go(func() {
			var c *session.Conn
			if c, served = session.Server(ctx, far, agent, func(identity.DevicePublic) error { return nil }); served == nil {
				_, _ = c.ReadMessage() // until the viewer closes
				_ = c.Close()
			}
		})
		c, err := session.Client(ctx, near, device.Signer(), agent.Public().ID())
		if err == nil {
			times = append(times, time.Since(begin))
			err = c.Close()
		}
		serving.Wait()
		if err := errors.Join(err, served); err != nil {
			return nil, err
		}
	}
	return times, nil
}

// frames measures sealing and opening, and the signature's part of the latter.
func frames(target string) ([]Result, error) {
	const batch, rounds = 100, 5
	agent, err := identity.GenerateAgent(nil)
	if err != nil {
		return nil, err
	}
	camera, err := identity.NewCameraID(nil)
	if err != nil {
		return nil, err
	}
	src := seal.Source{Agent: agent.Public(), Camera: camera}
	data := make([]byte, frameSize)
	var sealing, opening []time.Duration // of a batch
	for round := range rounds {
		epoch, err := seal.NewEpoch(nil, uint64(round))
		if err != nil {
			return nil, err
		}
		sealer, err := seal.NewSealer(agent.Signer().Sign, src, seal.Main, epoch)
		if err != nil {
			return nil, err
		}
		sealed := make([][]byte, batch)
		begin := time.Now()
		for i := range sealed {
			sealed[i], err = sealer.Seal(make([]byte, 0, frameSize+seal.Overhead), &seal.Frame{
				Key: i == 0, GOP: 1, Index: uint32(i), Captured: codec.Timestamp(i),
				Config: codec.Config{Codec: codec.H264, Width: 1920, Height: 1080, Profile: "avc1.4D0028"}, Data: data,
			})
			if err != nil {
				return nil, err
			}
		}
		sealing = append(sealing, time.Since(begin))
		opener := seal.NewOpener(src)
		if err := opener.AddEpoch(epoch); err != nil {
			return nil, err
		}
		begin = time.Now()
		for _, b := range sealed {
			if _, err := opener.Open(seal.Main, b); err != nil {
				return nil, err
			}
		}
		opening = append(opening, time.Since(begin))
	}
	throughput := func(name string, times []time.Duration) Result {
		speed := batch * frameSize / 1e6 / Percentile(times, 50).Seconds()
		return Result{Bench: "trust", Name: name, Target: target, MBPerS: float64(int(speed*10)) / 10, Count: batch * rounds, FrameLen: frameSize}
	}
	verify, err := verifications(agent)
	if err != nil {
		return nil, err
	}
	return []Result{throughput("seal", sealing), throughput("open", opening), Of("verify", target, verify)}, nil
}

// verifications times the check of a signature, in tens, since browsers blur their clocks to 0.1 ms.
func verifications(agent identity.AgentKey) ([]time.Duration, error) {
	const tens = 40
	message := make([]byte, 128)
	sig, err := agent.Signer().Sign(message)
	if err != nil {
		return nil, err
	}
	times := make([]time.Duration, 0, tens)
	for range tens {
		begin := time.Now()
		for range 10 {
			if !agent.Public().Verify(message, sig) {
				return nil, errors.New("a true signature is refused")
			}
		}
		times = append(times, time.Since(begin)/10)
	}
	return times, nil
}

// Network makes sessions through the server at url, one after the other over one connection to it: from the knock to the agent's word
// that the device is admitted.
func Network(ctx context.Context, url, target string, agent identity.AgentID, token [16]byte) (Result, error) {
	const n = 50
	device, err := identity.GenerateDevice(nil)
	if err != nil {
		return Result{}, err
	}
	c, err := signal.Dial(ctx, signal.Options{URL: url, Role: signal.RoleViewer, Signer: device.Signer()})
	if err != nil {
		return Result{}, err
	}
	defer c.Close()
	times := make([]time.Duration, 0, n)
	for i := range n {
		begin := time.Now()
		pipe, _, err := c.Knock(ctx, agent, token)
		if err != nil {
			return Result{}, fmt.Errorf("knock %d: %w", i, err)
		}
		s, err := session.Client(ctx, pipe, device.Signer(), agent)
		if err != nil {
			return Result{}, fmt.Errorf("session %d: %w", i, err)
		}
		times = append(times, time.Since(begin))
		if err := s.Close(); err != nil {
			return Result{}, err
		}
	}
	r := Of("session_setup", target, times)
	r.Network = new(bool)
	*r.Network = true
	return r, nil
}
