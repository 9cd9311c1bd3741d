package h264

import (
	"fmt"
	"math/rand/v2"
)

// recipe says what kind of stream to make.
type recipe struct {
	name          string
	width, height int // macroblocks
	interlaced    bool
	mbaff         bool
	fields        int // of 100: chance that a picture is coded as fields
	bFrames       bool
	temporal      bool
	direct8x8     bool
	weighted      bool
	bipred        int
	t8x8          bool
	cip           bool
	refs          int
	single        bool // one slice a picture
	modify        bool
	long          bool
	pocType       int
	bRef          bool
	scaling       bool
	cavlc         bool
	reset         bool // now and then memory_management_control_operation 5
	multiRefB     bool
}

type genStream struct {
	r        recipe
	g        *generator
	d        *Decoder
	out      []byte
	frameNum uint32
	rng      *rand.Rand
	didReset bool
	marks    []int // dec_ref_pic_marking of the current picture
}

const genLog2FrameNum = 6

func (s *genStream) add(nal []byte) {
	s.out = append(s.out, nal...)
}

func (s *genStream) params() {
	r := s.r
	w := &bitWriter{}
	w.u(8, 100)
	w.u(8, 0)
	w.u(8, 40)
	w.ue(0)
	w.ue(1) // 4:2:0
	w.ue(0)
	w.ue(0)
	w.bit(0)
	w.flag(r.scaling)
	if r.scaling {
		for i := 0; i < 8; i++ {
			n := 16
			if i >= 6 {
				n = 64
			}
			switch s.rng.IntN(3) {
			case 0:
				w.bit(0)
			case 1:
				w.bit(1)
				w.se(-8) // default
			case 2:
				w.bit(1)
				last := 8
				for j := 0; j < n; j++ {
					v := 10 + s.rng.IntN(20)
					w.se(int32(v - last))
					last = v
				}
			}
		}
	}
	w.ue(genLog2FrameNum - 4)
	w.ue(uint32(r.pocType))
	if r.pocType == 0 {
		w.ue(4) // 8 bits
	} else if r.pocType == 1 {
		w.bit(0)
		w.se(0)
		w.se(1)
		w.ue(1)
		w.se(4)
	}
	w.ue(uint32(r.refs))
	w.bit(0)
	w.ue(uint32(r.width - 1))
	h := r.height
	if r.interlaced {
		h /= 2
	}
	w.ue(uint32(h - 1))
	w.flag(!r.interlaced)
	if r.interlaced {
		w.flag(r.mbaff)
	}
	w.flag(r.direct8x8)
	w.bit(0)
	w.bit(1) // VUI
	w.u(4, 0)
	w.bit(0)
	w.bit(0)
	w.bit(0)
	w.bit(0)
	w.bit(1) // bitstream restriction
	w.bit(1)
	w.ue(0)
	w.ue(0)
	w.ue(10)
	w.ue(10)
	w.ue(2)
	w.ue(uint32(max(r.refs, 2)))
	s.add(escape(0x67, w.trailing()))

	w = &bitWriter{}
	w.ue(0)
	w.ue(0)
	w.flag(!r.cavlc)
	w.bit(1) // bottom_field_pic_order_in_frame_present_flag
	w.ue(0)
	w.ue(0)
	w.ue(0)
	w.flag(r.weighted)
	w.u(2, uint32(r.bipred))
	w.se(0)
	w.se(0)
	w.se(-2)
	w.bit(1)
	w.flag(r.cip)
	w.bit(0)
	w.flag(r.t8x8)
	w.bit(0)
	w.se(3)
	s.add(escape(0x68, w.trailing()))
	for b := s.out; len(b) > 0; {
		var nal []byte
		nal, b = nextNAL(b)
		if err := s.d.nal(nal, nil); err != nil {
			panic(err)
		}
	}
}

// picture makes one frame or field, in one or several slices. It reports a failure of the decoder that it drives.
func (s *genStream) picture(kind uint8, structure uint8, idr, ref bool, poc int32) error {
	d, g := s.d, s.g
	n := s.r.width * s.r.height
	if structure != wholeFrame {
		n /= 2
	}
	mbaff := s.r.mbaff && structure == wholeFrame
	for first := 0; first < n; {
		w := &bitWriter{}
		if mbaff {
			w.ue(uint32(first / 2))
		} else {
			w.ue(uint32(first))
		}
		k := kind
		if kind != sliceI && s.rng.IntN(8) == 0 && first > 0 {
			k = sliceI
		}
		w.ue(uint32(k))
		w.ue(0)
		w.u(genLog2FrameNum, s.frameNum)
		if s.r.interlaced {
			w.flag(structure != wholeFrame)
			if structure != wholeFrame {
				w.flag(structure == bottomField)
			}
		}
		if idr {
			w.ue(0)
		}
		switch s.r.pocType {
		case 0:
			w.u(8, uint32(poc)&255)
			if structure == wholeFrame {
				w.se(1)
			}
		case 1:
			w.se(0)
			if structure == wholeFrame {
				w.se(0)
			}
		}
		if k == sliceB {
			w.flag(!s.r.temporal)
		}
		refs := [2]int{}
		if k != sliceI {
			avail := s.available(structure)
			refs[0] = avail
			if kind == sliceP || !s.r.temporal {
				lim := 2
				if structure != wholeFrame {
					lim = 4
				}
				refs[0] = min(avail, lim)
				if s.rng.IntN(3) == 0 && !s.r.temporal {
					refs[0] = 1 + s.rng.IntN(avail)
				}
			}
			w.bit(1)
			w.ue(uint32(refs[0] - 1))
			if k == sliceB {
				refs[1] = 1
				if s.r.multiRefB {
					refs[1] = 1 + s.rng.IntN(avail)
				}
				w.ue(uint32(refs[1] - 1))
			}
			for l := 0; l < 2 && refs[l] > 0; l++ {
				s.modification(w, structure, refs[l], l, k)
			}
			if k == sliceP && s.r.weighted || k == sliceB && s.r.bipred == 1 {
				w.ue(uint32(s.rng.IntN(6)))
				w.ue(uint32(s.rng.IntN(6)))
				for l := 0; l < 2; l++ {
					for i := 0; i < refs[l]; i++ {
						for p, c := range [2]int{1, 2} {
							_ = p
							f := s.rng.IntN(2)
							w.bit(f)
							for j := 0; j < c && f == 1; j++ {
								w.se(int32(s.rng.IntN(60) - 20))
								w.se(int32(s.rng.IntN(40) - 20))
							}
						}
					}
				}
			}
		}
		if ref {
			if idr {
				w.bit(0)
				w.bit(0)
			} else {
				s.marking(w, structure)
			}
		}
		if k != sliceI && !s.r.cavlc {
			w.ue(uint32(s.rng.IntN(3)))
		}
		w.se(int32(s.rng.IntN(52) - 26)) // slice_qp_delta: the contexts' initial states depend on it
		dis := []uint32{0, 0, 1, 2}[s.rng.IntN(4)]
		if dis == 2 && structure != wholeFrame {
			dis = 0 // FFmpeg 5.1 then predicts intra blocks of fields from a filtered corner sample
		}
		w.ue(dis)
		if dis != 1 {
			w.se(int32(s.rng.IntN(5) - 2))
			w.se(int32(s.rng.IntN(5) - 2))
		}
		head := byte(1)
		if idr {
			head = 5
		}
		if ref {
			head |= 0x60
		}
		if s.r.cavlc {
			// The decoder reads random bits, of which the generator rewrites some.
			for w.n != 0 || len(w.b) < n*1000+4000 {
				w.u(8, uint32(1+s.rng.IntN(255)))
				if len(w.b) >= n*1000+4000 {
					break
				}
			}
			d.r.tap = g
			err := d.nal(escape(head, w.b)[4:], nil)
			if err != nil {
				return fmt.Errorf("first %d kind %d structure %d: %w", first, k, structure, err)
			}
			cut := &bitWriter{}
			for i := 0; i < d.r.pos; i++ {
				cut.bit(int(d.r.buf[i>>3] >> (7 - i&7) & 1))
			}
			s.add(escape(head, cut.trailing()))
			first = d.mb.addr + 1
			continue
		}
		// The decoder parses the header and then asks for bins.
		probe := *w
		probe.b = append([]byte(nil), w.b...)
		nal := escape(head, append(probe.trailing(), 0x80))[4:]
		for w.n != 0 {
			w.bit(1)
		}
		g.w = w
		g.start()
		g.endSet, g.pcmNext = false, false
		if err := d.nal(nal, nil); err != nil {
			return fmt.Errorf("first %d kind %d structure %d: %w", first, k, structure, err)
		}
		for w.n != 0 {
			w.bit(0)
		}
		s.add(escape(head, w.b))
		first = d.mb.addr + 1
	}
	d.finishPicture(nil)
	return nil
}

func (s *genStream) available(structure uint8) int {
	n := 0
	for _, f := range s.d.frames {
		if structure == wholeFrame {
			if f.short == wholeFrame || f.long == wholeFrame {
				n++
			}
			continue
		}
		m := f.short | f.long
		n += int(m&1 + m>>1)
	}
	return n
}

// modification writes ref_pic_list_modification with pictures that exist.
func (s *genStream) modification(w *bitWriter, structure uint8, refs, l int, kind uint8) {
	if !s.r.modify || s.rng.IntN(2) == 0 || kind == sliceB && s.r.temporal {
		w.bit(0)
		return
	}
	w.bit(1)
	type cand struct {
		num  int32
		long bool
	}
	var cs []cand
	maxNum := int32(1) << genLog2FrameNum
	cur := int32(s.frameNum)
	for _, f := range s.d.frames {
		wrap := f.frameNum
		if wrap > cur {
			wrap -= maxNum
		}
		if structure == wholeFrame {
			if f.short == wholeFrame {
				cs = append(cs, cand{wrap, false})
			}
			if f.long == wholeFrame {
				cs = append(cs, cand{f.longIdx, true})
			}
			continue
		}
		for _, p := range []uint8{1, 2} {
			same := int32(0)
			if p == structure {
				same = 1
			}
			if f.short&p != 0 {
				cs = append(cs, cand{2*wrap + same, false})
			}
			if f.long&p != 0 {
				cs = append(cs, cand{2*f.longIdx + same, true})
			}
		}
	}
	pred := cur
	maxPic := maxNum
	if structure != wholeFrame {
		pred = 2*cur + 1
		maxPic *= 2
	}
	for i := 0; i < 1+s.rng.IntN(refs); i++ {
		c := cs[s.rng.IntN(len(cs))]
		if c.long {
			w.ue(2)
			w.ue(uint32(c.num))
			continue
		}
		diff := c.num - pred
		for diff < 0 {
			diff += maxPic
		}
		if diff == 0 {
			diff = maxPic
		}
		if s.rng.IntN(2) == 0 || diff == maxPic {
			w.ue(1)
			w.ue(uint32(diff - 1))
		} else {
			w.ue(0)
			w.ue(uint32(maxPic - diff - 1))
		}
		pred = c.num
		if pred < 0 {
			pred += maxPic
		}
	}
	w.ue(3)
}

// marking writes dec_ref_pic_marking: now and then a reference becomes a long-term one. Both fields of a frame are converted together.
func (s *genStream) marking(w *bitWriter, structure uint8) {
	if !s.r.long && !s.r.reset {
		w.bit(0)
		return
	}
	if !s.d.inPic { // every slice of a picture carries the same
		m := &bitWriter{}
		s.genMarking(m, structure)
		s.marks = nil
		for i := 0; i < len(m.b)*8-int(8-m.n)&7; i++ {
			s.marks = append(s.marks, int(m.b[i/8]>>(7-i%8)&1))
		}
	}
	for _, b := range s.marks {
		w.bit(b)
	}
}

func (s *genStream) genMarking(w *bitWriter, structure uint8) {
	if s.r.reset && structure == wholeFrame && s.rng.IntN(4) == 0 {
		w.bit(1)
		w.ue(5)
		w.ue(0)
		s.didReset = true
		return
	}
	if !s.r.long {
		w.bit(0)
		return
	}
	d := s.d
	second := d.cur != nil && structure != wholeFrame && d.cur.coded == wholeFrame-structure && d.cur.frameNum == int32(s.frameNum)
	if second {
		w.bit(0)
		return
	}
	// The oldest short-term frame, if both its fields are marked.
	var f *frame
	for _, x := range d.frames {
		if x.short == wholeFrame && (f == nil || x.wrapFor(int32(s.frameNum)) < f.wrapFor(int32(s.frameNum))) {
			f = x
		}
	}
	if f == nil || s.rng.IntN(3) != 0 || d.countMarked() < s.r.refs-1 {
		w.bit(0)
		return
	}
	w.bit(1)
	w.ue(4)
	w.ue(1 + 1)
	idx := uint32(s.rng.IntN(2))
	cur := int32(s.frameNum)
	wrap := f.wrapFor(cur)
	if structure == wholeFrame {
		w.ue(3)
		w.ue(uint32(cur - wrap - 1))
		w.ue(idx)
	} else {
		for _, same := range []int32{1, 0} {
			w.ue(3)
			w.ue(uint32(2*cur + 1 - (2*wrap + same) - 1))
			w.ue(idx)
		}
	}
	// Make room as the sliding window would have.
	n := 0
	var old *frame
	for _, x := range d.frames {
		if x == f || x.marked() == 0 || x.long != 0 && x.longIdx == int32(idx) {
			continue
		}
		n++
		if x.short == wholeFrame && (old == nil || x.wrapFor(cur) < old.wrapFor(cur)) {
			old = x
		}
	}
	if n+1 >= s.r.refs && old != nil {
		wrap := old.wrapFor(cur)
		if structure == wholeFrame {
			w.ue(1)
			w.ue(uint32(cur - wrap - 1))
		} else {
			for _, same := range []int32{1, 0} {
				w.ue(1)
				w.ue(uint32(2*cur + 1 - (2*wrap + same) - 1))
			}
		}
	}
	w.ue(0)
}

func (f *frame) wrapFor(cur int32) int32 {
	if f.frameNum > cur {
		return f.frameNum - 1<<genLog2FrameNum
	}
	return f.frameNum
}

// frame makes a frame as one picture or two fields.
func (s *genStream) frame(kind uint8, idr, ref bool, poc int32) error {
	if s.r.interlaced && s.rng.IntN(100) < s.r.fields {
		if err := s.picture(kind, topField, idr, ref, poc); err != nil {
			return err
		}
		if idr && s.rng.IntN(2) == 0 {
			kind = sliceP
		}
		return s.picture(kind, bottomField, false, ref, poc+1)
	}
	return s.picture(kind, wholeFrame, idr, ref, poc)
}

func generate(r recipe, seed uint64, frames int) ([]byte, error) {
	d := NewDecoder(Options{MaxPictures: -1})
	rng := rand.New(rand.NewPCG(seed, 1))
	g := &generator{d: d, rng: rng, sparse: 50 + rng.IntN(45), single: r.single}
	if !r.cavlc {
		d.c.tap = g
	}
	s := &genStream{r: r, g: g, d: d, rng: rng}
	s.params()
	poc := int32(0)
	for i := 0; i < frames; i++ {
		idr := i == 0
		s.frameNum &= 1<<genLog2FrameNum - 1
		kind := uint8(sliceP)
		if idr || rng.IntN(12) == 0 {
			kind = sliceI
		}
		step := int32(2)
		if r.bFrames && !idr {
			step = 6
		}
		if !idr {
			poc += step
			s.frameNum = (s.frameNum + 1) & (1<<genLog2FrameNum - 1)
		}
		if err := s.frame(kind, idr, true, poc); err != nil {
			return s.out, err
		}
		if s.didReset { // the next frame_num and order count follow 0
			s.didReset = false
			s.frameNum, poc = 0, 0
		}
		if !r.bFrames || idr {
			continue
		}
		if r.pocType != 0 {
			continue
		}
		for k, p := range []int32{poc - 4, poc - 2} {
			ref := r.bRef && k == 0
			s.frameNum = (s.frameNum + 1) & (1<<genLog2FrameNum - 1)
			if err := s.frame(sliceB, false, ref, p); err != nil {
				return s.out, err
			}
			if !ref {
				s.frameNum = (s.frameNum - 1) & (1<<genLog2FrameNum - 1)
			}
		}
	}
	return s.out, nil
}
