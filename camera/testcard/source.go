package testcard

import (
	"context"
	"sync"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
)

// Sizes of the two layers, and the time between pictures.
const (
	MainWidth, MainHeight = 1280, 720
	SubWidth, SubHeight   = 640, 360

	Interval = time.Second / 5
)

// Source is a test card. It implements source.Source.
type Source struct {
	clock *source.Clock
	zone  *time.Location
}

var _ source.Source = (*Source)(nil)

// New makes a test card that shows the wall clock in this machine's time zone. The clock gives the capture times.
func New(clock *source.Clock) *Source { return &Source{clock: clock, zone: time.Local} }

// Layers returns both.
func (*Source) Layers() []source.Layer { return []source.Layer{source.Main, source.Sub} }

// Run delivers until ctx ends, and then returns nil.
func (s *Source) Run(ctx context.Context, sink source.Sink) error {
	ctx, cancel := context.WithCancel(ctx)
	var sound sync.WaitGroup
	defer sound.Wait()
	defer cancel()
	sound.Go(func() { s.tick(ctx, sink) })
	cards := []*card{newCard(MainWidth, MainHeight), newCard(SubWidth, SubHeight)}
	configs := []codec.Config{
		{Codec: codec.JPEG, Width: MainWidth, Height: MainHeight},
		{Codec: codec.JPEG, Width: SubWidth, Height: SubHeight},
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	running := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		captured := s.clock.Now()
		wall := time.UnixMicro(int64(captured.Add(s.clock.WallOffset()))).In(s.zone)
		for i, c := range cards {
			c.show(wall)
			file, err := c.jpeg()
			if err != nil {
				return err
			}
			sink.Deliver(source.Layer(i), codec.AccessUnit{Data: file, Key: true, Captured: captured, Config: configs[i]})
		}
		if !running {
			sink.Status(source.Status{State: source.Running})
			running = true
		}
		// On the tick of the wall clock, so that the tenths run evenly.
		now := time.Now()
		timer.Reset(now.Truncate(Interval).Add(Interval).Sub(now))
	}
}
