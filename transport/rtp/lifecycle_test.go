//go:build !js

package rtp

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v3"
)

// On real sockets, as the demo does it: 127.0.0.1 alone.
func TestLoopback(t *testing.T) {
	only := func(s *webrtc.SettingEngine) {
		s.SetInterfaceFilter(func(name string) bool { return strings.HasPrefix(name, "lo") })
	}
	p := connect(t, SenderConfig{Slots: 2, Loopback: true}, ReceiverConfig{Loopback: true}, only, only)
	defer p.close()
	for n := range 30 {
		f := frameOf(1, n, 20_000)
		p.sender.Send(f)
		p.expect(f)
	}
}

// Close waits for everything at whatever point it comes; goleak and the bubble see what it forgets.
func TestCloseAnytime(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(t *testing.T, s *Sender, r *Receiver)
	}{
		{"new", func(*testing.T, *Sender, *Receiver) {}},
		{"offered", func(t *testing.T, s *Sender, _ *Receiver) { offerOf(t, s) }},
		{"accepted", func(t *testing.T, s *Sender, r *Receiver) { acceptOf(t, r, offerOf(t, s)) }},
		{"answered without candidates", func(t *testing.T, s *Sender, r *Receiver) {
			if err := s.Answer(acceptOf(t, r, offerOf(t, s))); err != nil {
				t.Fatal(err)
			}
		}},
		{"failed", func(t *testing.T, s *Sender, r *Receiver) {
			if err := s.Answer(acceptOf(t, r, offerOf(t, s))); err != nil {
				t.Fatal(err)
			}
			s.Send(frameOf(0, 0, 10_000))
			<-time.After(time.Minute)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inNetwork(t, 3, func(t *testing.T, s *Sender, r *Receiver) {
				c.do(t, s, r)
				if err := errors.Join(s.Close(), r.Close()); err != nil { // and once more at the end
					t.Error(err)
				}
				// What comes too late is harmless.
				s.Send(frameOf(0, 0, 10_000))
				s.Flush(0)
				if s.Path().Stalled {
					t.Error("congested after Close")
				}
				if _, err := s.Offer(t.Context()); err == nil {
					t.Error("Offer after Close")
				}
				if s.Answer("v=0\r\n") == nil {
					t.Error("Answer after Close")
				}
			})
		})
	}
}

func offerOf(t *testing.T, s *Sender) string {
	t.Helper()
	sdp, err := s.Offer(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return sdp
}

func acceptOf(t *testing.T, r *Receiver, offer string) string {
	t.Helper()
	sdp, err := r.Accept(offer)
	if err != nil {
		t.Fatal(err)
	}
	return sdp
}

func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, time.Millisecond)
		var mu sync.Mutex
		var states []State
		p := connect(t, SenderConfig{Slots: 1, OnState: func(s State) {
			mu.Lock()
			states = append(states, s)
			mu.Unlock()
		}}, ReceiverConfig{}, n.on(n.agent), n.on(n.viewer))
		n.lose(func(bool, []byte) bool { return true })
		<-time.After(time.Minute)
		p.close()
		if err := n.router.Stop(); err != nil {
			t.Error(err)
		}
		want := []State{StateConnecting, StateConnected, StateDisconnected, StateFailed, StateClosed}
		if !slices.Equal(states, want) {
			t.Errorf("states %v, want %v", states, want)
		}
	})
}

func TestSlotBounds(t *testing.T) {
	for _, slots := range []int{-1, 0, MaxSlots + 1} {
		if s, err := NewSender(SenderConfig{Slots: slots}); err == nil {
			t.Errorf("%d slots accepted", slots)
			s.Close()
		}
	}
}

// inNetwork runs a test with an unconnected Sender and Receiver in a bubble.
func inNetwork(t *testing.T, slots int, test func(t *testing.T, s *Sender, r *Receiver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, time.Millisecond)
		s, err := newSender(SenderConfig{Slots: slots}, n.on(n.agent))
		if err != nil {
			t.Fatal(err)
		}
		r, err := newReceiver(ReceiverConfig{}, n.on(n.viewer))
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(s.Close(), r.Close(), n.router.Stop()); err != nil {
				t.Error(err)
			}
		}()
		test(t, s, r)
	})
}

// Descriptions of a broken or hostile peer are refused without harm, and without repeating them in the error.
func TestHostileDescriptions(t *testing.T) {
	for name, spoil := range map[string]func(string) string{
		"empty":          func(string) string { return "" },
		"no description": func(string) string { return "x" },
		"one line":       func(string) string { return "v=0" },
		"too large":      func(string) string { return strings.Repeat("a", maxSDP+1) },
		"no media":       func(string) string { return "v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\ns=-\r\nt=0 0\r\n" },
		"truncated":      func(s string) string { return s[:len(s)/2] },
		"no fingerprint": func(s string) string { return strings.ReplaceAll(s, "a=fingerprint:", "a=x:") },
		"no ufrag":       func(s string) string { return strings.ReplaceAll(s, "a=ice-ufrag:", "a=x:") },
		"strange media":  func(s string) string { return strings.ReplaceAll(s, "m=video", "m=\xff\xff") },
	} {
		t.Run(name, func(t *testing.T) {
			inNetwork(t, 2, func(t *testing.T, s *Sender, r *Receiver) {
				offer := offerOf(t, s)
				if _, err := r.Accept(spoil(offer)); !errors.Is(err, ErrSignaling) || strings.Contains(err.Error(), "192.0.2") {
					t.Errorf("Accept: %v", err)
				}
			})
			inNetwork(t, 2, func(t *testing.T, s *Sender, r *Receiver) {
				answer := acceptOf(t, r, offerOf(t, s))
				if err := s.Answer(spoil(answer)); !errors.Is(err, ErrSignaling) || strings.Contains(err.Error(), "192.0.2") {
					t.Errorf("Answer: %v", err)
				}
			})
		})
	}
}

func TestHostileCandidates(t *testing.T) {
	inNetwork(t, 1, func(t *testing.T, s *Sender, r *Receiver) {
		if err := s.Answer(acceptOf(t, r, offerOf(t, s))); err != nil {
			t.Fatal(err)
		}
		for _, c := range []string{
			"{", "7", `"x"`, `{"candidate":7}`, strings.Repeat(" ", maxCandidate) + "{}",
			`{"candidate":"candidate:1 1 udp 1 192.0.2.9 x typ host","sdpMid":"0"}`,
			`{"candidate":"\u0000","sdpMid":"0"}`,
		} {
			if err := s.AddCandidate(c); !errors.Is(err, ErrSignaling) || strings.Contains(err.Error(), "192.0.2") {
				t.Errorf("AddCandidate(%.40q) = %v", c, err)
			}
		}
		for _, c := range []string{"", `{"candidate":""}`, `{}`} {
			if err := s.AddCandidate(c); err != nil {
				t.Errorf("AddCandidate(%q) = %v", c, err)
			}
		}
		refused := false
		for range maxCandidates + 1 {
			refused = s.AddCandidate(`{"candidate":"candidate:1 1 udp 1 10.0.0.9 9 typ host","sdpMid":"0"}`) != nil
		}
		if !refused {
			t.Errorf("more than %d candidates accepted", maxCandidates)
		}
	})
}

// Candidates may come before the description that they belong to, but not without end.
func TestEarlyCandidates(t *testing.T) {
	inNetwork(t, 1, func(t *testing.T, s *Sender, _ *Receiver) {
		const early = `{"candidate":"candidate:1 1 udp 1 10.0.0.9 9 typ host","sdpMid":"0"}`
		for i := range maxCandidates {
			if err := s.AddCandidate(early); err != nil {
				t.Fatalf("candidate %d: %v", i, err)
			}
		}
		if err := s.AddCandidate(early); !errors.Is(err, ErrSignaling) {
			t.Errorf("candidate %d: %v", maxCandidates, err)
		}
	})
}

// What the offer says to a browser: slots in order, sendonly, NACK and reports on packets and nothing else, no key frame requests.
func TestOffer(t *testing.T) {
	inNetwork(t, MaxSlots, func(t *testing.T, s *Sender, _ *Receiver) {
		sdp := offerOf(t, s)
		for text, want := range map[string]int{
			"m=video ": MaxSlots, "a=sendonly": MaxSlots, "m=application ": 1, "a=rtcp-fb:96 nack": MaxSlots,
			"a=rtcp-fb:96 transport-cc": MaxSlots, "a=rtcp-fb:": 2 * MaxSlots, "a=rtpmap:96 VP8/90000": MaxSlots, "a=rtpmap:": MaxSlots,
		} {
			if got := strings.Count(sdp, text); got != want {
				t.Errorf("%q stands %d times in the offer, want %d", text, got, want)
			}
		}
		for slot := range MaxSlots {
			if !strings.Contains(sdp, "a=msid:"+slotName(slot)+" ") {
				t.Errorf("no stream id of slot %d", slot)
			}
		}
		if len(sdp) > maxSDP/2 {
			t.Errorf("the offer has %d bytes", len(sdp))
		}
	})
}

func TestSlotNames(t *testing.T) {
	for slot := range MaxSlots {
		if got, ok := slotOf(slotName(slot)); !ok || got != slot {
			t.Errorf("slotOf(%q) = %d, %v", slotName(slot), got, ok)
		}
	}
	for _, bad := range []string{"", "slot-", "slot-16", "slot--1", "slot-+1", "slot-01", "slot-1 ", "Slot-1", "1", "slot-99999999999999999999"} {
		if got, ok := slotOf(bad); ok {
			t.Errorf("slotOf(%q) = %d", bad, got)
		}
	}
}

// Servers that do not answer hold up neither the offer nor Close.
func TestDeadServers(t *testing.T) {
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	at := silent.LocalAddr().String()
	gathered := make(chan struct{}, 64)
	s, err := NewSender(SenderConfig{
		Slots: 1, Loopback: true,
		ICEServers: []webrtc.ICEServer{
			{URLs: []string{"stun:" + at}},
			{URLs: []string{"turn:" + at + "?transport=udp"}, Username: "u", Credential: "p"},
		},
		OnCandidate: func(string) { gathered <- struct{}{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	offerOf(t, s)
	<-gathered // the first one comes at once
	start := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	// The TURN client looks at its socket every 1.6 s; left alone it would take 8 s.
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("Close took %v", d)
	}
}
