package rtp

import (
	"bytes"
	"errors"
	"testing"
)

func frameBytes(key bool, camera uint8, number uint32, sealed []byte) []byte {
	return append(appendFrameHeader(nil, key, camera, number, uint32(len(sealed))), sealed...)
}

func TestParseFrame(t *testing.T) {
	good := frameBytes(true, 9, 0x01020304, []byte("sealed"))
	camera, number, sealed, err := parseFrame(good)
	if err != nil || camera != 9 || number != 0x01020304 || string(sealed) != "sealed" {
		t.Fatalf("parseFrame = %d, %d, %q, %v", camera, number, sealed, err)
	}
	for name, spoil := range map[string]func([]byte) []byte{
		"empty":           func([]byte) []byte { return nil },
		"header only":     func(b []byte) []byte { return b[:wireOverhead] },
		"cut short":       func(b []byte) []byte { return b[:len(b)-1] },
		"too long":        func(b []byte) []byte { return append(b, 0) },
		"no VP8":          func(b []byte) []byte { b[3] ^= 1; return b },
		"other frame tag": func(b []byte) []byte { b[0] ^= 2; return b },
		"huge length":     func(b []byte) []byte { copy(b[15:], []byte{0xff, 0xff, 0xff, 0xff}); return b },
		"too large":       func([]byte) []byte { return frameBytes(true, 0, 1, make([]byte, MaxSealed+1)) },
	} {
		if _, _, _, err := parseFrame(spoil(bytes.Clone(good))); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A frame without a number is padding, if it is a frame at all.
func TestPaddingIsNoFrame(t *testing.T) {
	b := frameBytes(false, 0, 0, []byte{0})
	if _, _, _, err := parseFrame(b); !errors.Is(err, errPadding) {
		t.Errorf("%v", err)
	}
	if _, _, _, err := parseFrame(append(b, 0)); !errors.Is(err, ErrFrame) {
		t.Errorf("too long: %v", err)
	}
}

func FuzzParseFrame(f *testing.F) {
	f.Add(frameBytes(true, 0, 1, []byte("sealed key frame")))
	f.Add(frameBytes(false, 255, 1<<32-1, []byte{0}))
	f.Fuzz(func(t *testing.T, b []byte) {
		camera, number, sealed, err := parseFrame(b)
		if err != nil {
			return
		}
		again := frameBytes(b[0] == 0x10, camera, number, sealed)
		// Within the look-alike, the receiver checks only what tells it from noise.
		copy(again[:lookAlikeSize], b)
		if !bytes.Equal(again, b) {
			t.Errorf("% x became % x", b, again)
		}
	})
}

func FuzzParseAcks(f *testing.F) {
	f.Add(appendAck(nil, 0, 1), 1)
	f.Add(appendAck(appendAck(nil, 3, 1<<32-1), 15, 70_000), MaxSlots)
	f.Add(appendAck(appendAck(nil, 3, 1), 3, 2), MaxSlots)
	f.Fuzz(func(t *testing.T, b []byte, slots int) {
		if slots < 1 || slots > MaxSlots {
			return
		}
		var again []byte
		err := parseAcks(b, slots, func(slot uint8, number uint32) {
			if int(slot) >= slots {
				t.Fatalf("slot %d of %d", slot, slots)
			}
			again = appendAck(again, slot, number)
		})
		if err == nil && !bytes.Equal(again, b) || err != nil && again != nil {
			t.Errorf("% x: used % x, %v", b, again, err)
		}
	})
}
