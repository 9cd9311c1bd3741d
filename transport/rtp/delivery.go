package rtp

import "sync"

// Bounds of what may wait for OnFrame.
const (
	maxWaitingFrames = 256
	maxWaitingBytes  = 16 << 20
)

// delivery calls OnFrame in the order of push, on a goroutine of its own, so that whoever pushes never blocks.
type delivery struct {
	acks *acker
	news chan struct{} // capacity 1

	mu         sync.Mutex
	assemblers [MaxSlots]assembler
	waiting    []complete
	bytes      int
	stats      ReceiverStats
}

type complete struct {
	camera uint8
	sealed []byte
}

func newDelivery(acks *acker) *delivery {
	return &delivery{acks: acks, news: make(chan struct{}, 1)}
}

// push takes what arrived in a slot as one VP8 frame, and owns data.
func (d *delivery) push(slot int, data []byte) {
	if isShard(data) {
		d.pushShard(slot, data)
		return
	}
	camera, number, sealed, err := parseFrame(data)
	switch err {
	case nil:
		d.deliver(slot, number, complete{camera, sealed})
	case errPadding:
		d.acks.again(slot)
	default:
		d.bad()
	}
}

func (d *delivery) pushShard(slot int, data []byte) {
	s, err := parseShard(data)
	if err != nil {
		d.bad()
		return
	}
	d.mu.Lock()
	sealed, sound := d.assemblers[slot].push(s)
	d.stats.Shards++
	if !sound {
		d.stats.Bad++
	}
	d.mu.Unlock()
	if sealed != nil {
		d.deliver(slot, s.number, complete{s.camera, sealed})
	}
}

// deliver queues a whole frame.
func (d *delivery) deliver(slot int, number uint32, f complete) {
	camera, sealed := f.camera, f.sealed
	d.mu.Lock()
	d.stats.Frames++
	d.stats.Bytes += uint64(len(sealed))
	if len(d.waiting) >= maxWaitingFrames || d.bytes+len(sealed) > maxWaitingBytes {
		d.stats.Dropped++
	} else {
		d.waiting = append(d.waiting, complete{camera, sealed})
		d.bytes += len(sealed)
	}
	d.mu.Unlock()
	// Acknowledged even if dropped: the path has carried it, and congestion is what the sender wants to know.
	d.acks.complete(slot, number)
	select {
	case d.news <- struct{}{}:
	default:
	}
}

// bad counts something that was not even offered as a frame.
func (d *delivery) bad() {
	d.mu.Lock()
	d.stats.Bad++
	d.mu.Unlock()
}

func (d *delivery) snapshot() ReceiverStats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// run calls deliver until stop is closed.
func (d *delivery) run(stop <-chan struct{}, deliver func(camera uint8, sealed []byte)) {
	var frames []complete
	for {
		select {
		case <-d.news:
		case <-stop:
			return
		}
		d.mu.Lock()
		frames, d.waiting = d.waiting, frames[:0]
		d.bytes = 0
		d.mu.Unlock()
		for i, f := range frames {
			frames[i] = complete{}
			select {
			case <-stop:
				return
			default:
			}
			if deliver != nil {
				deliver(f.camera, f.sealed)
			}
		}
	}
}
