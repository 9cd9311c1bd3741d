//go:build js

package decode

import "sync"

// pool recycles the buffers of one decoder's pictures. All buffers in it have the same length.
type pool struct {
	mu   sync.Mutex
	size int
	free []*buffer
}

// maxFree bounds what a pool keeps: one picture on the screen, some waiting, one being copied.
const maxFree = 8

// buffer is the memory of one picture.
type buffer struct {
	data    []byte
	release func() // gives it back, once; made once, so that a picture needs no new closure
	out     bool
}

func (p *pool) get(size int) *buffer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if size != p.size {
		p.size, p.free = size, nil
	}
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		b.out = true
		return b
	}
	b := &buffer{data: make([]byte, size), out: true}
	b.release = func() { p.put(b) }
	return b
}

func (p *pool) put(b *buffer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !b.out {
		return
	}
	b.out = false
	if len(b.data) == p.size && len(p.free) < maxFree {
		p.free = append(p.free, b)
	}
}
