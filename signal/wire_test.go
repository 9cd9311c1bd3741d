package signal

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

// samples holds one envelope of each kind, and what is special.
func samples() map[string]Envelope {
	topic := Topic{0xc0, 0xc1}
	return map[string]Envelope{
		"challenge":        &Challenge{Nonce: [32]byte{1, 2}},
		"login":            &Login{Role: RoleViewer, Key: [32]byte{3}, Expiry: 1_790_000_000, Signature: [64]byte{4}},
		"welcome":          &Welcome{ICE: []string{"stun:a:1", "turn:b:2?transport=udp"}},
		"welcome, nothing": &Welcome{},
		"ping":             &Ping{},
		"pong":             &Pong{},
		"bye":              &Bye{},
		"knocks":           &Knocks{Hashes: [][32]byte{{1}, {2}}},
		"knocks, none":     &Knocks{Hashes: [][32]byte{}},
		"knock":            &Knock{Request: 7, Agent: [32]byte{8}, Token: [16]byte{9}},
		"opened": &Opened{Request: 1, Pipe: 2, TURN: TURN{
			Username: "1:u", Password: "p", Expires: time.Unix(1_790_000_000, 0).UTC(),
		}},
		"opened, no TURN": &Opened{Request: 1, Pipe: 2},
		"incoming":        &Incoming{Pipe: 3, Hash: [32]byte{4}},
		"data":            &Data{Pipe: 5, Bytes: []byte("x")},
		"data, most":      &Data{Pipe: 5, Bytes: make([]byte, MaxData)},
		"close":           &ClosePipe{Pipe: 6},
		"unavailable":     &Unavailable{Request: 7},
		"credit":          &Credit{Pipe: 8, Bytes: Window},
		"publish":         &Publish{Topic: topic, Sequence: 9, Key: true, Sealed: []byte("sealed")},
		"subscribe":       &Subscribe{Topic: topic, Cached: true},
		"unsubscribe":     &Unsubscribe{Topic: topic},
		"frame":           &RelayFrame{Topic: topic, Sequence: 10, Key: true, Cached: true, Sealed: []byte("sealed")},
		"frame, most":     &RelayFrame{Topic: topic, Sealed: make([]byte, MaxSealed)},
		"retire":          &Retire{Topic: topic},
		"refusal":         &Refusal{Code: CodeTooFast},
	}
}

func TestRoundTrip(t *testing.T) {
	kinds := make(map[byte]bool)
	for name, e := range samples() {
		b := e.Append([]byte("before"))[len("before"):]
		kinds[b[0]] = true
		got, err := Parse(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(got, e) {
			t.Errorf("%s: got %#v, want %#v", name, got, e)
		}
		if again := got.Append(nil); !bytes.Equal(again, b) {
			t.Errorf("%s: encodes as %x, was %x", name, again, b)
		}
	}
	if len(kinds) != 20 {
		t.Errorf("the samples hold %d kinds of envelope, the table 20", len(kinds))
	}
}

// TestLengths cuts and extends every envelope: only data, frames and what is made of parts have more than one length, and those then
// have another meaning, never the same.
func TestLengths(t *testing.T) {
	open := map[byte]bool{byte(KindData): true, byte(KindPublish): true, byte(KindFrame): true}
	for name, e := range samples() {
		b := e.Append(nil)
		step := max(1, len(b)/64)
		for n := 0; n < len(b); n += step {
			if open[b[0]] && n > frameHead {
				break
			}
			if got, err := Parse(b[:n]); !errors.Is(err, ErrEnvelope) && !open[b[0]] {
				t.Errorf("%s cut to %d of %d bytes: %#v, %v", name, n, len(b), got, err)
			}
		}
		longer := append(b[:len(b):len(b)], 0)
		if _, err := Parse(longer); !errors.Is(err, ErrEnvelope) && (!open[b[0]] || len(b) > MaxData) {
			t.Errorf("%s with a byte more: %v", name, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	topic := strings.Repeat("t", 16)
	for name, s := range map[string]string{
		"nothing":                  "",
		"kind 0":                   "\x00",
		"unknown kind":             "\x07",
		"challenge, version 2":     "\x01\x02" + strings.Repeat("n", 32),
		"login, version 0":         "\x02\x00\x01" + strings.Repeat("k", 32) + strings.Repeat("\x00", 8) + strings.Repeat("s", 64),
		"login, role 3":            "\x02\x01\x03" + strings.Repeat("k", 32) + strings.Repeat("\x00", 8) + strings.Repeat("s", 64),
		"login, far expiry":        "\x02\x01\x01" + strings.Repeat("k", 32) + strings.Repeat("\xff", 8) + strings.Repeat("s", 64),
		"welcome, empty url":       "\x03\x01\x01\x00",
		"welcome, too many":        "\x03\x01\x11" + strings.Repeat("\x01x", 17),
		"welcome, short":           "\x03\x01\x02\x01x",
		"knocks, count too small":  "\x10\x00\x01" + strings.Repeat("h", 64),
		"knocks, count too great":  "\x10\x10\x01" + strings.Repeat("h", 32*4097),
		"opened, no name, a word":  "\x12" + strings.Repeat("\x00", 8) + "\x00\x01p" + strings.Repeat("\x00", 8),
		"opened, no name, a time":  "\x12" + strings.Repeat("\x00", 8) + "\x00\x00" + strings.Repeat("\x00", 7) + "\x01",
		"opened, name beyond end":  "\x12" + strings.Repeat("\x00", 8) + "\xffabc",
		"data without bytes":       "\x14\x00\x00\x00\x01",
		"data, too much":           "\x14\x00\x00\x00\x01" + strings.Repeat("d", MaxData+1),
		"credit of nothing":        "\x17\x00\x00\x00\x01\x00\x00\x00\x00",
		"credit beyond the window": "\x17\x00\x00\x00\x01\x00\x04\x00\x01",
		"publish, cached":          "\x20" + topic + "\x00\x00\x00\x00\x02s",
		"publish without a frame":  "\x20" + topic + "\x00\x00\x00\x00\x01",
		"subscribe from 2":         "\x21" + topic + "\x02",
		"frame, unknown flag":      "\x23" + topic + "\x00\x00\x00\x00\x04s",
		"frame, too large":         "\x23" + topic + "\x00\x00\x00\x00\x00" + strings.Repeat("s", MaxSealed+1),
	} {
		if e, err := Parse([]byte(s)); !errors.Is(err, ErrEnvelope) {
			t.Errorf("%s: %#v, %v", name, e, err)
		}
	}
}

func TestWelcomeLeavesOutWhatDoesNotFit(t *testing.T) {
	urls := []string{"", strings.Repeat("u", 256), "stun:ok:1"}
	for range MaxICE {
		urls = append(urls, "stun:more:1")
	}
	e, err := Parse((&Welcome{ICE: urls}).Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := e.(*Welcome).ICE; len(got) != MaxICE || got[0] != "stun:ok:1" {
		t.Errorf("%d urls, the first %q", len(got), got[0])
	}
}

func TestFrameFlags(t *testing.T) {
	b := (&RelayFrame{Sealed: []byte("s")}).Append(nil)
	b[FrameFlags] |= FlagCached
	e, err := Parse(b)
	if err != nil || !e.(*RelayFrame).Cached {
		t.Errorf("%#v, %v", e, err)
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	seen := make(map[string]bool)
	for code := CodeBadLogin; code <= CodeTooSlow; code++ {
		text := (&Refusal{Code: code}).Error()
		if !strings.Contains(text, ": ") || seen[text] {
			t.Errorf("code %d: %q", code, text)
		}
		seen[text] = true
	}
	if text := (&Refusal{Code: 200}).Error(); !strings.Contains(text, "200") {
		t.Errorf("unknown code: %q", text)
	}
}
