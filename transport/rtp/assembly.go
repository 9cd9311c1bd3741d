package rtp

import "github.com/sealcam/sealcam/transport/erasure"

// Bounds of what waits for missing shards in a slot.
const (
	maxAssemblies    = 48
	maxAssemblyBytes = 4 << 20
	assemblyWindow   = 512 // frames back from the newest; what is older is late or a lie
)

// assembly is a frame of which some shards have come.
type assembly struct {
	camera uint8
	cut    cut
	shards [][]byte // of data and then of parity; nil: not come
	came   []uint8  // shards of each block
	open   int      // blocks that are not complete
	bytes  int
}

// assembler puts the sharded frames of one slot together. It takes anything, in any order and twice, and its memory is bounded.
type assembler struct {
	frames map[uint32]*assembly
	bytes  int
	newest uint32
	done   [assemblyWindow]uint32 // numbers of frames that are complete or given up, at number mod assemblyWindow
}

// push takes a shard and returns the sealed bytes of the frame that it completes, or nil. It keeps s.data until then. It reports false for a
// shard that contradicts another one of its frame.
func (a *assembler) push(s shard) (sealed []byte, sound bool) {
	if a.newest >= assemblyWindow && s.number <= a.newest-assemblyWindow || a.done[s.number%assemblyWindow] == s.number {
		return nil, true
	}
	f := a.frames[s.number]
	if f == nil {
		f = &assembly{
			camera: s.camera, cut: s.cut, shards: make([][]byte, s.cut.total(erasure.MaxParity)), came: make([]uint8, s.cut.blocks), open: s.cut.blocks,
		}
		if a.frames == nil {
			a.frames = map[uint32]*assembly{}
		}
		a.frames[s.number] = f
		a.newest = max(a.newest, s.number)
	}
	if f.camera != s.camera || f.cut != s.cut {
		return nil, false
	}
	if f.shards[s.index] != nil {
		return nil, true
	}
	f.shards[s.index] = s.data
	f.bytes += len(s.data)
	a.bytes += len(s.data)
	defer a.bound()
	if block := f.blockOf(s.index); f.take(block) {
		if f.open--; f.open == 0 {
			a.finish(s.number)
			return f.join(), true
		}
	}
	return nil, true
}

func (f *assembly) blockOf(index int) int {
	if index >= f.cut.shards {
		index -= f.cut.shards
	}
	return index % f.cut.blocks
}

// take notes one more shard of a block and reports whether that completed it.
func (f *assembly) take(block int) bool {
	f.came[block]++
	rows := f.cut.rows(block)
	if int(f.came[block]) != rows {
		return false
	}
	data, parity := make([][]byte, 0, rows), make([][]byte, erasure.MaxParity)
	for i := block; i < f.cut.shards; i += f.cut.blocks {
		if b := f.shards[i]; b != nil {
			data = append(data, padded(b, f.cut.size))
		} else {
			data = append(data, nil)
		}
	}
	for row := range parity {
		parity[row] = f.shards[f.cut.shards+row*f.cut.blocks+block]
	}
	erasure.Reconstruct(data, parity) // as many as the data had: always enough
	for row, b := range data {
		i := block + row*f.cut.blocks
		f.shards[i] = b[:f.cut.sizeOf(i)]
	}
	return true
}

func (f *assembly) join() []byte {
	sealed := make([]byte, 0, f.cut.length)
	for _, b := range f.shards[:f.cut.shards] {
		sealed = append(sealed, b...)
	}
	return sealed
}

// finish forgets a frame; what comes of it later is ignored.
func (a *assembler) finish(number uint32) {
	a.bytes -= a.frames[number].bytes
	delete(a.frames, number)
	a.done[number%assemblyWindow] = number
}

// bound gives up the oldest frames where too much waits.
func (a *assembler) bound() {
	for len(a.frames) > maxAssemblies || a.bytes > maxAssemblyBytes {
		oldest := a.newest
		for number := range a.frames {
			oldest = min(oldest, number)
		}
		a.finish(oldest)
	}
}
