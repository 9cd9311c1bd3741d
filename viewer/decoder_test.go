package viewer

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
)

// bench is the decoders of a test: they turn a payload into a picture of 2×2 whose first byte is the payload's, and count the buffers
// that they lent.
type bench struct {
	t *testing.T

	mu          sync.Mutex
	takes       time.Duration         // for each picture
	unsupported map[codec.Codec]bool  // refused by the factory
	later       map[codec.Codec]bool  // refused after the first unit
	stopped     chan struct{}         // while not nil, pictures are held back until it is closed
	swallow     bool                  // pictures are lost
	slow        map[codec.Config]bool // given up after the first unit for being too much
	keysOnly    bool                  // pictures between key frames are left out
	open        int
	made        int
	lent        int
	fed         [][]byte
	fedAt       []time.Time
	skipped     int
	wg          sync.WaitGroup
}

func newBench(t *testing.T) *bench {
	return &bench{t: t, unsupported: map[codec.Codec]bool{}, later: map[codec.Codec]bool{}, slow: map[codec.Config]bool{}}
}

// broken is a payload at which decoders break.
var broken = []byte("broken")

type testDecoder struct {
	b     *bench
	cfg   codec.Config
	out   func(Decoded)
	units chan Unit
	quit  chan struct{}
}

func (b *bench) factory(cfg codec.Config, out func(Decoded)) (Decoder, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.unsupported[cfg.Codec] {
		return nil, ErrUnsupported
	}
	b.open++
	b.made++
	d := &testDecoder{b: b, cfg: cfg, out: out, units: make(chan Unit, 4), quit: make(chan struct{})}
	b.wg.Go(d.run)
	return d, nil
}

func (d *testDecoder) Decode(u Unit) error {
	select {
	case d.units <- u:
		d.b.mu.Lock()
		defer d.b.mu.Unlock()
		d.b.fed = append(d.b.fed, bytes.Clone(u.Data))
		d.b.fedAt = append(d.b.fedAt, time.Now())
		if u.Skip {
			d.b.skipped++
		}
		return nil
	default:
		return ErrBacklog
	}
}

func (d *testDecoder) Name() string { return "test" }

func (d *testDecoder) Close() {
	close(d.quit)
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	d.b.open--
}

func (d *testDecoder) run() {
	for {
		var u Unit
		select {
		case <-d.quit:
			return
		case u = <-d.units:
		}
		d.b.mu.Lock()
		takes, stopped, later, swallow := d.b.takes, d.b.stopped, d.b.later[d.cfg.Codec], d.b.swallow
		slow, keysOnly := d.b.slow[d.cfg], d.b.keysOnly
		d.b.mu.Unlock()
		if stopped != nil {
			<-stopped
		}
		if takes > 0 {
			time.Sleep(takes)
		}
		switch {
		case later:
			d.out(Decoded{Captured: u.Captured, Err: ErrUnsupported})
		case slow:
			d.out(Decoded{Captured: u.Captured, Err: ErrTooSlow})
		case keysOnly && !u.Key:
			d.out(Decoded{Captured: u.Captured, Slow: true})
		case bytes.Equal(u.Data, broken):
			d.out(Decoded{Captured: u.Captured, Err: errors.New("test: broken")})
		case swallow:
		case u.Skip:
			d.out(Decoded{Captured: u.Captured})
		default:
			d.out(Decoded{Captured: u.Captured, Pixels: d.b.pixels(u.Data)})
		}
	}
}

// pixels lends a buffer.
func (b *bench) pixels(payload []byte) Pixels {
	data := make([]byte, PixelsLen(LayoutRGBA, 2, 2))
	copy(data, payload)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lent++
	released := false
	return Pixels{Layout: LayoutRGBA, Width: 2, Height: 2, Data: data, Release: func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if released {
			b.t.Error("a buffer was given back twice")
		}
		released = true
		clear(data)
		b.lent--
	}}
}

// finish checks that everything came back, at the end of a test.
func (b *bench) finish() {
	b.t.Helper()
	b.wg.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open != 0 {
		b.t.Errorf("%d decoders were not closed", b.open)
	}
	if b.lent != 0 {
		b.t.Errorf("%d buffers did not come back", b.lent)
	}
}

func (b *bench) set(fn func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fn()
}

// is reads a flag that set changes.
func (b *bench) is(flag *bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return *flag
}

func (b *bench) counts() (made, fed, skipped int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.made, len(b.fed), b.skipped
}
