package headless

import (
	"crypto/sha256"
	"sync"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/viewer"
)

// queue is how many units a decoder takes before it has enough to do, as browsers' decoders are used.
const queue = 4

// Decoders makes decoders that take any coding and give a picture of 2×2 for each unit, whose 16 bytes are [Print] of the unit's data.
type Decoders struct{ running sync.WaitGroup }

// Print returns what a picture holds in place of the decoded unit: the first 16 bytes of the data's SHA-256.
func Print(data []byte) [16]byte {
	sum := sha256.Sum256(data)
	return [16]byte(sum[:16])
}

// New is a viewer.DecoderFactory.
func (d *Decoders) New(_ codec.Config, out func(viewer.Decoded)) (viewer.Decoder, error) {
	dec := &decoder{units: make(chan viewer.Unit, queue), quit: make(chan struct{})}
	d.running.Go(func() { dec.run(out) })
	return dec, nil
}

// Wait waits for the goroutines of decoders that were closed.
func (d *Decoders) Wait() { d.running.Wait() }

type decoder struct {
	units chan viewer.Unit
	quit  chan struct{}
}

func (d *decoder) Decode(u viewer.Unit) error {
	select {
	case d.units <- u:
		return nil
	default:
		return viewer.ErrBacklog
	}
}

func (d *decoder) Close() { close(d.quit) }

func (d *decoder) run(out func(viewer.Decoded)) {
	for {
		select {
		case <-d.quit:
			return
		case u := <-d.units:
			result := viewer.Decoded{Captured: u.Captured}
			if !u.Skip {
				print := Print(u.Data)
				result.Pixels = viewer.Pixels{Layout: viewer.LayoutRGBA, Width: 2, Height: 2, Data: print[:]}
			}
			out(result)
		}
	}
}
