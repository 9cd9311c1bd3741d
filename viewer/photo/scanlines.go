package photo

import "iter"

// batchRows is how many rows are handed on at once: little enough that the page's one thread is free again within a few milliseconds.
const batchRows = 32

// pixelBytes is how many bytes a pixel takes: red, green, blue, of 8 bits each.
const pixelBytes = 3

// Scanlines yields the picture's filtered scanlines, some at a time: the data that a PNG's zlib stream holds (PNG §7.2, §9.2). What is
// yielded is valid until the next turn. It returns ErrPixels for pixels that are not whole.
func (p *Picture) Scanlines() (iter.Seq[[]byte], error) {
	if !p.sound() {
		return nil, ErrPixels
	}
	return func(yield func([]byte) bool) {
		convert := newConversion(p.Matrix, p.FullRange)
		length := pixelBytes * p.Width
		now, above := make([]byte, length), make([]byte, length)
		batch := make([]byte, 0, batchRows*(1+length))
		for y := range p.Height {
			p.row(now, y, convert)
			batch = appendFiltered(batch, now, above)
			now, above = above, now
			if y%batchRows == batchRows-1 || y == p.Height-1 {
				if !yield(batch) {
					return
				}
				batch = batch[:0]
			}
		}
	}, nil
}

// ScanlinesLen returns how many bytes Scanlines yields in all.
func (p *Picture) ScanlinesLen() int { return p.Height * (1 + pixelBytes*p.Width) }

// filterPaeth is the filter that suits pictures of cameras best where only one is used (PNG §9.4).
const filterPaeth = 4

func appendFiltered(dst, now, above []byte) []byte {
	dst = append(dst, filterPaeth)
	for i := range min(pixelBytes, len(now)) {
		dst = append(dst, now[i]-above[i]) // nothing to the left
	}
	for i := pixelBytes; i < len(now); i++ {
		dst = append(dst, now[i]-paeth(now[i-pixelBytes], above[i], above[i-pixelBytes]))
	}
	return dst
}

// paeth predicts a byte from those to its left, above it, and above to its left.
func paeth(a, b, c byte) byte {
	pa, pb := int(b)-int(c), int(a)-int(c)
	pc := abs(pa + pb)
	pa, pb = abs(pa), abs(pb)
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int { return max(n, -n) }
