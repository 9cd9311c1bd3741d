package h264

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/nal"
)

func readClip(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestClips(t *testing.T) {
	for _, tt := range []struct {
		name, profile string
		width, height int
		pictures      int
		keys          int
		rate          float64
		reorders      Reordering
		hasB          bool
		interlaced    bool
	}{
		{"baseline.h264", "avc1.42C00C", 320, 240, 60, 4, 15, ReorderNone, false, false},
		{"main.h264", "avc1.4D400C", 320, 240, 60, 4, 15, ReorderNone, false, false},
		{"high-b.h264", "avc1.64000C", 320, 240, 60, 2, 15, ReorderSome, true, false},
		{"interlaced-crop.h264", "avc1.640015", 322, 184, 25, 1, 25, ReorderSome, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a Assembler
			var pictures, keys int
			for units := range Pictures(readClip(t, tt.name)) {
				au, err := a.Assemble(units)
				if err != nil {
					t.Fatalf("picture %d: %v", pictures, err)
				}
				if _, err := au.Config.AppendBinary(nil); err != nil {
					t.Fatalf("picture %d: %v", pictures, err)
				}
				checkPicture(t, au)
				pictures++
				if au.Key {
					keys++
				}
			}
			s := a.SPS()
			if s == nil {
				t.Fatal("no SPS")
			}
			if s.Profile() != tt.profile || s.Width != tt.width || s.Height != tt.height || s.Interlaced != tt.interlaced {
				t.Errorf("got %s %d×%d interlaced %v", s.Profile(), s.Width, s.Height, s.Interlaced)
			}
			if pictures != tt.pictures || keys != tt.keys {
				t.Errorf("%d pictures, %d keys, want %d, %d", pictures, keys, tt.pictures, tt.keys)
			}
			if math.Abs(s.FrameRate-tt.rate) > 0.01 || s.Reorders() != tt.reorders || a.HasB() != tt.hasB {
				t.Errorf("rate %v, reorders %v, B %v", s.FrameRate, s.Reorders(), a.HasB())
			}
		})
	}
}

// checkPicture fails unless an access unit holds slices, and parameter sets exactly when it is a key picture.
func checkPicture(t *testing.T, au codec.AccessUnit) {
	t.Helper()
	units, err := nal.Split(au.Data, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var types []UnitType
	for _, u := range units {
		types = append(types, TypeOf(u))
	}
	if !slices.Contains(types, UnitSlice) && !slices.Contains(types, UnitIDR) {
		t.Fatalf("no slice in %v", types)
	}
	if au.Key && (types[0] != UnitSPS || types[1] != UnitPPS) || !au.Key && types[0] != UnitSlice && types[0] != UnitPPS {
		t.Fatalf("key %v: units %v", au.Key, types)
	}
	for _, ty := range types {
		if ty == UnitSEI || ty == UnitAUD || ty == UnitFiller {
			t.Fatalf("needless unit in %v", types)
		}
	}
}

// Parameter sets of cameras: without VUI, with cropping, High with scaling lists, with a broken VUI.
func TestParseSPS(t *testing.T) {
	for _, tt := range []struct {
		name, in, profile string
		width, height     int
		rate              float64
		err               error
	}{
		{"main 640x480, no VUI", "674d001e9a6605a0ff", "", 0, 0, 0, nal.ErrTruncated},
		{"baseline 640x480", "6742001eda0280f684", "avc1.42001E", 640, 480, 0, nil},
		{"high 1920x1080 cropped", "67640028acd940780227e5c044000003000400000300f03c60c658", "avc1.640028", 1920, 1080, 30, nil},
		{"empty", "", "", 0, 0, 0, nal.ErrCorrupt},
		{"a PPS", "68ebe3cb22c0", "", 0, 0, 0, nal.ErrCorrupt},
		{"forbidden bit", "e742001eda0280f684", "", 0, 0, 0, nal.ErrCorrupt},
		{"header only", "6742001e", "", 0, 0, 0, nal.ErrCorrupt},
		{"cut", "6742001eda", "", 0, 0, 0, nal.ErrTruncated},
		{"all zero", "6700000000000000000000000000", "", 0, 0, 0, nal.ErrCorrupt},
	} {
		s, err := ParseSPS(unhex(t, tt.in))
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", tt.name, err, tt.err)
		}
		if tt.err != nil || err != nil {
			continue
		}
		if s.Profile() != tt.profile || s.Width != tt.width || s.Height != tt.height || math.Abs(s.FrameRate-tt.rate) > 0.01 {
			t.Errorf("%s: %s %d×%d at %v", tt.name, s.Profile(), s.Width, s.Height, s.FrameRate)
		}
	}
	if _, err := ParseSPS(append([]byte{0x67}, make([]byte, 4096)...)); !errors.Is(err, nal.ErrTooLarge) {
		t.Errorf("4 KiB: %v", err)
	}
}

// makeSPS writes a Main profile SPS.
func makeSPS(columns, rows, crop uint32) []byte { return makeSPSWithVUI(columns, rows, crop, false) }

func makeSPSWithVUI(columns, rows, crop uint32, vui bool) []byte {
	var w nal.Writer
	w.U(77<<16|40, 24)
	w.UE(0)   // id
	w.UE(0)   // frame_num bits
	w.UE(0)   // POC type
	w.UE(0)   // POC bits
	w.UE(1)   // references
	w.U(0, 1) // gaps
	w.UE(columns - 1)
	w.UE(rows - 1)
	w.U(0b11, 2) // frames only, direct 8×8
	w.U(1, 1)    // cropping
	w.UE(crop)
	w.UE(crop)
	w.UE(0)
	w.UE(0)
	if vui {
		w.U(1, 1)
		w.U(0, 4)
		w.U(1, 1) // timing
		w.U(1, 32)
		w.U(50, 32)
		w.U(1, 1)
		w.U(0, 2) // no HRD
		w.U(0, 1) // pic_struct
	}
	w.U(0, 1) // no VUI, or no bitstream restrictions in it
	w.Stop()
	return nal.Escape([]byte{0x67}, w.Bytes())
}

func TestSPSLimits(t *testing.T) {
	for _, tt := range []struct {
		columns, rows, crop uint32
		err                 error
	}{
		{512, 512, 0, nil},
		{513, 10, 0, nal.ErrTooLarge},
		{513, 10, 8, nil},
		{10, 513, 0, nal.ErrTooLarge},
		{600, 10, 0, nal.ErrTooLarge},
		{1<<32 - 3, 10, 0, nal.ErrTooLarge},
		{10, 10, 40, nal.ErrCorrupt},
		{10, 10, 1<<32 - 3, nal.ErrCorrupt},
		{10, 10, 1 << 30, nal.ErrCorrupt},
	} {
		if _, err := ParseSPS(makeSPS(tt.columns, tt.rows, tt.crop)); !errors.Is(err, tt.err) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

func TestWithoutReordering(t *testing.T) {
	for _, in := range []string{
		hex.EncodeToString(makeSPS(40, 30, 2)),
		hex.EncodeToString(makeSPSWithVUI(40, 30, 2, true)),
	} {
		old := unhex(t, in)
		changed := WithoutReordering(old)
		a, err := ParseSPS(old)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ParseSPS(changed)
		if err != nil {
			t.Fatalf("%x: %v", changed, err)
		}
		if b.reorderFrames != 0 || !b.hasRestriction || b.Reorders() != ReorderNone {
			t.Errorf("%s: still reorders", in)
		}
		if a.Config() != b.Config() || a.FrameRate != b.FrameRate || a.RefFrames != b.RefFrames {
			t.Errorf("%s: %+v became %+v", in, a, b)
		}
		if !bytes.Equal(WithoutReordering(changed), changed) {
			t.Error("changed twice")
		}
	}
	if cut := unhex(t, "6742001eda0280f684"); !bytes.Equal(WithoutReordering(cut), cut) {
		t.Error("an SPS whose VUI breaks off was changed")
	}
	for units := range Pictures(readClip(t, "high-b.h264")) {
		for _, u := range units {
			if TypeOf(u) == UnitSPS && !bytes.Equal(WithoutReordering(u), u) {
				t.Error("an SPS that reorders was changed")
			}
		}
	}
}

func firstPictures(t testing.TB, name string, n int) [][][]byte {
	var out [][][]byte
	for units := range Pictures(readClip(t, name)) {
		out = append(out, slices.Clone(units))
		if len(out) == n {
			break
		}
	}
	return out
}

func TestAssemblerRefuses(t *testing.T) {
	pics := firstPictures(t, "main.h264", 20) // keys at 0 and 15
	only := func(units [][]byte, keep ...UnitType) [][]byte {
		var out [][]byte
		for _, u := range units {
			if slices.Contains(keep, TypeOf(u)) {
				out = append(out, u)
			}
		}
		return out
	}
	t.Run("delta before key", func(t *testing.T) {
		var a Assembler
		if _, err := a.Assemble(pics[1]); !errors.Is(err, nal.ErrParameters) {
			t.Errorf("no parameters: %v", err)
		}
		a.Assemble(only(pics[0], UnitSPS, UnitPPS))
		if _, err := a.Assemble(pics[1]); !errors.Is(err, nal.ErrWaiting) {
			t.Errorf("no key: %v", err)
		}
	})
	t.Run("key without parameters", func(t *testing.T) {
		var a Assembler
		if _, err := a.Assemble(only(pics[0], UnitIDR)); !errors.Is(err, nal.ErrParameters) {
			t.Errorf("%v", err)
		}
		for _, u := range only(pics[0], UnitSPS, UnitPPS) {
			if err := a.Learn(u); err != nil {
				t.Fatal(err)
			}
		}
		au, err := a.Assemble(only(pics[0], UnitIDR))
		if err != nil || !au.Key {
			t.Fatalf("%v", err)
		}
		checkPicture(t, au)
	})
	t.Run("interrupt", func(t *testing.T) {
		var a Assembler
		mustAssemble(t, &a, pics[0])
		mustAssemble(t, &a, pics[1])
		a.Interrupt()
		if _, err := a.Assemble(pics[3]); !errors.Is(err, nal.ErrWaiting) {
			t.Errorf("after a loss: %v", err)
		}
		mustAssemble(t, &a, pics[15])
		mustAssemble(t, &a, pics[16])
	})
	t.Run("parameters alone do no harm", func(t *testing.T) {
		var a Assembler
		mustAssemble(t, &a, pics[0])
		if _, err := a.Assemble(only(pics[0], UnitSPS, UnitPPS, UnitSEI)); !errors.Is(err, nal.ErrNoPicture) {
			t.Errorf("%v", err)
		}
		mustAssemble(t, &a, pics[1])
	})
	t.Run("broken slice", func(t *testing.T) {
		var a Assembler
		mustAssemble(t, &a, pics[0])
		for _, bad := range [][]byte{{0x41}, {0x41, 0}, {0x41, 0xff, 0x00, 0x00, 0x01}, {0x41, 0x00, 0x80, 0x00, 0x80}} {
			if _, err := a.Assemble([][]byte{bad}); err == nil || errors.Is(err, nal.ErrNoPicture) {
				t.Errorf("%x: %v", bad, err)
			}
		}
		if _, err := a.Assemble(pics[1]); !errors.Is(err, nal.ErrWaiting) {
			t.Errorf("goes on after a broken picture: %v", err)
		}
	})
	t.Run("too large", func(t *testing.T) {
		var a Assembler
		mustAssemble(t, &a, pics[0])
		huge := append(bytes.Clone(only(pics[1], UnitSlice)[0]), make([]byte, codec.MaxAccessUnit)...)
		if _, err := a.Assemble([][]byte{huge}); !errors.Is(err, nal.ErrTooLarge) {
			t.Errorf("%v", err)
		}
		if _, err := a.Assemble(make([][]byte, maxUnits+1)); !errors.Is(err, nal.ErrTooMany) {
			t.Errorf("%v", err)
		}
	})
	t.Run("second slice first", func(t *testing.T) {
		var a Assembler
		p := firstPictures(t, "baseline.h264", 2)
		mustAssemble(t, &a, p[0])
		if _, err := a.Assemble(only(p[1], UnitSlice)[1:]); !errors.Is(err, nal.ErrCorrupt) {
			t.Errorf("%v", err)
		}
	})
}

func mustAssemble(t testing.TB, a *Assembler, units [][]byte) codec.AccessUnit {
	t.Helper()
	au, err := a.Assemble(units)
	if err != nil {
		t.Fatal(err)
	}
	return au
}

// A camera that changes its resolution while it plays.
func TestConfigChange(t *testing.T) {
	var a Assembler
	small := firstPictures(t, "main.h264", 2)
	other := firstPictures(t, "high-b.h264", 2)
	c1 := mustAssemble(t, &a, small[0]).Config
	mustAssemble(t, &a, small[1])
	au := mustAssemble(t, &a, other[0])
	if !au.Key || au.Config == c1 || au.Config.Profile != "avc1.64000C" {
		t.Errorf("config %+v after %+v", au.Config, c1)
	}
	if au := mustAssemble(t, &a, other[1]); au.Config.Profile != "avc1.64000C" {
		t.Errorf("delta has %+v", au.Config)
	}
}

// Streams whose SPS does not tell are seen not to reorder after one GOP.
func TestLowDelayIsLearned(t *testing.T) {
	var a Assembler
	sps := makeSPS(20, 15, 0)
	pps := []byte{0x68, 0b1_1_0_0_1_1_1_0, 0x38, 0x80}
	slice := func(unit byte, kind uint32) [][]byte {
		var w nal.Writer
		w.UE(0)
		w.UE(kind)
		w.UE(0)
		w.U(0, 4) // frame_num
		if unit&31 == 5 {
			w.UE(0)
		}
		w.U(0, 4)
		w.Stop()
		return [][]byte{sps, pps, nal.Escape([]byte{unit}, append(w.Bytes(), 0xff))}
	}
	reorderOf := func(au codec.AccessUnit) Reordering {
		units, _ := nal.Split(au.Data, 10)
		s, err := ParseSPS(units[0])
		if err != nil {
			t.Fatal(err)
		}
		return s.Reorders()
	}
	gop := func(kind uint32) {
		for range settledGOP {
			mustAssemble(t, &a, slice(0x41, kind))
		}
	}
	if r := reorderOf(mustAssemble(t, &a, slice(0x65, 7))); r != ReorderUnknown {
		t.Errorf("first key: %v", r)
	}
	gop(5)
	if r := reorderOf(mustAssemble(t, &a, slice(0x65, 7))); r != ReorderNone {
		t.Errorf("second key: %v", r)
	}
	gop(6) // B
	if r := reorderOf(mustAssemble(t, &a, slice(0x65, 7))); r != ReorderUnknown {
		t.Errorf("after B slices: %v", r)
	}
}

// Display order of a GOP with B pictures must be a permutation that puts the key first.
func TestOrder(t *testing.T) {
	var a Assembler
	var gop []int
	for units := range Pictures(readClip(t, "high-b.h264")) {
		au := mustAssemble(t, &a, units)
		seq, n, known := a.Order()
		if !known || seq != 1 && !au.Key {
			t.Fatalf("order known %v in sequence %d", known, seq)
		}
		if au.Key {
			if len(gop) > 0 {
				break
			}
			if n != 0 {
				t.Fatalf("key has order %d", n)
			}
		}
		gop = append(gop, n)
	}
	if slices.IsSorted(gop) {
		t.Errorf("B pictures in order: %v", gop)
	}
	if !a.Reorders() {
		t.Error("does not report that it reorders")
	}
	slices.Sort(gop)
	for i, n := range gop {
		if n != 2*i {
			t.Fatalf("orders %v", gop)
		}
	}
}

func TestRecoveryPoint(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want bool
	}{
		{"0606010480", true},
		{"060502abcd06010480", true},
		{"06050fabcd06010480", false},
		{"06ffffffff", false},
		{"06ff", false},
		{"06", false},
		{"0606", false},
		{"09f0", false},
	} {
		if got := RecoveryPoint(unhex(t, tt.in)); got != tt.want {
			t.Errorf("%s: %v", tt.in, got)
		}
	}
}

func TestNames(t *testing.T) {
	s := SPS{ProfileIDC: 66, Constraints: 0xd0, LevelIDC: 11}
	if s.ProfileName() != "Constrained Baseline" || s.Level() != "1b" || s.Profile() != "avc1.42D00B" {
		t.Errorf("%s %s %s", s.ProfileName(), s.Level(), s.Profile())
	}
	s = SPS{ProfileIDC: 100, LevelIDC: 41}
	if s.ProfileName() != "High" || s.Level() != "4.1" {
		t.Errorf("%s %s", s.ProfileName(), s.Level())
	}
}
