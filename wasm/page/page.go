//go:build js

package page

import (
	"image"
	"math"
	"slices"
	"strings"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/layout"
	"github.com/sealcam/sealcam/viewer/shortcut"
)

// The tiles' corners and gaps in CSS pixels, as --radius and --gap in style/palette.css; there are smaller ones for narrow windows.
const (
	radiusWide, gapWide     = 14, 10
	radiusNarrow, gapNarrow = 12, 6
	// A corner takes at most this share of a tile's width: the picture's corners belong to the picture.
	cornerShare = 0.02
	narrow      = 600
)

// Page is the document. Its methods belong to the goroutine that draws, but for what the browser's events call.
type Page struct {
	boot     *Boot
	document js.Value
	body     attributes
	stage    js.Value
	holder   js.Value // of the tiles
	link     attributes
	linkText text

	tiles map[viewer.TileKey]*tile
	order []viewer.TileKey // as in the last snapshot

	chosen layout.Order[viewer.TileKey] // by the person
	given  bool                         // the tiles come in order: see GiveOrder
	spare  []viewer.Tile                // of arrange
	drag   *drag                        // under way

	full   *viewer.TileKey // the one that fills the window
	window box             // the stage's place in the window, CSS pixels
	scale  float64         // canvas pixels per CSS pixel
	ratio  float64         // device pixels per CSS pixel when the stage was measured
	canvas image.Point     // canvas size, pixels
	moved  bool            // sizes, tiles or the full one changed

	tools   tools
	toast   toast
	actions map[shortcut.Action][]func(shortcut.Press) bool // of keys

	zoom      layout.Zoom // of the full one
	seen      image.Point // its picture's size in pixels; zero: not known
	badge     attributes  // says the scale and resets it
	scaleText text
	inset     insetView

	pointers  map[int]point // that are down
	panned    float64       // how far the one has gone, CSS pixels
	swallow   bool          // the click that follows is part of something else
	clicked   time.Time     // the last click on a tile, which a second one makes a double click
	clickedAt point

	resize func(width, height int)
	undo   []func() // of Close
}

// New takes the document over. resize is called with the canvas's size in device pixels whenever it changes, from the browser's
// event loop.
func New(boot *Boot, resize func(width, height int)) *Page {
	document := js.Global().Get("document")
	byID := func(id string) js.Value { return document.Call("getElementById", id) }
	p := &Page{
		boot: boot, document: document, stage: byID("stage"), holder: byID("tiles"),
		tiles: map[viewer.TileKey]*tile{}, scale: 1, resize: resize, moved: true,
		actions: map[shortcut.Action][]func(shortcut.Press) bool{},
	}
	p.chosen = recallOrder()
	p.recallInset()
	p.body.node = document.Get("body")
	p.link.node = byID("link")
	p.linkText.node = byID("link-text")
	p.watchSize()
	p.watchInput()
	return p
}

// Close lets the document go: nothing that happens in it calls the program any more.
func (p *Page) Close() {
	for _, f := range p.undo {
		f()
	}
	p.undo = nil
}

// Stage returns the element that the canvas belongs in.
func (p *Page) Stage() js.Value { return p.stage }

// Moved reports, once, that tiles lie elsewhere than at the last Show, so that it has to be called again.
func (p *Page) Moved() bool {
	if devicePixelRatio() != p.ratio { // no event tells of it where the size in CSS pixels stays
		p.measure(js.Undefined())
	}
	m := p.moved
	p.moved = false
	return m
}

// Tone colours the dot beside the sentence in the bar.
type Tone string

// The tones.
const (
	Good  Tone = "good"
	Wait  Tone = "wait"
	Wrong Tone = "wrong"
)

// Link writes the sentence in the bar.
func (p *Page) Link(tone Tone, sentence string) {
	p.link.set("data-tone", string(tone))
	p.linkText.set(sentence)
	p.link.set("title", sentence) // a narrow bar cuts it
}

// Placed is a tile that is on the screen.
type Placed struct {
	Tile   *viewer.Tile
	Box    image.Rectangle // canvas pixels
	Radius float64         // canvas pixels
	Full   bool            // it fills the window
	Over   bool            // it lies over others
	Frame  image.Rectangle // where the whole picture would lie on the canvas, if not as large as it fits in Box; empty: so it does
}

// phaseStage is the body's data-phase while the cameras are seen; boot.js sets another for the sheet.
const phaseStage = "stage"

func (p *Page) phase() string {
	phase := p.document.Get("body").Get("dataset").Get("phase")
	if phase.Type() != js.TypeString {
		return ""
	}
	return phase.String()
}

// Lay decides where the tiles lie, makes and removes their buttons, and returns those that can be seen.
func (p *Page) Lay(tiles []viewer.Tile) []Placed {
	if p.phase() != phaseStage {
		p.document.Get("body").Get("dataset").Set("phase", phaseStage)
	}
	p.arrange(tiles)
	p.keep(tiles)
	p.tools.follow(p.full != nil, time.Now())
	p.toast.follow(time.Now())
	if p.full != nil {
		return p.layFull(tiles)
	}
	placed := make([]Placed, 0, len(tiles))
	p.body.set("data-full", "")
	p.showBadge()
	p.showInset()
	if p.drag != nil {
		p.drag.laid = true
	}
	radius, gap := float64(radiusWide), float64(gapWide)
	if js.Global().Get("innerWidth").Float() <= narrow {
		radius, gap = radiusNarrow, gapNarrow
	}
	for i, b := range p.grid(tiles, gap) {
		// Edges on whole device pixels keep pictures sharp and the HTML above them exactly in place.
		t := p.tiles[tiles[i].Key]
		t.cell = b
		b, lifted := p.carried(tiles[i].Key, b)
		r := image.Rect(p.pixel(b.x), p.pixel(b.y), p.pixel(b.x+b.width), p.pixel(b.y+b.height))
		t.attr.set("data-away", "")
		t.attr.set("data-inset", "")
		t.place(p.onPixels(r))
		corner := math.Min(radius, cornerShare*b.width)
		t.round(corner)
		placed = append(placed, Placed{Tile: &tiles[i], Box: r, Radius: corner * p.scale, Over: lifted})
	}
	return placed
}

// onPixels is a part of the canvas in CSS pixels.
func (p *Page) onPixels(r image.Rectangle) box {
	return box{float64(r.Min.X) / p.scale, float64(r.Min.Y) / p.scale, float64(r.Dx()) / p.scale, float64(r.Dy()) / p.scale}
}

func (p *Page) pixel(css float64) int { return int(math.Round(css * p.scale)) }

// keep makes the buttons be those of the tiles, in their order.
func (p *Page) keep(tiles []viewer.Tile) {
	same := slices.EqualFunc(tiles, p.order, func(t viewer.Tile, k viewer.TileKey) bool { return t.Key == k })
	if same {
		return
	}
	focused := p.focusedTile()
	p.order = p.order[:0]
	for i := range tiles {
		key := tiles[i].Key
		p.order = append(p.order, key)
		if p.tiles[key] == nil {
			p.tiles[key] = newTile(p.document, key)
		}
		// The order in the document is the order of the Tab key. An element that stands right is not touched: it would lose the focus.
		if at := p.holder.Get("children").Index(i); !at.Truthy() || !at.Equal(p.tiles[key].button) {
			p.holder.Call("insertBefore", p.tiles[key].button, at)
		}
	}
	for key, t := range p.tiles {
		if !slices.Contains(p.order, key) {
			t.button.Call("remove")
			delete(p.tiles, key)
		}
	}
	if p.full != nil && p.tiles[*p.full] == nil {
		p.full = nil
		p.setZoom(layout.Zoom{})
	}
	if focused != nil && p.tiles[focused.key] != nil && p.focusedTile() == nil {
		focused.button.Call("focus") // it lost the focus when it changed its place
	}
}

// Label writes what the placed tiles say. pictures has the rectangle of each drawn picture on the canvas. slow says that ages and
// clocks are due.
func (p *Page) Label(placed []Placed, pictures map[viewer.TileKey]image.Rectangle, tooLarge []viewer.TileKey, slow bool, now time.Time) {
	var said []string
	for i := range placed {
		v := placed[i].Tile
		t := p.tiles[v.Key]
		if announce := t.show(v, slices.Contains(tooLarge, v.Key), slow, now); announce != "" {
			said = append(said, announce)
		}
		t.picture(pictures[v.Key], p.scale, p.window)
	}
	if len(said) > 0 {
		p.boot.Say(strings.Join(said, ". "))
	}
}

// Wishes are what should be sent for the placed tiles: the main stream where the picture has more than 640 device pixels across. A tile
// for which there is no room keeps to key frames.
func Wishes(placed []Placed) []viewer.Wish {
	wishes := make([]viewer.Wish, len(placed))
	for i, t := range placed {
		wishes[i] = viewer.Wish{
			Key: t.Tile.Key, Stream: streamFor(t), Area: uint32(max(t.Box.Dx()*t.Box.Dy(), 0)), Hidden: t.Box.Empty(),
		}
	}
	return wishes
}
