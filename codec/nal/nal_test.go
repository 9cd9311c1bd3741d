package nal

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
)

func TestUnits(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"no start code", "abc", nil},
		{"three bytes", "\x00\x00\x01a\x00\x00\x01b", []string{"a", "b"}},
		{"four bytes", "\x00\x00\x00\x01a\x00\x00\x00\x01b", []string{"a", "b"}},
		{"trailing zeros", "\x00\x00\x01a\x00\x00\x00\x00\x00\x01b\x00\x00", []string{"a", "b"}},
		{"leading garbage", "xy\x00\x00\x01a", []string{"a"}},
		{"empty units", "\x00\x00\x01\x00\x00\x01\x00\x00\x01a\x00\x00\x01", []string{"a"}},
		{"inner zeros stay", "\x00\x00\x01a\x00\x00\x02b", []string{"a\x00\x00\x02b"}},
	} {
		var got []string
		for u := range Units([]byte(tt.in)) {
			got = append(got, string(u))
		}
		if len(got) != len(tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%s: unit %d is %q, want %q", tt.name, i, got[i], tt.want[i])
			}
		}
	}
}

func TestSplitLimits(t *testing.T) {
	b := bytes.Repeat([]byte{0, 0, 1, 9}, 5)
	if u, err := Split(b, 5); err != nil || len(u) != 5 {
		t.Errorf("five of five: %d, %v", len(u), err)
	}
	if _, err := Split(b, 4); !errors.Is(err, ErrTooMany) {
		t.Errorf("five of four: %v", err)
	}
	if _, err := Split([]byte("no start"), 4); !errors.Is(err, ErrCorrupt) {
		t.Errorf("no start code: %v", err)
	}
}

func TestEscape(t *testing.T) {
	for _, tt := range []struct{ plain, escaped string }{
		{"", ""},
		{"\x00\x00\x00", "\x00\x00\x03\x00"},
		{"\x00\x00\x01", "\x00\x00\x03\x01"},
		{"\x00\x00\x03", "\x00\x00\x03\x03"},
		{"\x00\x00\x04", "\x00\x00\x04"},
		{"\x00\x00\x00\x00\x00", "\x00\x00\x03\x00\x00\x03\x00"},
	} {
		if got := Escape(nil, []byte(tt.plain)); string(got) != tt.escaped {
			t.Errorf("Escape(%x) = %x, want %x", tt.plain, got, tt.escaped)
		}
		if got := Unescape(nil, []byte(tt.escaped)); string(got) != tt.plain {
			t.Errorf("Unescape(%x) = %x, want %x", tt.escaped, got, tt.plain)
		}
	}
}

// The codes of H.264 table 9-2.
func TestExpGolomb(t *testing.T) {
	r := NewReader([]byte{0b1_010_0110, 0b0100_0010, 0b1000_0000})
	for want := range uint32(5) {
		if got := r.UE(); got != want {
			t.Errorf("UE = %d, want %d", got, want)
		}
	}
	for _, tt := range []struct {
		code uint32
		want int32
	}{{0, 0}, {1, 1}, {2, -1}, {3, 2}, {4, -2}, {1<<32 - 2, -(1<<31 - 1)}} {
		var w Writer
		w.UE(tt.code)
		if got := NewReader(w.Bytes()).SE(); got != tt.want {
			t.Errorf("SE of code %d = %d, want %d", tt.code, got, tt.want)
		}
	}
}

func TestReaderEnds(t *testing.T) {
	r := NewReader([]byte{0xff})
	r.U(7)
	if r.U(2) != 0 || !errors.Is(r.Err(), ErrTruncated) {
		t.Errorf("read beyond the end: %v", r.Err())
	}
	if r.UE() != 0 || r.Pos() != 8 {
		t.Errorf("after the end: position %d", r.Pos())
	}
	long := NewReader(make([]byte, 9))
	if long.UE(); !errors.Is(long.Err(), ErrCorrupt) {
		t.Errorf("32 zeros: %v", long.Err())
	}
	skip := NewReader(nil)
	if skip.Skip(1); !errors.Is(skip.Err(), ErrTruncated) {
		t.Errorf("skip: %v", skip.Err())
	}
}

func TestWriterReader(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	type field struct {
		v uint32
		n int
	}
	var fields []field
	var w Writer
	for range 2000 {
		n := 1 + rnd.IntN(32)
		f := field{rnd.Uint32() & (1<<n - 1), n}
		fields = append(fields, f)
		w.U(f.v, f.n)
	}
	r := NewReader(w.Bytes())
	for i, f := range fields {
		if got := r.U(f.n); got != f.v {
			t.Fatalf("field %d: %d, want %d", i, got, f.v)
		}
	}
	var c Writer
	c.Copy(w.Bytes(), 1001)
	c.Stop()
	if !bytes.Equal(c.Bytes()[:125], w.Bytes()[:125]) {
		t.Error("Copy changed bits")
	}
	if last := c.Bytes()[125]; last != w.Bytes()[125]&0x80|0x40 {
		t.Errorf("stop bit: %08b", last)
	}
}

func FuzzUnits(f *testing.F) {
	seeds, err := os.ReadDir("testdata/fuzz/FuzzUnits")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		var n int
		for u := range Units(b) {
			if len(u) == 0 || u[len(u)-1] == 0 || bytes.Contains(u, startCode) {
				t.Fatalf("unit %x", u)
			}
			n++
			again = Append(again, u)
			plain := Unescape(nil, u)
			if len(plain) > len(u) {
				t.Fatalf("unescape made %d of %d bytes", len(plain), len(u))
			}
			if back := Unescape(nil, Escape(nil, plain)); !bytes.Equal(back, plain) {
				t.Fatalf("%x became %x", plain, back)
			}
			r := NewReader(plain)
			for r.Err() == nil {
				r.UE()
				r.SE()
			}
		}
		units, err := Split(again, n)
		if n > 0 && (err != nil || len(units) != n) {
			t.Fatalf("%d units became %d: %v", n, len(units), err)
		}
	})
}
