package sframe

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

var suites = []Suite{
	AES128CTRHMACSHA256Tag80, AES128CTRHMACSHA256Tag64, AES128CTRHMACSHA256Tag32, AES128GCMSHA256, AES256GCMSHA512, ChaCha20Poly1305,
}

var testBaseKey = []byte("a base key of thirty-two bytes..")

func newKey(t testing.TB, s Suite, kid uint64) *Key {
	t.Helper()
	k, err := NewKey(s, kid, testBaseKey)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestHeaderNotShortestIsRefused(t *testing.T) {
	for _, b := range [][]byte{
		{0x80, 0x00},                   // KID 0 in a byte of its own
		{0x80, 0x07},                   // 7 fits the first byte
		{0x90, 0x00, 0xff},             // 255 in two bytes
		{0x08, 0x07},                   // the same for CTR
		{0x09, 0x00, 0xff},             //
		{0x0f, 0, 1, 2, 3, 4, 5, 6, 7}, // seven bytes' worth in eight
		{0x88, 0x09, 0x01},             // KID right, CTR not
	} {
		if h, _, err := ParseHeader(b); !errors.Is(err, ErrHeader) {
			t.Errorf("%x parses as %+v, %v", b, h, err)
		}
	}
}

func TestTamperedIsRefused(t *testing.T) {
	metadata, plaintext := []byte("metadata"), []byte("a plaintext")
	for _, s := range suites {
		t.Run(s.String(), func(t *testing.T) {
			k := newKey(t, s, 300)
			sealed := k.Seal(nil, 1<<20, metadata, plaintext)
			if got, err := k.Open(nil, sealed, metadata); err != nil || !bytes.Equal(got, plaintext) {
				t.Fatalf("untouched: %q, %v", got, err)
			}
			refused := func(what string, k *Key, sealed, metadata []byte) {
				t.Helper()
				if got, err := k.Open([]byte("kept"), sealed, metadata); !errors.Is(err, ErrOpen) || string(got) != "kept" {
					t.Errorf("%s: %q, %v", what, got, err)
				}
			}
			for i := range len(sealed) * 8 {
				bad := bytes.Clone(sealed)
				bad[i/8] ^= 1 << (i % 8)
				refused(fmt.Sprintf("bit %d", i), k, bad, metadata)
			}
			for n := range sealed {
				refused(fmt.Sprintf("cut to %d", n), k, sealed[:n], metadata)
			}
			refused("a byte more", k, append(bytes.Clone(sealed), 0), metadata)
			refused("other metadata", k, sealed, []byte("metadatA"))
			refused("no metadata", k, sealed, nil)
			refused("other KID", newKey(t, s, 301), sealed, metadata)
			other, err := NewKey(s, 300, append([]byte("x"), testBaseKey...))
			if err != nil {
				t.Fatal(err)
			}
			refused("other base key", other, sealed, metadata)
		})
	}
}

func TestSealInPlace(t *testing.T) {
	metadata, plaintext := []byte("metadata"), bytes.Repeat([]byte("plain"), 100)
	for _, s := range suites {
		k := newKey(t, s, 9)
		want := k.Seal([]byte("before"), 77, metadata, plaintext)
		buffer := make([]byte, 6, 1000)
		copy(buffer, "before")
		at := 6 + Header{9, 77}.Len()
		inPlace := buffer[at : at+len(plaintext)]
		copy(inPlace, plaintext)
		if got := k.Seal(buffer, 77, metadata, inPlace); !bytes.Equal(got, want) || &got[0] != &buffer[0] {
			t.Errorf("%s: sealing in place gives something else", s)
		}
	}
}

func TestNewKeyRefuses(t *testing.T) {
	for _, s := range []Suite{0, 6, 0xF000, 0xFFFF} {
		if _, err := NewKey(s, 0, testBaseKey); !errors.Is(err, ErrSuite) {
			t.Errorf("suite %#x: %v", uint16(s), err)
		}
	}
	if _, err := NewKey(ChaCha20Poly1305, 0, testBaseKey[:15]); !errors.Is(err, ErrKeySize) {
		t.Errorf("short base key: %v", err)
	}
}

func TestKeyIsNotPrinted(t *testing.T) {
	k := newKey(t, ChaCha20Poly1305, 9)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, k); got != "[redacted]" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	if got := k.LogValue().String(); !strings.Contains(got, "[redacted]") {
		t.Errorf("logged as %s", got)
	}
}

func TestAllocations(t *testing.T) {
	k := newKey(t, ChaCha20Poly1305, 9)
	plaintext := make([]byte, 10_000)
	sealed := k.Seal(nil, 1, nil, plaintext)
	out := make([]byte, 0, len(sealed))
	if n := testing.AllocsPerRun(100, func() { out = k.Seal(out[:0], 1, testBaseKey, plaintext) }); n != 0 {
		t.Errorf("Seal allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := k.Open(nil, sealed[:10], nil); err == nil {
			t.Error("opened a piece")
		}
	}); n != 0 {
		t.Errorf("refusing allocates %v times", n)
	}
	plain := make([]byte, 0, len(plaintext))
	if n := testing.AllocsPerRun(100, func() {
		if _, err := k.Open(plain, sealed, nil); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("Open allocates %v times", n)
	}
}

func BenchmarkSeal(b *testing.B) {
	for _, s := range suites[3:] {
		b.Run(s.String(), func(b *testing.B) {
			k := newKey(b, s, 9)
			plaintext := make([]byte, 12_500)
			var out []byte
			b.SetBytes(int64(len(plaintext)))
			for ctr := uint64(0); b.Loop(); ctr++ {
				out = k.Seal(out[:0], ctr, nil, plaintext)
			}
		})
	}
}
