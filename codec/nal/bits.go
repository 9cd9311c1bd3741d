package nal

import "math/bits"

// Unescape appends the raw byte sequence payload of a NAL unit's bytes to dst: every 00 00 03 becomes 00 00 (H.264 and H.265,
// 7.4.1 and 7.4.2).
func Unescape(dst, unit []byte) []byte {
	zeros := 0
	for _, c := range unit {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		dst = append(dst, c)
	}
	return dst
}

// Escape appends payload with emulation prevention bytes put in, the inverse of Unescape.
func Escape(dst, payload []byte) []byte {
	zeros := 0
	for _, c := range payload {
		if zeros >= 2 && c <= 3 {
			dst = append(dst, 3)
			zeros = 0
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		dst = append(dst, c)
	}
	return dst
}

// Reader reads the bits of an unescaped payload, most significant first. After the end every read gives zero and Err says so:
// a caller may read a run of fields and look once.
type Reader struct {
	b    []byte
	pos  int // bits
	over bool
	bad  bool
}

// NewReader reads b, which Unescape made.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Err returns ErrTruncated after a read beyond the end, ErrCorrupt after a code that is too long, else nil.
func (r *Reader) Err() error {
	switch {
	case r.bad:
		return ErrCorrupt
	case r.over:
		return ErrTruncated
	}
	return nil
}

// Pos returns how many bits were read.
func (r *Reader) Pos() int { return r.pos }

// U reads n bits, at most 32.
func (r *Reader) U(n int) uint32 {
	if n > len(r.b)*8-r.pos {
		r.over = true
		r.pos = len(r.b) * 8
		return 0
	}
	var v uint64
	for n > 0 {
		c := r.b[r.pos>>3] << (r.pos & 7)
		k := min(8-r.pos&7, n)
		v = v<<k | uint64(c>>(8-k))
		r.pos += k
		n -= k
	}
	return uint32(v)
}

// Flag reads one bit.
func (r *Reader) Flag() bool { return r.U(1) == 1 }

// Skip passes over n bits.
func (r *Reader) Skip(n int) {
	if n > len(r.b)*8-r.pos {
		r.over = true
		r.pos = len(r.b) * 8
		return
	}
	r.pos += n
}

// UE reads an unsigned Exp-Golomb code (H.264 and H.265, 9.1 and 9.2).
func (r *Reader) UE() uint32 {
	zeros := 0
	for !r.Flag() {
		if r.over {
			return 0
		}
		if zeros++; zeros > 31 {
			r.bad = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.U(zeros)
}

// SE reads a signed Exp-Golomb code (9.1.1 and 9.2.2).
func (r *Reader) SE() int32 {
	v := r.UE()
	if v&1 == 1 {
		return int32(v>>1) + 1
	}
	return -int32(v >> 1)
}

// Writer writes bits, most significant first.
type Writer struct {
	b    []byte
	free int // bits free in the last byte
}

// Bytes returns what was written; bits missing in the last byte are zero.
func (w *Writer) Bytes() []byte { return w.b }

// U writes the low n bits of v.
func (w *Writer) U(v uint32, n int) {
	for n > 0 {
		if w.free == 0 {
			w.b = append(w.b, 0)
			w.free = 8
		}
		k := min(w.free, n)
		part := byte(v >> (n - k) & (1<<k - 1))
		w.b[len(w.b)-1] |= part << (w.free - k)
		w.free -= k
		n -= k
	}
}

// UE writes an unsigned Exp-Golomb code. v must be below 2³²-1.
func (w *Writer) UE(v uint32) {
	n := bits.Len32(v + 1)
	w.U(0, n-1)
	w.U(v+1, n)
}

// Copy writes the first n bits of b.
func (w *Writer) Copy(b []byte, n int) {
	r := NewReader(b)
	for n > 0 {
		k := min(n, 32)
		w.U(r.U(k), k)
		n -= k
	}
}

// Stop writes rbsp_trailing_bits (7.3.2.11).
func (w *Writer) Stop() {
	w.U(1, 1)
	w.free = 0
}
