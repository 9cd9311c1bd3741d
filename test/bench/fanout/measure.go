//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/program"
)

const (
	warmUp  = 4 * time.Second // two groups of pictures, and a round of the server's garbage collector
	grace   = 2 * time.Second // for frames that are late
	perHome = 10              // cameras of one agent, which sends as much as the server lets one send
)

// run is what one run gave.
type run struct {
	latencies            []time.Duration // sorted
	sent, before, most   int64           // frames that should have come; bytes of memory
	bytes                int64
	serverCPU, generator time.Duration
	others               time.Duration // CPU time of everything else on the machine
	took                 time.Duration
}

// measure runs one case once.
func measure(tb browser.TB, p plan, o options) run {
	host, server := startServer(tb)
	base := time.Now()
	var homes []*home
	for first := 0; first < p.cameras; first += perHome {
		homes = append(homes, openHome(tb, host, base, o.gop, min(perHome, p.cameras-first)))
	}
	topics := topics(homes)
	time.Sleep(warmUp / 2)
	r := run{before: server.Memory(tb)}
	r.most = r.before

	crowd := newCrowd(tb, base)
	for i := range p.viewers * p.cameras {
		crowd.add(enter(tb, host, i, topics[i%p.cameras]))
	}
	for i := range o.stalled {
		enter(tb, host, p.viewers*p.cameras+i, topics[0])
	}
	crowd.start()
	time.Sleep(warmUp)

	begin := time.Now()
	cpu, own, all := server.CPU(tb), ownCPU(tb), allCPU(tb)
	crowd.window(begin.Sub(base), begin.Sub(base)+time.Duration(o.seconds)*time.Second)
	for tick, end := time.NewTicker(time.Second/4), begin.Add(time.Duration(o.seconds)*time.Second); time.Now().Before(end); <-tick.C {
		r.most = max(r.most, server.Memory(tb))
	}
	r.took = time.Since(begin)
	r.serverCPU, r.generator = server.CPU(tb)-cpu, ownCPU(tb)-own
	r.others = max(0, allCPU(tb)-all-r.serverCPU-r.generator)
	time.Sleep(grace)
	crowd.stop()

	from, until := begin.Sub(base), begin.Sub(base)+time.Duration(o.seconds)*time.Second
	for _, h := range homes {
		frames, bytes := h.published(from, until)
		r.sent += frames * int64(p.viewers)
		r.bytes += bytes * int64(p.viewers)
	}
	r.latencies = crowd.latencies
	slices.Sort(r.latencies)
	if len(r.latencies) == 0 {
		tb.Fatalf("no frame came")
	}
	tb.Logf("p50 %v, p99 %v, %d of %d frames, %d MB, server %v, generator %v of %v", r.percentile(50), r.percentile(99),
		len(r.latencies), r.sent, r.most>>20, r.serverCPU, r.generator, r.took.Round(time.Millisecond))
	return r
}

func (r run) percentile(n int) time.Duration {
	return r.latencies[min(len(r.latencies)*n/100, len(r.latencies)-1)]
}

// summary takes the medians of the runs.
func summary(p plan, o options, runs []run) result {
	of := func(f func(run) float64) float64 {
		var values []float64
		for _, r := range runs {
			values = append(values, f(r))
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	watching := float64(p.viewers * p.cameras)
	percent := func(d func(run) time.Duration) float64 {
		return of(func(r run) float64 { return round(100*d(r).Seconds()/r.took.Seconds(), 10) })
	}
	var p99 []float64
	for _, r := range runs {
		p99 = append(p99, ms(r.percentile(99)))
	}
	cpu := percent(func(r run) time.Duration { return r.serverCPU })
	return result{
		Bench: "fanout", Viewers: p.viewers, Cameras: p.cameras, Seconds: o.seconds, Runs: len(runs), Stalled: o.stalled,
		P50: of(func(r run) float64 { return ms(r.percentile(50)) }),
		P99: of(func(r run) float64 { return ms(r.percentile(99)) }), P99Low: slices.Min(p99), P99High: slices.Max(p99),
		Max:          of(func(r run) float64 { return ms(r.percentile(100)) }),
		MBPerViewer:  of(func(r run) float64 { return round(float64(r.most-r.before)/watching/(1<<20), 1000) }),
		ServerMB:     of(func(r run) float64 { return round(float64(r.most)/(1<<20), 10) }),
		CPU:          cpu,
		CPUPerViewer: round(cpu/watching, 1000),
		GeneratorCPU: percent(func(r run) time.Duration { return r.generator }),
		OthersCPU:    percent(func(r run) time.Duration { return r.others }),
		Mbit:         of(func(r run) float64 { return round(float64(r.bytes)*8/1e6/float64(o.seconds), 1) }),
		Frames:       int(of(func(r run) float64 { return float64(len(r.latencies)) })),
		Dropped:      int(of(func(r run) float64 { return float64(r.sent - int64(len(r.latencies))) })),
	}
}

func ms(d time.Duration) float64 { return round(float64(d)/float64(time.Millisecond), 100) }

// round keeps as many digits as a part of one has zeros.
func round(x, part float64) float64 { return float64(int64(x*part+0.5)) / part }

// startServer runs a server and waits until it answers.
func startServer(tb browser.TB) (host string, p *program.Process) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("%v", err)
	}
	host = l.Addr().String()
	l.Close()
	p = program.Start(tb, (*exec.Cmd).Start, func(string) {}, "server", "--listen", host, "--udp", "", "--log-level", "warn")
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", host)
		if err == nil {
			conn.Close()
			return host, p
		}
		if time.Now().After(end) {
			tb.Fatalf("the server does not answer: %v", err)
		}
	}
}

// ownCPU returns the CPU time that this process has used.
func ownCPU(tb browser.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatalf("%v", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// allCPU returns the CPU time that the machine has used.
func allCPU(tb browser.TB) time.Duration {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		tb.Fatalf("%v", err)
	}
	var user, nice, system int64 // in USER_HZ, 100 on every Linux that Go runs on (proc(5))
	if _, err := fmt.Sscanf(string(data), "cpu %d %d %d", &user, &nice, &system); err != nil {
		tb.Fatalf("/proc/stat: %v", err)
	}
	return time.Duration(user+nice+system) * time.Second / 100
}

// topics returns those of all homes.
func topics(homes []*home) (all []signal.Topic) {
	for _, h := range homes {
		for _, c := range h.cameras {
			all = append(all, c.topic)
		}
	}
	return all
}
