package h264

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"github.com/sealcam/sealcam/codec"
)

var plain = recipe{name: "plain", width: 6, height: 5, t8x8: true, direct8x8: true, refs: 2, single: true}

// units makes a stream and divides it into access units of one picture each.
func units(t testing.TB, r recipe, seed uint64, frames int) [][]byte {
	t.Helper()
	data, err := generate(r, seed, frames)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	var unit []byte
	for len(data) > 0 {
		var nal []byte
		nal, data = nextNAL(data)
		unit = append(append(unit, 0, 0, 1), nal...)
		if k := nal[0] & 31; k == 1 || k == 5 {
			out = append(out, unit)
			unit = nil
		}
	}
	return out
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	for _, r := range []recipe{plain, {width: 4, height: 8, interlaced: true, mbaff: true, fields: 30, t8x8: true, direct8x8: true, bFrames: true, refs: 4, multiRefB: true, single: true}} {
		us := units(t, r, 7, 12)
		d := NewDecoder(Options{})
		n := 0
		out := func(*Picture) { n++ }
		decode := func() {
			for _, u := range us {
				if err := d.Decode(codec.AccessUnit{Data: u}, out); err != nil {
					t.Fatal(err)
				}
			}
			d.Flush(out)
		}
		decode()
		if a := testing.AllocsPerRun(5, decode); a != 0 {
			t.Errorf("%d access units took %v allocations", len(us), a)
		}
		if n == 0 {
			t.Error("no pictures")
		}
	}
}

func TestCapturedAndGeometry(t *testing.T) {
	d := NewDecoder(Options{LowDelay: true})
	var got []codec.Timestamp
	for i, u := range units(t, plain, 1, 5) {
		err := d.Decode(codec.AccessUnit{Data: u, Captured: codec.Timestamp(1000 * i)}, func(p *Picture) {
			if p.Key != (len(got) == 0) {
				t.Errorf("picture %d: key is %v", len(got), p.Key)
			}
			got = append(got, p.Captured)
			if p.Width != 96 || p.Height != 80 || p.YStride < p.Width || p.Damaged {
				t.Errorf("picture %d: %dx%d, stride %d, damaged %v", i, p.Width, p.Height, p.YStride, p.Damaged)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	d.Flush(func(p *Picture) { got = append(got, p.Captured) })
	if len(got) != 5 || got[0] != 0 || got[4] != 4000 {
		t.Errorf("timestamps %v", got)
	}
}

// The generator's streams declare a reorder depth of 2. Without that declaration, LowDelay must not hold pictures.
func TestLowDelay(t *testing.T) {
	r := plain
	r.pocType = 2
	d := NewDecoder(Options{LowDelay: true})
	n := 0
	for i, u := range units(t, r, 3, 4) {
		d.Decode(codec.AccessUnit{Data: u}, func(*Picture) { n++ })
		if i == 0 { // forget the declaration
			s := *d.active
			s.reorderKnown = false
			*d.active = s
		}
		if i > 0 && n != i+1 {
			t.Errorf("%d pictures after access unit %d", n, i)
		}
	}
}

// A stream that reorders pictures without saying so makes LowDelay hold back as many as it was seen to need.
func TestLowDelayLearns(t *testing.T) {
	r := plain
	r.bFrames, r.refs = true, 4
	d := NewDecoder(Options{LowDelay: true})
	var order []codec.Timestamp
	for i, u := range units(t, r, 9, 6) {
		d.Decode(codec.AccessUnit{Data: u, Captured: codec.Timestamp(i)}, func(p *Picture) {
			order = append(order, p.Captured)
		})
		if i == 0 {
			s := *d.active
			s.reorderKnown = false
			*d.active = s
		}
	}
	if d.out.reorder == 0 {
		t.Error("the reordering was not noticed")
	}
	n := len(order)
	d.Flush(func(p *Picture) { order = append(order, p.Captured) })
	if n < 10 || len(order) != 16 {
		t.Errorf("%d pictures at once, %d in all", n, len(order))
	}
	// Decoding order is I P b b P b b …: at the end of the stream the b pictures come before their P picture.
	if k := len(order); order[k-1] != 13 || order[k-2] != 15 || order[k-3] != 14 {
		t.Errorf("the last pictures are %v", order[k-3:])
	}
}

func TestLostPicture(t *testing.T) {
	us := units(t, plain, 2, 6)
	more := units(t, plain, 4, 2) // starts with an IDR picture
	d := NewDecoder(Options{})
	var damaged []bool
	out := func(p *Picture) { damaged = append(damaged, p.Damaged) }
	var reported error
	for i, u := range append(us, more...) {
		if i == 3 {
			continue
		}
		if err := d.Decode(codec.AccessUnit{Data: u}, out); err != nil && reported == nil {
			reported = err
		}
	}
	d.Flush(out)
	var de *DamageError
	if !errors.Is(reported, ErrDamaged) || !errors.As(reported, &de) || de.References == 0 {
		t.Errorf("a missing reference was reported as %v", reported)
	}
	want := []bool{false, false, false, true, true, false, false}
	if len(damaged) != len(want) {
		t.Fatalf("%d pictures, want %d", len(damaged), len(want))
	}
	for i := range want {
		if damaged[i] != want[i] {
			t.Errorf("picture %d: damaged is %v", i, damaged[i])
		}
	}
}

func TestLostSliceIsConcealed(t *testing.T) {
	us := units(t, plain, 5, 3)
	var whole [][]byte
	d := NewDecoder(Options{})
	keep := func(p *Picture) {
		var b bytes.Buffer
		writePicture(&b, p)
		whole = append(whole, b.Bytes())
	}
	d.Decode(codec.AccessUnit{Data: us[0]}, keep)
	cut := us[1][:len(us[1])-len(us[1])/3]
	err := d.Decode(codec.AccessUnit{Data: cut}, keep)
	var de *DamageError
	if !errors.As(err, &de) || de.Macroblocks == 0 || de.Macroblocks >= 30 {
		t.Errorf("a cut picture was reported as %v", err)
	}
	marked := false
	d.Flush(func(p *Picture) {
		keep(p)
		marked = p.Damaged
	})
	if len(whole) != 2 || !marked {
		t.Fatalf("%d pictures, the second damaged: %v", len(whole), marked)
	}
	// What was lost at the end is what the picture before shows there.
	if n := len(whole[0]); !bytes.Equal(whole[0][n-16:], whole[1][n-16:]) {
		t.Error("the lost macroblocks are not the previous picture's")
	}
}

func TestStartsAtKeyPicture(t *testing.T) {
	us := units(t, plain, 6, 4)
	d := NewDecoder(Options{})
	n := 0
	out := func(*Picture) { n++ }
	if err := d.Decode(codec.AccessUnit{Data: us[2]}, out); !errors.Is(err, ErrDamaged) {
		t.Errorf("a picture without parameter sets: %v", err)
	}
	for _, u := range us {
		if err := d.Decode(codec.AccessUnit{Data: u}, out); err != nil {
			t.Error(err)
		}
	}
	d.Flush(out)
	if n != 4 {
		t.Errorf("%d pictures", n)
	}
	// After Flush, as after Reset, the next picture must be a key picture.
	if err := d.Decode(codec.AccessUnit{Data: us[2]}, out); !errors.Is(err, ErrDamaged) {
		t.Errorf("a picture after Flush: %v", err)
	}
	d.Reset()
	n = 0
	for _, u := range us {
		d.Decode(codec.AccessUnit{Data: u}, out)
	}
	d.Flush(out)
	if n != 4 {
		t.Errorf("%d pictures after Reset", n)
	}
}

func TestLimits(t *testing.T) {
	us := units(t, plain, 1, 2)
	for _, o := range []Options{{MaxMacroblocks: 29}, {MaxWidth: 95}, {MaxHeight: 79}} {
		var before, after runtime.MemStats
		d := NewDecoder(o)
		runtime.ReadMemStats(&before)
		err := d.Decode(codec.AccessUnit{Data: us[0]}, func(*Picture) { t.Error("a picture beyond the limits") })
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%+v: %v", o, err)
		}
		if len(d.frames) > 0 {
			t.Errorf("%+v: frame stores were taken", o)
		}
	}
	d := NewDecoder(Options{MaxPictures: 1})
	if err := d.Decode(codec.AccessUnit{Data: append(append([]byte(nil), us[0]...), us[1]...)}, nil); !errors.Is(err, errTooMany) {
		t.Errorf("two pictures where one is allowed: %v", err)
	}
	d = NewDecoder(Options{MaxMacroblocks: 100})
	if err := d.Decode(codec.AccessUnit{Data: bytes.Repeat([]byte{0, 0, 1, 9, 0x10}, 300)}, nil); !errors.Is(err, errTooMany) {
		t.Errorf("300 units where 264 are allowed: %v", err)
	}
}

func TestUnsupported(t *testing.T) {
	w := &bitWriter{}
	w.u(8, 110) // High 10
	w.u(8, 0)
	w.u(8, 40)
	w.ue(0)
	w.ue(1)
	w.ue(2) // ten bits
	w.ue(2)
	err := NewDecoder(Options{}).Decode(codec.AccessUnit{Data: escape(0x67, append(w.trailing(), 0x80))}, nil)
	if !errors.Is(err, ErrUnsupported) {
		t.Errorf("ten-bit video: %v", err)
	}
}

// Every code table must be a prefix code that leaves no more room than the standard's does.
func TestCodesArePrefixFree(t *testing.T) {
	check := func(name string, lens, codes []uint8, room float64) {
		sum := 0.0
		for i, n := range lens {
			if n == 0 {
				continue
			}
			sum += 1 / float64(uint(1)<<n)
			for j, k := range lens {
				if i != j && k >= n && codes[j]>>(k-n) == codes[i] {
					t.Errorf("%s: code %d begins code %d", name, i, j)
				}
			}
		}
		if sum > 1 || sum < 1-room {
			t.Errorf("%s: codes fill %v of the code space", name, sum)
		}
	}
	for i := range coeffTokenLen {
		check("coeff_token", coeffTokenLen[i][:], coeffTokenBits[i][:], 0.01)
	}
	check("coeff_token, chroma DC", chromaTokenLen[:], chromaTokenBits[:], 0.01)
	for i := range totalZerosLen {
		check("total_zeros", totalZerosLen[i], totalZerosBits[i], 0.01)
	}
	for i := range chromaZerosLen {
		check("total_zeros, chroma DC", chromaZerosLen[i], chromaZerosBits[i], 0)
	}
	for i := range runBeforeLen {
		check("run_before", runBeforeLen[i], runBeforeBits[i], 0)
	}
}

// The word-parallel filters against clause 8.4.2.2.1 sample by sample.
func TestLumaInterpolation(t *testing.T) {
	const stride, size = 48, 40
	src := make([]byte, stride*size+planePad)
	seed := uint32(1)
	for i := range src {
		seed = seed*1664525 + 1013904223
		src[i] = byte(seed >> 24)
		if seed>>20&7 == 0 {
			src[i] = byte(int32(seed<<12) >> 31) // extremes
		}
	}
	at := func(x, y int) int { return int(src[y*stride+x]) }
	tap := func(f func(i int) int) int { return f(-2) - 5*f(-1) + 20*f(0) + 20*f(1) - 5*f(2) + f(3) }
	c := func(v int) int { return min(max(v, 0), 255) }
	b := func(x, y int) int { return c((tap(func(i int) int { return at(x+i, y) }) + 16) >> 5) }
	h := func(x, y int) int { return c((tap(func(i int) int { return at(x, y+i) }) + 16) >> 5) }
	j := func(x, y int) int {
		return c((tap(func(k int) int { return tap(func(i int) int { return at(x+i, y+k) }) }) + 512) >> 10)
	}
	avg := func(p, q int) int { return (p + q + 1) >> 1 }
	want := func(x, y, fx, fy int) int {
		switch fy<<2 | fx {
		case 0:
			return at(x, y)
		case 1:
			return avg(at(x, y), b(x, y))
		case 2:
			return b(x, y)
		case 3:
			return avg(b(x, y), at(x+1, y))
		case 4:
			return avg(at(x, y), h(x, y))
		case 5:
			return avg(b(x, y), h(x, y))
		case 6:
			return avg(b(x, y), j(x, y))
		case 7:
			return avg(b(x, y), h(x+1, y))
		case 8:
			return h(x, y)
		case 9:
			return avg(h(x, y), j(x, y))
		case 10:
			return j(x, y)
		case 11:
			return avg(j(x, y), h(x+1, y))
		case 12:
			return avg(h(x, y), at(x, y+1))
		case 13:
			return avg(h(x, y), b(x, y+1))
		case 14:
			return avg(j(x, y), b(x, y+1))
		}
		return avg(h(x+1, y), b(x, y+1))
	}
	var d Decoder
	for _, w := range []int{4, 8, 16} {
		for f := 0; f < 16; f++ {
			dst := make([]byte, 16*16+16)
			d.lumaBlock(dst, 0, 16, src, 5*stride+7, stride, w, 16, f&3, f>>2)
			for y := 0; y < 16; y++ {
				for x := 0; x < w; x++ {
					if got, k := int(dst[y*16+x]), want(7+x, 5+y, f&3, f>>2); got != k {
						t.Fatalf("width %d, quarter %d: sample %d,%d is %d, want %d", w, f, x, y, got, k)
					}
				}
			}
		}
	}
}

// A camera that is set to another size or mode goes on with new parameter sets under the same ids.
func TestStreamChange(t *testing.T) {
	second := recipe{name: "second", width: 3, height: 6, interlaced: true, fields: 50, direct8x8: true, refs: 4, bFrames: true, single: true}
	var joined []byte
	var want []string
	for i, r := range []recipe{plain, second, plain} {
		data, err := generate(r, uint64(20+i), 4)
		if err != nil {
			t.Fatal(err)
		}
		sums, err := frameSums(data)
		if err != nil {
			t.Fatal(err)
		}
		joined = append(joined, data...)
		want = append(want, sums...)
	}
	got, err := frameSums(joined)
	if err != nil {
		t.Error(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d pictures, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("picture %d differs", i)
		}
	}
}
