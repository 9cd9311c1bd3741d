package h264

import (
	"sync"

	"github.com/sealcam/sealcam/codec"
)

// Options bound what a Decoder accepts and say how it delivers pictures. The zero value takes anything up to level 5.2.
type Options struct {
	// MaxWidth and MaxHeight bound a coded frame, in samples; 0 means 4096.
	MaxWidth, MaxHeight int
	// MaxMacroblocks bounds the macroblocks of a frame; 0 means 36864 (MaxFS of level 5.2, Table A-1).
	MaxMacroblocks int
	// MaxPictures bounds the coded pictures (a field is one) in one access unit, and with it the work that a few bytes can
	// ask for; 0 means 4, a negative value no limit, for streams that are not divided into access units.
	MaxPictures int
	// LowDelay delivers a picture as soon as it is decoded, unless the stream signals that it reorders pictures or was seen to
	// do so. Without it pictures are held as long as the standard allows the stream to make that necessary (clause C.4).
	LowDelay bool
}

type limits struct {
	width, height int
	frameMBs      int // macroblocks of a frame
	dpbMBs        int // macroblocks of all frames that are kept for reference or output (MaxDpbMbs, Table A-1)
	pictures      int
}

// Decoder decodes one H.264 byte stream (ITU-T H.264, 08/2021): Constrained Baseline, Main and High profile, 8-bit 4:2:0 and
// monochrome, progressive and interlaced, and of Baseline also flexible and arbitrary macroblock order. It must not be used by
// several goroutines at once.
//
// A slice is decoded macroblock by macroblock: syntax, prediction and residual at once, straight into the frame. When the last
// slice of a picture is there, what was lost is concealed, the picture is deblocked, marked and handed to the output order.
//
// All memory is taken when a stream starts or changes its size, after its size was checked: a frame store of some 530 bytes a
// macroblock for each frame that the stream's level lets it keep, and one more, at most 98 MB with the zero Options. After
// that Decode allocates nothing.
type Decoder struct {
	opt Options
	lim limits

	sps [32]*sps
	pps [256]*pps

	rbsp []byte // payload of the current NAL unit
	r    bitReader
	c    cabac

	// Stream state.
	active      *sps
	frames      []*frame // every frame store there is: references, pictures that wait for output, and free ones
	cur         *frame   // the picture being decoded, or the frame that waits for its second field
	inPic       bool     // slices of cur's current field or frame are being decoded
	hdr         sliceHeader
	prev        sliceHeader // of the slice before
	everStarted bool
	started     bool // decoding began at a key picture or recovery point
	poc         pocState
	out         outputQueue
	pic         Picture
	captured    codec.Timestamp

	prevRefFrameNum int32
	maxLongIdx      int32 // MaxLongTermFrameIdx, -1 for none
	epoch           uint32
	lastEpoch       uint32 // of the last picture delivered
	recovery        bool   // a recovery point precedes the next picture
	recoveryCount   int    // its recovery_frame_cnt
	recoverIn       int    // frames until a recovery point takes effect, -1 for none
	tainted         bool   // pictures may refer to damaged ones

	damage   DamageError
	pictures int // in this access unit

	picState
}

// buildTables makes the look-up tables when the first decoder is made, so that programs that never decode do not pay for them.
var buildTables = sync.OnceFunc(func() {
	buildScans()
	buildCABAC()
	buildCAVLC()
})

// NewDecoder returns a decoder at the start of a stream.
func NewDecoder(o Options) *Decoder {
	buildTables()
	d := &Decoder{opt: o}
	d.lim = limits{width: 4096, height: 4096, frameMBs: 36864, pictures: 4}
	if o.MaxWidth > 0 {
		d.lim.width = o.MaxWidth
	}
	if o.MaxHeight > 0 {
		d.lim.height = o.MaxHeight
	}
	if o.MaxMacroblocks > 0 {
		d.lim.frameMBs = o.MaxMacroblocks
	}
	if o.MaxPictures != 0 {
		d.lim.pictures = o.MaxPictures
	}
	// Sixteen frames at small sizes, five at the largest, as at level 5.2.
	d.lim.dpbMBs = min(16*d.lim.frameMBs, max(184320, 5*d.lim.frameMBs))
	return d
}

// Reset forgets the stream, its pictures and its parameter sets. Nothing is delivered.
func (d *Decoder) Reset() {
	frames, rbsp := d.frames, d.rbsp
	state := d.picState
	active := d.active
	*d = Decoder{opt: d.opt, lim: d.lim, rbsp: rbsp, active: active, frames: frames, picState: state}
	for _, f := range d.frames {
		f.release()
	}
}

// Decode decodes one access unit: an Annex B byte stream of whole coded pictures. It calls out for each picture that has become due, in
// output order; the Picture and its samples are valid until out returns. An error of errors.Is(err, ErrDamaged) means that
// something was lost; pictures, marked Damaged, may have been delivered all the same.
func (d *Decoder) Decode(au codec.AccessUnit, out func(*Picture)) error {
	d.captured = au.Captured
	d.damage = DamageError{}
	d.pictures = 0
	var firstErr error
	b := au.Data
	for units := 0; len(b) > 0; units++ {
		if units > 2*d.lim.frameMBs+64 && d.lim.pictures > 0 { // more than two fields of one-macroblock slices
			firstErr = errTooMany
			break
		}
		var nal []byte
		nal, b = nextNAL(b)
		if len(nal) < 2 {
			continue
		}
		if err := d.nal(nal, out); err != nil && firstErr == nil {
			firstErr = err
		}
	}
	d.finishPicture(out)
	switch {
	case firstErr != nil && firstErr != errSyntax && firstErr != errMissingParams && firstErr != errWaiting:
		return firstErr
	case d.damage.Macroblocks > 0 || d.damage.References > 0 || d.damage.Slices > 0 || firstErr != nil:
		e := d.damage
		e.Cause = firstErr
		return &e
	}
	return nil
}

// Flush ends the stream: it delivers every picture that is still held. Decoding can go on at a key picture.
func (d *Decoder) Flush(out func(*Picture)) {
	d.finishPicture(out)
	d.endFrame(out)
	d.flushOutput(out)
	for _, f := range d.frames {
		f.release()
	}
	d.started = false
}

func (d *Decoder) nal(nal []byte, out func(*Picture)) error {
	if nal[0]&0x80 != 0 { // forbidden_zero_bit
		d.damage.Slices++
		return errSyntax
	}
	kind := nal[0] & 31
	if kind >= 6 && kind <= 9 { // none of these lies between the slices of a picture (clause 7.4.1.2.3)
		d.finishPicture(out)
	}
	switch kind {
	case 1, 5:
		return d.slice(nal, out)
	case 7:
		return d.newSPS(nal)
	case 8:
		return d.newPPS(nal)
	case 6:
		d.sei(nal)
	case 10, 11: // end of sequence, end of stream
		d.finishPicture(out)
	case 2, 3, 4:
		return unsupported("data partitioning is not decoded")
	}
	return nil
}

// load makes d.r read the payload of nal, behind its one-byte header.
func (d *Decoder) load(nal []byte) *bitReader {
	d.rbsp = appendRBSP(d.rbsp[:0], nal[1:])
	d.r = bitReader{buf: d.rbsp, end: trimTrailing(d.rbsp[:len(d.rbsp)-readPad]), tap: d.r.tap}
	return &d.r
}

// maxParams bounds a parameter set that is kept: slice group maps are the longest part.
const maxParams = 32 << 10

func (d *Decoder) newSPS(nal []byte) error {
	if len(nal) > maxParams {
		return errSyntax
	}
	r := d.load(nal)
	r.skip(24)
	if id := r.ue(); id < 32 && d.sps[id] != nil && string(d.sps[id].raw) == string(nal) {
		return nil // a repetition
	}
	r.pos = 0
	s, err := parseSPS(nal, r, &d.lim)
	if err != nil {
		return err
	}
	d.sps[s.id] = s
	return nil
}

func (d *Decoder) newPPS(nal []byte) error {
	if len(nal) > maxParams {
		return errSyntax
	}
	r := d.load(nal)
	if id := r.ue(); id < 256 && d.pps[id] != nil && string(d.pps[id].raw) == string(nal) {
		return nil
	}
	r.pos = 0
	p, err := parsePPS(nal, r, &d.lim)
	if err != nil {
		return err
	}
	d.pps[p.id] = p
	return nil
}

// sei looks for a recovery point (clause D.2.8), at which decoding may begin as at a key picture.
func (d *Decoder) sei(nal []byte) {
	r := d.load(nal)
	n := r.end / 8
	b := d.rbsp[:n]
	for len(b) >= 2 {
		kind, size := 0, 0
		for len(b) > 0 && b[0] == 255 {
			kind += 255
			b = b[1:]
		}
		if len(b) == 0 {
			return
		}
		kind += int(b[0])
		b = b[1:]
		for len(b) > 0 && b[0] == 255 {
			size += 255
			b = b[1:]
		}
		if len(b) == 0 {
			return
		}
		size += int(b[0])
		b = b[1:]
		if size > len(b) {
			return
		}
		if kind == 6 && size > 0 {
			d.recovery = true
			r.pos = r.end/8*8 - len(b)*8
			d.recoveryCount = int(min(r.ue(), 1<<16))
		}
		b = b[size:]
	}
}

// slice decodes one slice NAL unit, of a new picture or of the current one.
func (d *Decoder) slice(nal []byte, out func(*Picture)) error {
	r := d.load(nal)
	h := &d.hdr
	h.nalType, h.refIDC = nal[0]&31, nal[0]>>5&3
	if h.nalType == 5 && h.refIDC == 0 {
		d.damage.Slices++
		return errSyntax
	}
	if err := d.parseSliceHeader(h, r); err != nil {
		d.damage.Slices++
		return err
	}
	if h.redundant > 0 {
		return nil // the primary coded picture is used
	}
	if d.inPic && (!h.samePicture(&d.prev) || d.prev.resets() && d.mbs[h.firstMB].slice != 0) {
		d.finishPicture(out)
	}
	if !d.inPic {
		if err := d.startPicture(out); err != nil {
			d.damage.Slices++
			return err
		}
	}
	d.prev = *h
	if err := d.decodeSlice(out); err != nil {
		d.damage.Slices++
		return err
	}
	return nil
}
