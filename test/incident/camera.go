package main

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"sync"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
)

// pictureEvery is the time between two pictures, for both viewers.
const pictureEvery = time.Second / 8

// eye is one home's camera. What it sees goes as JPEG to the naive viewer's server in the clear, and to Sealcam's agent. It implements
// source.Source; several agents may run it at once, and all get the same pictures.
type eye struct {
	home  int
	scene *scene
	clock *source.Clock
	clear *cache[[]byte] // what the naive viewer's server keeps

	mu    sync.Mutex
	sinks map[source.Sink]struct{}
}

// Layers implements source.Source.
func (*eye) Layers() []source.Layer { return []source.Layer{source.Main} }

// Run implements source.Source: it hands on what shoot makes until ctx ends.
func (e *eye) Run(ctx context.Context, sink source.Sink) error {
	sink.Status(source.Status{State: source.Running})
	e.mu.Lock()
	e.sinks[sink] = struct{}{}
	e.mu.Unlock()
	<-ctx.Done()
	e.mu.Lock()
	delete(e.sinks, sink)
	e.mu.Unlock()
	return nil
}

// shoot takes pictures until ctx ends.
func (e *eye) shoot(ctx context.Context) error {
	tick := time.NewTicker(pictureEvery)
	defer tick.Stop()
	begin := time.Now()
	for number := 0; ; number++ {
		captured := e.clock.Now()
		picture := e.scene.frame(time.Since(begin))
		drawStrip(picture.RGBA, number, e.home+1)
		var file bytes.Buffer
		if err := jpeg.Encode(&file, picture.RGBA, &jpeg.Options{Quality: 82}); err != nil {
			return fmt.Errorf("home %d: picture %d: %w", e.home, number, err)
		}
		e.clear.put(e.home, file.Bytes())
		unit := codec.AccessUnit{
			Data: file.Bytes(), Key: true, Captured: captured, Config: codec.Config{Codec: codec.JPEG, Width: width, Height: height},
		}
		e.mu.Lock()
		for sink := range e.sinks {
			sink.Deliver(source.Main, unit)
		}
		e.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
