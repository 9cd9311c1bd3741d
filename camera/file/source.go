package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
)

// Source plays a file. It implements source.Source.
type Source struct {
	name  string
	clock *source.Clock
	clips []*clip // by layer
	// open gives what a layer's clip reads from.
	open func(layer int) (io.ReaderAt, io.Closer, error)
}

var _ source.Source = (*Source)(nil)

// Open checks the file at path and reads its index. Its errors are sentences that name the file and what to do. The frame rate is
// the file's own; a byte stream that does not say has 25 pictures a second.
func Open(path string, clock *source.Clock) (*Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the video file %s: %w", path, cause(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot read the video file %s: %w", path, cause(err))
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return nil, fmt.Errorf("%s is empty or no file; name a video file", path)
	}
	c, err := parse(f, info.Size(), 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Source{name: path, clock: clock, clips: []*clip{c}, open: func(int) (io.ReaderAt, io.Closer, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, nil, cause(err)
		}
		now, err := f.Stat()
		if err == nil && (now.Size() != info.Size() || !now.ModTime().Equal(info.ModTime())) {
			err = errors.New("it was changed since the start; start Sealcam again")
		}
		if err != nil {
			f.Close()
			return nil, nil, err
		}
		return f, f, nil
	}}, nil
}

// FromBytes makes a source of files in memory, which must not change any more. Sub may be nil. A rate above 0 is that of both; at 0
// each file says its own.
func FromBytes(name string, main, sub []byte, fps float64, clock *source.Clock) (*Source, error) {
	files := [][]byte{main}
	if sub != nil {
		files = append(files, sub)
	}
	s := &Source{name: name, clock: clock, open: func(l int) (io.ReaderAt, io.Closer, error) {
		return bytes.NewReader(files[l]), io.NopCloser(nil), nil
	}}
	for _, b := range files {
		if len(b) == 0 {
			return nil, fmt.Errorf("%s: the video is empty", name)
		}
		c, err := parse(bytes.NewReader(b), int64(len(b)), fps)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.clips = append(s.clips, c)
	}
	return s, nil
}

// cause drops the path that os errors repeat.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Layers returns Main, and Sub if there are two files.
func (s *Source) Layers() []source.Layer {
	return []source.Layer{source.Main, source.Sub}[:len(s.clips)]
}

// Run plays until ctx ends, and then returns nil. It returns an error when the file can be read no more.
func (s *Source) Run(ctx context.Context, sink source.Sink) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	start := s.clock.Now()
	errs := make([]error, len(s.clips))
	var once sync.Once
	var layers sync.WaitGroup
	for i, c := range s.clips {
		layers.Go(func() {
			p := player{clip: c, clock: s.clock, deliver: func(au codec.AccessUnit) {
				sink.Deliver(source.Layer(i), au)
				once.Do(func() { sink.Status(source.Status{State: source.Running}) })
			}}
			if errs[i] = s.play(ctx, i, &p, start); errs[i] != nil {
				cancel() // both layers show the same scene, or none
			}
		})
	}
	layers.Wait()
	if err := errors.Join(errs...); err != nil {
		err = fmt.Errorf("%s: %w", s.name, err)
		sink.Status(source.Status{State: source.Failed, Advice: "The camera's video file can be read no more. Put it back, and start Sealcam again.", Err: err})
		return err
	}
	return nil
}

func (s *Source) play(ctx context.Context, layer int, p *player, start codec.Timestamp) error {
	r, closer, err := s.open(layer)
	if err != nil {
		return err
	}
	defer closer.Close()
	return p.run(ctx, r, start)
}

// maxBehind is how far behind a player may be, as after the machine slept, before it gives up catching up.
const maxBehind = time.Second

// player plays one clip.
type player struct {
	clip    *clip
	clock   *source.Clock
	deliver func(codec.AccessUnit)
}

// run plays from an instant on. A picture's capture time is when it is to be shown; it is delivered when all that is shown before it
// could have been decoded, so never before its capture time.
func (p *player) run(ctx context.Context, r io.ReaderAt, start codec.Timestamp) error {
	a := p.clip.assembler()
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for {
		a.Interrupt() // the end does not lead to the beginning
		good := 0
		for i, pic := range p.clip.pictures {
			due := start.Add(pic.decode + p.clip.delay)
			if behind := p.clock.Now().Sub(due); behind > maxBehind {
				start = start.Add(behind)
				due = due.Add(behind)
			}
			timer.Reset(due.Sub(p.clock.Now()))
			select {
			case <-ctx.Done():
				return nil
			case <-timer.C:
			}
			units, err := p.clip.units(r, i)
			if err != nil {
				return err
			}
			au, err := a.Assemble(units)
			if err != nil {
				continue // broken: on with the next key picture
			}
			good++
			// Rounding to microseconds may make the timer early by one.
			au.Captured = min(start.Add(pic.show), p.clock.Now())
			p.deliver(au)
		}
		if good == 0 {
			return errNoKey
		}
		start = start.Add(p.clip.duration)
	}
}
