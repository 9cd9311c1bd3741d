package browser

import (
	"fmt"
	"strings"
	"time"

	"github.com/sealcam/sealcam/test/barcode"
)

// State is a tile's data-state.
type State string

// The states of a tile.
const (
	Waiting State = "waiting"
	Live    State = "live"
	Stale   State = "stale"
	Blank   State = "blank"
)

// Rect is in CSS pixels from the upper left corner of the viewport.
type Rect struct{ X, Y, Width, Height float64 }

// Tile is what the document says of a tile.
type Tile struct {
	Camera  string // id in hex
	Home    string
	State   State
	Reason  string
	Picture Rect // zero: none
	Area    Rect
	Text    string // what a screen reader gets
}

const tilesJS = `[...document.querySelectorAll("[data-tile]")].map((tile) => {
	const area = tile.getBoundingClientRect();
	const [X, Y, Width, Height] = (tile.dataset.picture || "0,0,0,0").split(",").map(Number);
	return {
		Camera: tile.dataset.camera ?? "", Home: tile.dataset.home ?? "", State: tile.dataset.state ?? "", Reason: tile.dataset.reason ?? "",
		Picture: { X, Y, Width, Height }, Area: { X: area.x, Y: area.y, Width: area.width, Height: area.height },
		Text: (tile.getAttribute("aria-label") ?? tile.textContent).trim(),
	};
})`

// Tiles returns the tiles in the document's order.
func (p *Page) Tiles() []Tile {
	p.tb.Helper()
	return Eval[[]Tile](p, tilesJS)
}

// WaitTiles waits until there are n tiles and all satisfy the condition; nil stands for any.
func (p *Page) WaitTiles(n int, timeout time.Duration, condition func(Tile) bool) []Tile {
	p.tb.Helper()
	tiles, ok := poll(p, timeout, func() ([]Tile, bool) {
		tiles, err := tryEval[[]Tile](p, tilesJS)
		good := err == nil && len(tiles) == n
		for _, tile := range tiles {
			good = good && (condition == nil || condition(tile))
		}
		return tiles, good
	})
	if !ok {
		p.tb.Fatalf("the %d tiles are not as expected after %v: %+v", n, timeout, tiles)
	}
	return tiles
}

// WaitTile waits until the tile of a camera satisfies the condition. An empty camera stands for the only tile.
func (p *Page) WaitTile(camera string, timeout time.Duration, condition func(Tile) bool) Tile {
	p.tb.Helper()
	var all []Tile
	tile, ok := poll(p, timeout, func() (Tile, bool) {
		tiles, err := tryEval[[]Tile](p, tilesJS)
		if err != nil {
			return Tile{}, false
		}
		all = tiles
		for _, tile := range tiles {
			if tile.Camera == camera || camera == "" && len(tiles) == 1 {
				return tile, condition(tile)
			}
		}
		return Tile{}, false
	})
	if !ok {
		p.tb.Fatalf("tile %q is not as expected after %v: %+v", camera, timeout, all)
	}
	return tile
}

// In returns a condition: the tile's state is one of these.
func In(states ...State) func(Tile) bool {
	return func(t Tile) bool {
		for _, state := range states {
			if t.State == state {
				return true
			}
		}
		return false
	}
}

// Sample is what the drawn strip of one tile said, when it changed.
type Sample struct {
	At     time.Time // after drawing, by the machine's clock as the browser reads it (0.1 ms)
	Home   string    // the tile's data-home
	Camera string    // the tile's data-camera
	State  State     // the tile's data-state
	Cells  []int     // lumas
	// Reading is valid if Err is nil. Err is barcode.ErrNoStrip where something else was drawn, such as a blank tile.
	Reading barcode.Reading
	Err     error
}

// Sample turns sampling on or off. Turning it on forgets earlier samples.
func (p *Page) Sample(on bool) {
	p.tb.Helper()
	if !on {
		Eval[bool](p, "!(__sealcamSampler.on = false)")
		return
	}
	p.mu.Lock()
	p.samples = nil
	p.mu.Unlock()
	Eval[bool](p, "__sealcamSampler.run++, __sealcamSampler.samples = [], __sealcamSampler.dropped = 0, __sealcamSampler.on = true")
}

type rawSample struct {
	T      float64 `json:"t"` // ms since 1970
	Home   string  `json:"home"`
	Camera string  `json:"camera"`
	State  string  `json:"state"`
	Cells  []int   `json:"cells"`
}

// fetchSamples moves new samples from the page. A reloaded page starts without samples and with sampling off.
func (p *Page) fetchSamples() ([]Sample, error) {
	raw, err := tryEval[struct {
		Samples []rawSample `json:"samples"`
		Dropped int         `json:"dropped"`
	}](p, "((s) => ({ samples: s.samples.splice(0), dropped: s.dropped }))(__sealcamSampler)")
	if err == nil && raw.Dropped > 0 {
		err = fmt.Errorf("the page dropped %d samples", raw.Dropped)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range raw.Samples {
		s := Sample{
			At: time.UnixMicro(int64(r.T * 1000)), Home: r.Home, Camera: r.Camera, State: State(r.State), Cells: r.Cells,
		}
		s.Reading, s.Err = barcode.Decode(r.Cells)
		p.samples = append(p.samples, s)
	}
	return append([]Sample(nil), p.samples...), err
}

// Samples returns all samples since sampling was turned on.
func (p *Page) Samples() []Sample {
	p.tb.Helper()
	samples, err := p.fetchSamples()
	if err != nil {
		p.tb.Fatalf("fetch the samples: %v", err)
	}
	return samples
}

// WaitSamples waits until the samples since sampling was turned on satisfy the condition.
func (p *Page) WaitSamples(timeout time.Duration, condition func([]Sample) bool) []Sample {
	p.tb.Helper()
	var last error
	samples, ok := poll(p, timeout, func() ([]Sample, bool) {
		samples, err := p.fetchSamples()
		last = err
		return samples, err == nil && condition(samples)
	})
	if !ok {
		p.tb.Fatalf("the samples are not as expected after %v (%v): %s", timeout, last, summary(samples))
	}
	return samples
}

// Frames returns a condition: at least n pictures of the camera's tile had a readable strip. An empty camera stands for any.
func Frames(camera string, n int) func([]Sample) bool {
	return func(samples []Sample) bool {
		var readable int
		for _, s := range samples {
			if s.Err == nil && (camera == "" || s.Camera == camera) {
				readable++
			}
		}
		return readable >= n
	}
}

// summary counts samples by tile for a failure's message.
func summary(samples []Sample) string {
	type count struct{ readable, not int }
	counts := map[string]*count{}
	var order []string
	for _, s := range samples {
		c := counts[s.Camera]
		if c == nil {
			c = &count{}
			counts[s.Camera] = c
			order = append(order, s.Camera)
		}
		if s.Err == nil {
			c.readable++
		} else {
			c.not++
		}
	}
	if len(order) == 0 {
		return "none"
	}
	var text strings.Builder
	for _, camera := range order {
		fmt.Fprintf(&text, "tile %q: %d readable, %d not; ", camera, counts[camera].readable, counts[camera].not)
	}
	return strings.TrimSuffix(text.String(), "; ")
}
