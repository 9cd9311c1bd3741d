package h265

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

func pictures(t testing.TB, name string) [][][]byte {
	var out [][][]byte
	for units := range Pictures(readClip(t, name)) {
		out = append(out, slices.Clone(units))
	}
	return out
}

func only(units [][]byte, keep func(UnitType) bool) [][]byte {
	var out [][]byte
	for _, u := range units {
		if keep(TypeOf(u)) {
			out = append(out, u)
		}
	}
	return out
}

func mustAssemble(t testing.TB, a *Assembler, units [][]byte) codec.AccessUnit {
	t.Helper()
	au, err := a.Assemble(units)
	if err != nil {
		t.Fatal(err)
	}
	return au
}

// checkPicture fails unless an access unit holds slices, and parameter sets exactly when it is a key picture.
func checkPicture(t *testing.T, au codec.AccessUnit) {
	t.Helper()
	units, err := nal.Split(au.Data, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if au.Key && (len(units) < 4 || TypeOf(units[0]) != UnitVPS || TypeOf(units[1]) != UnitSPS || TypeOf(units[2]) != UnitPPS) {
		t.Fatal("key without parameter sets")
	}
	last := TypeOf(units[len(units)-1])
	if !last.picture() || last.irap() != au.Key {
		t.Fatalf("key %v ends with unit type %d", au.Key, last)
	}
	for _, u := range units {
		if ty := TypeOf(u); !ty.picture() && (ty < UnitVPS || ty > UnitPPS) {
			t.Fatalf("needless unit of type %d", ty)
		}
	}
}

func TestClips(t *testing.T) {
	for _, tt := range []struct {
		name, profile  string
		pictures, keys int
		reorders       bool
	}{
		{"main.h265", "hev1.1.6.L60.90", 60, 4, false},
		{"b.h265", "hev1.1.6.L60.90", 60, 2, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a Assembler
			var n, keys int
			var orders []int
			for units := range Pictures(readClip(t, tt.name)) {
				au := mustAssemble(t, &a, units)
				checkPicture(t, au)
				if au.Config != (codec.Config{Codec: codec.H265, Width: 320, Height: 240, Profile: tt.profile}) {
					t.Fatalf("%+v", au.Config)
				}
				if _, err := au.Config.AppendBinary(nil); err != nil {
					t.Fatal(err)
				}
				if au.Key {
					keys++
				}
				seq, count, _ := a.Order()
				orders = append(orders, seq*1000+count)
				n++
			}
			s := a.SPS()
			if n != tt.pictures || keys != tt.keys || a.Reorders() != tt.reorders || s.Reorders() != tt.reorders {
				t.Errorf("%d pictures, %d keys, reorders %v, SPS %v", n, keys, a.Reorders(), s.Reorders())
			}
			if slices.IsSorted(orders) == tt.reorders {
				t.Errorf("orders %v", orders)
			}
			slices.Sort(orders)
			if len(slices.Compact(orders)) != n {
				t.Errorf("orders not unique: %v", orders)
			}
			if math.Abs(s.FrameRate-15) > 0.01 || s.ProfileName() != "Main" || s.Level() != "2.0" || s.BitDepth != 8 {
				t.Errorf("rate %v, %s level %s", s.FrameRate, s.ProfileName(), s.Level())
			}
		})
	}
}

// The examples of ISO/IEC 14496-15 Annex E and of cameras.
func TestProfileString(t *testing.T) {
	for _, tt := range []struct {
		sps  SPS
		want string
	}{
		{SPS{ProfileIDC: 1, Compatibility: 0x60000000, LevelIDC: 93, Constraints: [6]byte{0xb0}}, "hev1.1.6.L93.B0"},
		{SPS{ProfileIDC: 2, Compatibility: 0x20000000, HighTier: true, LevelIDC: 150, Constraints: [6]byte{0x90, 0, 1}}, "hev1.2.4.H150.90.0.1"},
		{SPS{ProfileSpace: 1, ProfileIDC: 1, Compatibility: 0x60000000, LevelIDC: 120}, "hev1.A1.6.L120"},
		{SPS{ProfileSpace: 3, ProfileIDC: 31, Compatibility: 0xffffffff, LevelIDC: 255, HighTier: true, Constraints: [6]byte{255, 255, 255, 255, 255, 255}}, "hev1.C31.FFFFFFFF.H255.FF.FF.FF.FF.FF.FF"},
	} {
		if got := tt.sps.Profile(); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
		if got := tt.sps.ProfileHVC1(); got[:4] != "hvc1" || got[4:] != tt.want[4:] {
			t.Errorf("hvc1 form is %s", got)
		}
		if len(tt.sps.Profile()) > codec.MaxProfile {
			t.Errorf("%s is too long", tt.want)
		}
	}
}

func TestParseSPSRefuses(t *testing.T) {
	var good []byte
	for _, u := range pictures(t, "main.h265")[0] {
		if TypeOf(u) == UnitSPS {
			good = u
		}
	}
	for _, tt := range []struct {
		name string
		in   []byte
		err  error
	}{
		{"empty", nil, nal.ErrCorrupt},
		{"one byte", []byte{0x42}, nal.ErrCorrupt},
		{"header only", []byte{0x42, 1}, nal.ErrTruncated},
		{"cut in the profile", good[:8], nal.ErrTruncated},
		{"cut in the size", good[:18], nal.ErrTruncated},
		{"another layer", append([]byte{0x42, 0x09}, good[2:]...), nal.ErrCorrupt},
		{"temporal id 0 is forbidden", append([]byte{0x42, 0}, good[2:]...), nal.ErrCorrupt},
		{"too long", append([]byte{0x42, 1}, make([]byte, 5000)...), nal.ErrTooLarge},
		{"seven sub-layers", append([]byte{0x42, 1, 0x0f}, good[3:]...), nal.ErrCorrupt},
		{"zeros", append([]byte{0x42, 1}, make([]byte, 60)...), nal.ErrCorrupt},
	} {
		if _, err := ParseSPS(tt.in); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
}

// A set predicted from { -1, -2 } with difference -1, as (7-61) computes it: -1 itself, -2, -3.
func TestPredictSet(t *testing.T) {
	var w nal.Writer
	w.U(1, 1) // sign: negative
	w.UE(0)   // difference 1
	w.U(0b111, 3)
	w.Stop()
	before, after := predictSet(nal.NewReader(w.Bytes()), []int64{-1, -2}, nil)
	if !slices.Equal(before, []int64{-1, -2, -3}) || len(after) != 0 {
		t.Errorf("got %v %v", before, after)
	}
	// From { -4 }, { 2 } with difference 2: -2 before; 2 and 4 after. With the picture at 2 left out: 4 is gone.
	w = nal.Writer{}
	w.U(0, 1)
	w.UE(1)
	w.U(0b1, 1)  // -4 → -2
	w.U(0b00, 2) // 2 → 4 not used
	w.U(0b1, 1)  // the reference itself → 2
	w.Stop()
	before, after = predictSet(nal.NewReader(w.Bytes()), []int64{-4}, []int64{2})
	if !slices.Equal(before, []int64{-2}) || !slices.Equal(after, []int64{2}) {
		t.Errorf("got %v %v", before, after)
	}
}

func TestAssemblerRefuses(t *testing.T) {
	pics := pictures(t, "main.h265") // keys at 0, 15, 30, 45
	isSlice := func(u UnitType) bool { return u.picture() }
	t.Run("delta first", func(t *testing.T) {
		var a Assembler
		if _, err := a.Assemble(pics[1]); !errors.Is(err, nal.ErrParameters) {
			t.Errorf("%v", err)
		}
		a.Assemble(only(pics[0], func(u UnitType) bool { return !u.picture() }))
		if _, err := a.Assemble(pics[1]); !errors.Is(err, nal.ErrWaiting) {
			t.Errorf("%v", err)
		}
	})
	t.Run("parameters from outside", func(t *testing.T) {
		var a Assembler
		if _, err := a.Assemble(only(pics[0], isSlice)); !errors.Is(err, nal.ErrParameters) {
			t.Errorf("%v", err)
		}
		for _, u := range only(pics[0], func(u UnitType) bool { return u >= UnitVPS && u <= UnitPPS }) {
			if err := a.Learn(u); err != nil {
				t.Fatal(err)
			}
		}
		checkPicture(t, mustAssemble(t, &a, only(pics[0], isSlice)))
		if err := a.Learn([]byte{0x4e, 1, 0}); !errors.Is(err, nal.ErrCorrupt) {
			t.Errorf("SEI as parameter set: %v", err)
		}
	})
	t.Run("loss", func(t *testing.T) {
		var a Assembler
		mustAssemble(t, &a, pics[0])
		a.Interrupt()
		if _, err := a.Assemble(pics[2]); !errors.Is(err, nal.ErrWaiting) {
			t.Errorf("%v", err)
		}
		mustAssemble(t, &a, pics[15])
		mustAssemble(t, &a, pics[16])
	})
	t.Run("broken slices", func(t *testing.T) {
		var a Assembler
		for _, bad := range [][]byte{{0x02, 1, 0x80}, {0x02, 1, 0xff}, {0x26, 1}, {0x02, 1, 0x00, 0xff}, {0x26, 2, 0xaf, 0xff}} {
			mustAssemble(t, &a, pics[0])
			if _, err := a.Assemble([][]byte{bad}); err == nil || errors.Is(err, nal.ErrNoPicture) {
				t.Errorf("%x: %v", bad, err)
			}
			if _, err := a.Assemble(pics[1]); !errors.Is(err, nal.ErrWaiting) {
				t.Errorf("%x: goes on: %v", bad, err)
			}
		}
	})
	t.Run("nothing to show", func(t *testing.T) {
		var a Assembler
		mustAssemble(t, &a, pics[0])
		if _, err := a.Assemble([][]byte{{0x46, 1, 0x10}}); !errors.Is(err, nal.ErrNoPicture) {
			t.Errorf("%v", err)
		}
		mustAssemble(t, &a, pics[1])
	})
	t.Run("too large", func(t *testing.T) {
		var a Assembler
		mustAssemble(t, &a, pics[0])
		huge := append(bytes.Clone(only(pics[1], isSlice)[0]), make([]byte, codec.MaxAccessUnit)...)
		if _, err := a.Assemble([][]byte{huge}); !errors.Is(err, nal.ErrTooLarge) {
			t.Errorf("%v", err)
		}
		if _, err := a.Assemble(make([][]byte, maxUnits+1)); !errors.Is(err, nal.ErrTooMany) {
			t.Errorf("%v", err)
		}
	})
}

// Leading pictures that need what came before a CRA picture are passed over when decoding starts at it, and only then.
func TestLeadingPictures(t *testing.T) {
	pics := pictures(t, "b.h265")
	var cra int
	for i, units := range pics {
		if len(only(units, func(u UnitType) bool { return u == UnitCRA })) > 0 {
			cra = i
		}
	}
	rasl := func(units [][]byte) bool {
		return len(only(units, func(u UnitType) bool { return u.rasl() })) > 0
	}
	if cra == 0 || !rasl(pics[cra+1]) {
		t.Fatal("the clip has no CRA picture with leading pictures")
	}
	var whole, late Assembler
	for _, units := range pics {
		mustAssemble(t, &whole, units)
	}
	// The parameter sets stand before each key picture of this clip.
	skipped := 0
	for i, units := range pics[cra:] {
		_, err := late.Assemble(units)
		if rasl(units) {
			skipped++
			if !errors.Is(err, nal.ErrNoPicture) {
				t.Errorf("leading picture %d: %v", i, err)
			}
		} else if err != nil {
			t.Errorf("picture %d: %v", i, err)
		}
	}
	if skipped == 0 {
		t.Error("nothing skipped")
	}
}

func needSeeds(f *testing.F, name string) {
	f.Helper()
	seeds, err := os.ReadDir("testdata/fuzz/" + name)
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds for %s: %v", name, err)
	}
}

func FuzzParseSPS(f *testing.F) {
	needSeeds(f, "FuzzParseSPS")
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSPS(b)
		if err != nil {
			return
		}
		if s.Width < 1 || s.Height < 1 || s.Width > codec.MaxWidth || s.Height > codec.MaxHeight || s.FrameRate > 300 {
			t.Fatalf("%+v", s)
		}
		if _, err := s.Config().AppendBinary(nil); err != nil {
			t.Fatalf("%s: %v", hex.EncodeToString(b), err)
		}
	})
}

// Any byte stream goes through the assembler; what comes out must hold to its promises.
func FuzzAssembler(f *testing.F) {
	needSeeds(f, "FuzzAssembler")
	f.Fuzz(func(t *testing.T, b []byte) {
		var a Assembler
		started := false
		for units := range Pictures(b) {
			au, err := a.Assemble(units)
			if err != nil {
				continue
			}
			if !started && !au.Key {
				t.Fatal("starts with a delta")
			}
			started = true
			if len(au.Data) > codec.MaxAccessUnit {
				t.Fatalf("%d bytes", len(au.Data))
			}
			if _, err := au.Config.AppendBinary(nil); err != nil {
				t.Fatal(err)
			}
			checkPicture(t, au)
		}
	})
}
