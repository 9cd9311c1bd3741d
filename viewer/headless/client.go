package headless

import (
	"context"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
)

// lookEvery is how often states are looked at when no picture comes.
const lookEvery = 250 * time.Millisecond

// Options say what a Client watches.
type Options struct {
	Stream seal.Stream // of every camera
	// Picture is told of each picture that a stage would have drawn; the tile's Picture is valid during the call only. May be nil.
	Picture func(viewer.Tile)
	// Snapshot is told of everything, at every look. May be nil.
	Snapshot func(viewer.Snapshot)
}

// Client is a viewer that counts.
type Client struct {
	viewer   *viewer.Viewer
	decoders *Decoders
	options  Options
	changed  chan struct{}

	mu      sync.Mutex
	reports map[viewer.TileKey]*Report
}

// Report is what came of a camera.
type Report struct {
	Tile    viewer.Tile // as last seen, without its picture
	Seen    uint64      // pictures that a stage would have drawn; Tile.Stats.Drawn() also counts those that came between two looks
	First   time.Time   // when the first was
	AgeSum  time.Duration
	AgeMost time.Duration
}

// AgeMean returns how old the pictures were on average when they were seen; 0 without any.
func (r *Report) AgeMean() time.Duration {
	if r.Seen == 0 {
		return 0
	}
	return r.AgeSum / time.Duration(r.Seen)
}

// New returns a Client. It fills in cfg's NewDecoder and Changed.
func New(cfg viewer.Config, o Options) *Client {
	c := &Client{
		decoders: &Decoders{}, options: o, changed: make(chan struct{}, 1), reports: map[viewer.TileKey]*Report{},
	}
	cfg.NewDecoder = c.decoders.New
	cfg.Changed = func() {
		select {
		case c.changed <- struct{}{}:
		default:
		}
	}
	c.viewer = viewer.New(cfg)
	return c
}

// Viewer returns the viewer that counts, for what else it can do.
func (c *Client) Viewer() *viewer.Viewer { return c.viewer }

// Run watches until ctx ends; errors are viewer.Viewer's.
func (c *Client) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var looking sync.WaitGroup
	looking.Go(func() { c.look(ctx) })
	err := c.viewer.Run(ctx)
	cancel()
	looking.Wait()
	c.decoders.Wait()
	return err
}

// Reports returns what came of each camera so far.
func (c *Client) Reports() map[viewer.TileKey]Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	reports := make(map[viewer.TileKey]Report, len(c.reports))
	for k, r := range c.reports {
		reports[k] = *r
	}
	return reports
}

func (c *Client) look(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	serials := map[viewer.TileKey]uint64{}
	var wishes []viewer.Wish
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.changed:
		case <-tick.C:
		}
		s := c.viewer.Snapshot()
		wishes = wishes[:0]
		for _, t := range s.Tiles {
			wishes = append(wishes, viewer.Wish{Key: t.Key, Stream: c.options.Stream})
			seen := t.Picture != nil && t.Picture.Serial() != serials[t.Key]
			if seen {
				serials[t.Key] = t.Picture.Serial()
				if c.options.Picture != nil {
					c.options.Picture(t)
				}
			}
			c.note(t, seen)
		}
		c.viewer.Wish(wishes)
		if c.options.Snapshot != nil {
			c.options.Snapshot(s)
		}
	}
}

func (c *Client) note(t viewer.Tile, seen bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.reports[t.Key]
	if r == nil {
		r = &Report{}
		c.reports[t.Key] = r
	}
	t.Picture = nil
	r.Tile = t
	if !seen {
		return
	}
	if r.Seen == 0 {
		r.First = time.Now()
	}
	r.Seen++
	r.AgeSum += t.Age
	r.AgeMost = max(r.AgeMost, t.Age)
}
