package mp4

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
	"github.com/sealcam/sealcam/codec/h265"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(b []byte) (*Movie, error) { return Read(bytes.NewReader(b), int64(len(b))) }

// The files hold the same 30 pictures at 15 a second with two B pictures in a row; ffprobe says these times and sizes.
func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name  string
		codec codec.Codec
		keys  int
		sizes []uint32
		show  []int // of the first pictures, in frames
	}{
		{"plain.mp4", codec.H264, 3, []uint32{1321, 29, 13, 13, 24}, []int{0, 3, 1, 2, 6}},
		{"frag.mp4", codec.H264, 3, []uint32{1321, 29, 13, 13, 24}, []int{0, 3, 1, 2, 6}},
		{"oldfrag.mp4", codec.H264, 3, []uint32{1321, 29, 13, 13, 24}, []int{0, 3, 1, 2, 6}},
		{"negcts.mp4", codec.H264, 3, []uint32{1321, 29, 13, 13, 24}, []int{0, 3, 1, 2, 6}},
		{"hevc.mp4", codec.H265, 3, []uint32{676, 50, 17, 44, 53}, []int{0, 3, 2, 1, 6}},
		{"qt.mov", codec.H264, 3, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := parse(read(t, tt.name))
			if err != nil {
				t.Fatal(err)
			}
			if m.Codec != tt.codec || len(m.Samples) != 30 {
				t.Fatalf("%v, %d samples", m.Codec, len(m.Samples))
			}
			if d := m.Duration - 2*time.Second; d.Abs() > time.Millisecond {
				t.Errorf("lasts %v", m.Duration)
			}
			frame := time.Second / 15
			var keys int
			var shows []time.Duration
			for i, s := range m.Samples {
				if s.Sync {
					keys++
				}
				shows = append(shows, s.Show)
				if d := s.Decode - time.Duration(i)*frame; d.Abs() > time.Millisecond {
					t.Fatalf("picture %d is decoded at %v", i, s.Decode)
				}
				if i < len(tt.sizes) && s.size != tt.sizes[i] {
					t.Errorf("picture %d has %d bytes", i, s.size)
				}
				if i < len(tt.show) && (s.Show-time.Duration(tt.show[i])*frame).Abs() > time.Millisecond {
					t.Errorf("picture %d is shown at %v", i, s.Show)
				}
			}
			if keys != tt.keys {
				t.Errorf("%d keys", keys)
			}
			slices.Sort(shows)
			for i, s := range shows {
				if (s - time.Duration(i)*frame).Abs() > time.Millisecond {
					t.Fatalf("nothing is shown at %v, but at %v", time.Duration(i)*frame, s)
				}
			}
			checkUnits(t, m, read(t, tt.name))
		})
	}
}

// checkUnits fails unless every picture assembles.
func checkUnits(t *testing.T, m *Movie, file []byte) {
	t.Helper()
	var a interface {
		Learn([]byte) error
		Assemble([][]byte) (codec.AccessUnit, error)
	} = &h264.Assembler{}
	if m.Codec == codec.H265 {
		a = &h265.Assembler{}
	}
	for _, p := range m.Parameters {
		a.Learn(p) // x265 puts an SEI unit beside the parameter sets
	}
	for i, s := range m.Samples {
		units, err := m.Units(bytes.NewReader(file), s)
		if err != nil {
			t.Fatal(err)
		}
		au, err := a.Assemble(units)
		if err != nil || au.Key != s.Sync || au.Config.Width != 64 {
			t.Fatalf("picture %d: %v, key %v, %+v", i, err, au.Key, au.Config)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := read(t, "plain.mp4")
	moov := bytes.Index(good, []byte("moov")) - 4
	edit := func(kind string, at int, v uint32) []byte {
		b := bytes.Clone(good)
		binary.BigEndian.PutUint32(b[bytes.Index(b, []byte(kind))+at:], v)
		return b
	}
	for _, tt := range []struct {
		name string
		in   []byte
		err  error
	}{
		{"empty", nil, ErrFormat},
		{"text", []byte("this is a text file"), ErrFormat},
		{"sound only", read(t, "audio.mp4"), ErrNoVideo},
		{"MPEG-4 part 2", read(t, "part2.mp4"), ErrNoVideo},
		{"no index", good[:moov], ErrFormat},
		{"cut in the index", good[:moov+100], ErrFormat},
		{"index of 4 GB", edit("moov", -4, 0xfffffff0), ErrFormat},
		{"box of 3 bytes", edit("trak", -4, 3), ErrFormat},
		{"a billion chunks", edit("stco", 8, 1<<30), ErrFormat},
		{"a billion samples of one size", edit("stsz", 8, 1), ErrTooLong},
		{"more samples than times", edit("stts", 12, 5), ErrFormat},
		{"more times than entries", edit("stts", 8, 500), ErrFormat},
		{"chunk 0", edit("stsc", 12, 0), ErrFormat},
		{"key picture beyond the end", edit("stss", 12, 31), ErrFormat},
		{"pictures beyond the end", edit("stco", 12, 0x7fffffff), ErrFormat},
		{"huge picture", edit("stsz", 16, 0x7fffffff), ErrFormat},
	} {
		if tt.name == "a billion samples of one size" {
			binary.BigEndian.PutUint32(tt.in[bytes.Index(tt.in, []byte("stsz"))+12:], 1<<30)
		}
		if _, err := parse(tt.in); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
}

// A recording that was cut off plays as far as it goes.
func TestCutOff(t *testing.T) {
	good := read(t, "frag.mp4")
	m, err := parse(good[:len(good)*2/3])
	if err != nil {
		t.Fatal(err)
	}
	if n := len(m.Samples); n < 5 || n >= 30 {
		t.Errorf("%d samples", n)
	}
	if m.Duration < m.Samples[len(m.Samples)-1].Decode {
		t.Errorf("ends at %v before its last picture", m.Duration)
	}
}

func TestUnitsRefuses(t *testing.T) {
	m := &Movie{lengthLen: 4}
	for _, in := range []string{"\x00", "\x00\x00\x00\x05abc", "\xff\xff\xff\xffabc", "\x00\x00\x00\x01a\x00"} {
		if _, err := m.Units(bytes.NewReader([]byte(in)), Sample{size: uint32(len(in))}); !errors.Is(err, ErrFormat) {
			t.Errorf("%x: %v", in, err)
		}
	}
	if _, err := m.Units(bytes.NewReader(nil), Sample{size: 4}); err == nil {
		t.Error("read beyond the end")
	}
}

func FuzzRead(f *testing.F) {
	if seeds, err := os.ReadDir("testdata/fuzz/FuzzRead"); err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parse(b)
		if err != nil {
			return
		}
		if len(m.Samples) == 0 || len(m.Samples) > maxSamples || m.Duration <= 0 {
			t.Fatalf("%d samples in %v", len(m.Samples), m.Duration)
		}
		for i, s := range m.Samples[:min(len(m.Samples), 100)] {
			if s.Decode < 0 || s.Show < 0 {
				t.Fatalf("picture %d: %v, %v", i, s.Decode, s.Show)
			}
			units, err := m.Units(bytes.NewReader(b), s)
			total := 0
			for _, u := range units {
				total += len(u)
			}
			if err == nil && total > len(b) {
				t.Fatalf("picture %d has %d bytes", i, total)
			}
		}
	})
}
