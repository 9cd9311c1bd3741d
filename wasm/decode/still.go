//go:build js

package decode

import (
	"errors"
	"fmt"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/jpeg"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/promise"
)

var errSize = errors.New("decode: the picture is not of the size that its stream announced")

// still decodes JPEG files one after the other.
type still struct {
	config  codec.Config
	meter   *Meter
	out     func(viewer.Decoded)
	copier  *copier
	handler *promise.Handler
	decoder js.Value // ImageDecoder of the file under way, if the browser has them
	started time.Time
	current codec.Timestamp
	busy    bool
	waiting *viewer.Unit // the next one
	closed  bool
}

func newStill(config codec.Config, meter *Meter, out func(viewer.Decoded)) viewer.Decoder {
	s := &still{config: config, meter: meter, out: out, copier: newCopier(meter, out)}
	s.handler = promise.NewHandler(s.decoded, func(err error) { s.end(err) })
	return s
}

// Decode takes one file; while one is under way, one more waits. viewer.ErrBacklog means that it was not taken.
func (s *still) Decode(u viewer.Unit) error {
	if s.busy {
		if s.waiting != nil {
			return viewer.ErrBacklog
		}
		s.waiting = &u
		return nil
	}
	return s.start(u)
}

func (s *still) start(u viewer.Unit) error {
	start := time.Now()
	// The browser would take memory for whatever size the file states.
	h, err := jpeg.Parse(u.Data)
	if err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if h.Width != int(s.config.Width) || h.Height != int(s.config.Height) {
		return errSize
	}
	data := uint8Array.New(len(u.Data))
	js.CopyBytesToJS(data, u.Data)
	var p js.Value
	err = promise.Try(func() {
		if decoder := js.Global().Get("ImageDecoder"); decoder.Truthy() {
			s.decoder = decoder.New(map[string]any{"type": "image/jpeg", "data": data})
			p = s.decoder.Call("decode")
			return
		}
		blob := js.Global().Get("Blob").New([]any{data}, map[string]any{"type": "image/jpeg"})
		p = js.Global().Call("createImageBitmap", blob, map[string]any{"colorSpaceConversion": "none"})
	})
	if err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	s.busy, s.started, s.current = true, start, u.Captured
	s.handler.Then(p)
	s.meter.addHandOver(time.Since(start))
	return nil
}

// decoded receives an ImageDecodeResult or an ImageBitmap.
func (s *still) decoded(result js.Value) {
	if s.closed {
		s.end(nil)
		return
	}
	s.meter.addLatency(time.Since(s.started))
	if s.decoder.Truthy() {
		s.copier.copy(result.Get("image"), s.current, false)
		s.end(nil)
		return
	}
	err := s.copier.draw(result, s.current)
	result.Call("close")
	s.end(err)
}

// end lets the next file begin.
func (s *still) end(err error) {
	s.busy = false
	if s.decoder.Truthy() {
		s.decoder.Call("close")
		s.decoder = js.Undefined()
	}
	if s.closed {
		s.handler.Release()
		return
	}
	next := s.waiting
	s.waiting = nil
	if err == nil && next != nil {
		err = s.start(*next)
	}
	if err != nil {
		s.meter.addFailed()
		s.out(viewer.Decoded{Captured: s.current, Err: fmt.Errorf("decode: %w", err)})
	}
}

// Close ends the decoder. A file under way is decoded to its end and dropped.
func (s *still) Close() {
	if s.closed {
		return
	}
	s.closed, s.waiting = true, nil
	s.copier.close()
	if !s.busy {
		s.handler.Release()
	}
}
