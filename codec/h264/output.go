package h264

import "github.com/sealcam/sealcam/codec"

// Colour says how the samples are meant, as in Annex E of the standard and in ISO/IEC 23091-2.
type Colour struct {
	Primaries, Transfer, Matrix uint8 // 2 means unspecified
	FullRange                   bool
}

// IsBT709 reports whether the samples of a picture of this height are to be read by the matrix of BT.709, and not by that of BT.601
// (matrix_coefficients, Table E-5). Where the stream does not say, players take BT.709 for high definition and BT.601 below.
func (c Colour) IsBT709(height int) bool {
	return c.Matrix == 1 || c.Matrix != 5 && c.Matrix != 6 && height >= 720
}

var unspecifiedColour = Colour{Primaries: 2, Transfer: 2, Matrix: 2}

// Picture is a decoded picture, cropped: 8-bit 4:2:0. Its planes belong to the decoder: they are valid, and must not be changed, until the
// function that received the Picture returns.
type Picture struct {
	Y, Cb, Cr             []byte // first sample at index 0
	YStride, ChromaStride int    // bytes from one row to the next
	Width, Height         int    // of Y; the chroma planes have half of each
	Captured              codec.Timestamp
	Colour                Colour
	Key                   bool // coded without reference to earlier pictures
	Damaged               bool // parts are missing and were replaced, or refer to such a picture
}

type outputQueue struct {
	last    int32 // order of the last picture delivered
	any     bool
	reorder int // pictures to hold back, learnt with LowDelay
}

// deliver hands f to out.
func (d *Decoder) deliver(f *frame, out func(*Picture)) {
	f.needed = false
	if out == nil || f.nonExisting {
		return
	}
	s := f.sps
	w, h := s.mbWidth*16, s.mbHeight*16
	p := &d.pic
	*p = Picture{
		Y:            f.y[s.cropTop*w+s.cropLeft : w*h],
		Cb:           f.cb[s.cropTop/2*(w/2)+s.cropLeft/2 : w*h/4],
		Cr:           f.cr[s.cropTop/2*(w/2)+s.cropLeft/2 : w*h/4],
		YStride:      w,
		ChromaStride: w / 2,
		Width:        w - s.cropLeft - s.cropRight,
		Height:       h - s.cropTop - s.cropBottom,
		Captured:     f.captured,
		Colour:       s.colour,
		Key:          f.key,
		Damaged:      f.damaged,
	}
	out(p)
}

// order is PicOrderCnt of a frame store: of the fields that it has.
func (f *frame) order() int32 {
	switch f.coded {
	case topField:
		return f.poc[0]
	case bottomField:
		return f.poc[1]
	}
	return min(f.poc[0], f.poc[1])
}

// nextOutput returns the frame that is next in output order, or nil, and how many wait.
func (d *Decoder) nextOutput() (*frame, int) {
	var best *frame
	n := 0
	for _, f := range d.frames {
		if !f.needed || f == d.cur {
			continue
		}
		n++
		if best == nil || f.epoch < best.epoch || f.epoch == best.epoch && f.order() < best.order() {
			best = f
		}
	}
	return best, n
}

// bump delivers the next picture in output order (clause C.4.5.3). It reports whether there was one.
func (d *Decoder) bump(out func(*Picture)) bool {
	f, _ := d.nextOutput()
	if f == nil {
		return false
	}
	d.deliver(f, out)
	return true
}

// outputDue delivers what needs not wait: with max_num_reorder_frames (clause E.2.1) or LowDelay, pictures beyond those that may still be
// preceded by a later one.
func (d *Decoder) outputDue(out func(*Picture)) {
	hold := d.active.dpbFrames
	if d.active.reorderKnown {
		hold = d.active.reorderFrames
	} else if d.active.pocType == 2 { // output order is decoding order (clause 8.2.1.3)
		hold = 0
	} else if d.opt.LowDelay {
		hold = d.out.reorder
	}
	for {
		f, n := d.nextOutput()
		if n <= hold || f == nil {
			return
		}
		if d.opt.LowDelay && d.out.any && f.epoch == d.lastEpoch && f.order() < d.out.last {
			d.out.reorder = min(d.out.reorder+1, d.active.dpbFrames) // it came too late: hold one more from now on
		}
		d.out.last, d.out.any, d.lastEpoch = f.order(), true, f.epoch
		d.deliver(f, out)
	}
}

func (d *Decoder) flushOutput(out func(*Picture)) {
	for d.bump(out) {
	}
}
