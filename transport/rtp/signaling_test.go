//go:build !js

package rtp

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pion/ice/v2"
	"github.com/pion/webrtc/v3"
)

// FuzzCandidate feeds a peer's candidate to all that parses it: ours, encoding/json and pion's.
func FuzzCandidate(f *testing.F) {
	f.Add(`{"candidate":"candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}`)
	f.Add(`{"candidate":"candidate:2 1 udp 1677729535 192.0.2.7 5000 typ srflx raddr 0.0.0.0 rport 0 generation 0","sdpMid":"1"}`)
	f.Add(`{"candidate":"candidate:3 1 udp 2113937151 0b3e1c7a-6b54-4f6b-9a55-7d2f6c1f0b1d.local 40001 typ host"}`)
	f.Add(`{"candidate":""}`)
	f.Add(``)
	f.Fuzz(func(t *testing.T, text string) {
		used := 0
		c := candidates{add: func(init webrtc.ICECandidateInit) error {
			used++
			_, err := ice.UnmarshalCandidate(strings.TrimPrefix(init.Candidate, "candidate:"))
			return err
		}}
		if err := c.take(text); err != nil && !errors.Is(err, ErrSignaling) {
			t.Errorf("take: %v", err)
		}
		if used != 0 {
			t.Error("a candidate was used before its description")
		}
		c.release()
		if held := used; held > 0 {
			if err := c.take(text); used != held+1 || err != nil && !errors.Is(err, ErrSignaling) {
				t.Errorf("after release: used %d times, %v", used, err)
			}
		}
	})
}

// Every fuzz target has saved inputs; without them the targets would test nothing in an ordinary run.
func TestSavedInputs(t *testing.T) {
	for _, target := range []string{"FuzzCandidate", "FuzzDepacketizer", "FuzzParseAcks", "FuzzParseFrame"} {
		files, err := filepath.Glob(filepath.Join("testdata", "fuzz", target, "*"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: no saved inputs: %v", target, err)
		}
		for _, file := range files {
			if b, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(b), "go test fuzz v1\n") {
				t.Errorf("%s is no saved input: %v", file, err)
			}
		}
	}
}
