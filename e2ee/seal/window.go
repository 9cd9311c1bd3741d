package seal

// windowSize is how far behind the highest frame number seen a frame may arrive: half a minute of video.
const windowSize = 1024

const (
	wordShift = 6
	wordBits  = 1 << wordShift
	ringWords = 32 // a power of two whose bits exceed windowSize by at least a word (RFC 6479 §2)
	ringMask  = ringWords - 1
	_         = uint(ringWords*wordBits - windowSize - wordBits)
)

// window remembers which counters were seen, after RFC 6479: a ring of words that is advanced by clearing whole words, never by
// shifting. The zero value has seen nothing.
type window struct {
	any  bool
	last uint64 // the highest seen
	ring [ringWords]uint64
}

// accept reports whether ctr is new, and marks it as seen. It must be called for authenticated frames only: a forged counter
// would otherwise close the window to the true ones.
func (w *window) accept(ctr uint64) bool {
	word := ctr >> wordShift
	if !w.any || ctr > w.last {
		if w.any {
			passed := w.last >> wordShift
			for range min(word-passed, ringWords) {
				passed++
				w.ring[passed&ringMask] = 0
			}
		}
		w.any, w.last = true, ctr
	} else if w.last-ctr >= windowSize {
		return false
	}
	bit := uint64(1) << (ctr & (wordBits - 1))
	if w.ring[word&ringMask]&bit != 0 {
		return false
	}
	w.ring[word&ringMask] |= bit
	return true
}
