//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/program"
)

// world is a home and the display that watches it.
type world struct {
	tb      browser.TB
	cameras int
	home    *program.Home
	page    *browser.Page
}

// connections lets the page's connections be counted and cut, without keeping any alive.
const connections = `(() => {
	sessionStorage.setItem("soak loads", Number(sessionStorage.getItem("soak loads")) + 1);
	let open = [];
	globalThis.soak = {
		made: 0,
		cut: () => {
			for (const ref of open) ref.deref()?.close();
			open = [];
			return true;
		},
	};
	for (const name of ["WebSocket", "RTCPeerConnection"]) {
		globalThis[name] = class extends globalThis[name] {
			constructor(...args) {
				super(...args);
				soak.made++;
				open = open.filter((ref) => ref.deref());
				open.push(new WeakRef(this));
			}
		};
	}
})()`

// cuts are done in turn.
var cuts = []func(*world){
	func(w *world) {
		w.home.Server.Kill()
		w.home.StartServer()
	},
	func(w *world) { browser.Eval[bool](w.page, `soak.cut()`) },
	func(w *world) {
		w.home.Agent.Kill()
		w.home.StartAgent()
	},
	func(w *world) { browser.Eval[bool](w.page, `soak.cut()`) },
}

// cut cuts something and waits until connections were made anew and all cameras are live again.
func (w *world) cut(how func(*world)) {
	const made = `globalThis.soak?.made ?? 0`
	before := browser.Eval[int](w.page, made)
	how(w)
	w.page.WaitFor(fmt.Sprintf(`(%s) !== %d`, made, before), patience)
	w.page.WaitTiles(w.cameras, patience, browser.In(browser.Live))
}

// sample is what is in use at a moment, in bytes.
type sample struct {
	at                      time.Duration // since the beginning
	js, wasm, reserved, rss int64
	nodes                   int // elements of the document
}

func (w *world) sample(at time.Duration) sample {
	s := sample{at: at, js: w.page.Heap(), rss: resident(w.tb)}
	v := browser.Eval[struct{ Heap, Reserved, Nodes float64 }](w.page,
		`((s) => ({ Heap: s.heap_bytes, Reserved: s.heap_reserved, Nodes: document.querySelectorAll("*").length }))(sealcam.stats())`)
	s.wasm, s.reserved, s.nodes = int64(v.Heap), int64(v.Reserved), int(v.Nodes)
	return s
}

// least returns the least of each within a time: garbage that is not collected yet does not count.
func least(all []sample, from, to time.Duration) (l sample) {
	for _, s := range all {
		if s.at < from || s.at > to {
			continue
		}
		if l.js == 0 {
			l = s
			continue
		}
		l.js, l.wasm, l.reserved, l.rss = min(l.js, s.js), min(l.wasm, s.wasm), min(l.reserved, s.reserved), min(l.rss, s.rss)
	}
	return l
}

func growth(early, late int64) float64 {
	if early == 0 {
		return 0
	}
	return float64(late-early) / float64(early) * 100
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

// resident returns the memory of this program's descendants that are the browser's, pages that they share counted once (PSS, proc(5)).
func resident(tb browser.TB) (sum int64) {
	parents := map[int]int{}
	names := map[int]string{}
	found, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		tb.Fatalf("%v", err)
	}
	for _, file := range found {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		begin, end := strings.IndexByte(string(data), '('), strings.LastIndexByte(string(data), ')')
		if err != nil || begin < 0 || end < begin {
			continue
		}
		fields := strings.Fields(string(data[end+1:]))
		if len(fields) < 2 {
			continue
		}
		names[pid] = string(data[begin+1 : end])
		parents[pid], _ = strconv.Atoi(fields[1])
	}
	for pid, name := range names {
		if !strings.Contains(name, "chrom") {
			continue
		}
		for p := pid; p > 1; p = parents[p] {
			if p == os.Getpid() {
				sum += proportional(pid)
				break
			}
		}
	}
	if sum == 0 {
		tb.Fatalf("the browser's processes are not found")
	}
	return sum
}

func proportional(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0 // it has ended
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err == nil {
				return kib << 10
			}
		}
	}
	return 0
}
