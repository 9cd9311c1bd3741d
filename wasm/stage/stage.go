//go:build js

package stage

import (
	"image"
	"sync"
	"syscall/js"
	"time"

	"github.com/hajimehoshi/ebiten/v2"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/pace"
)

// Stage is the canvas and what is drawn on it.
type Stage struct {
	element js.Value // the canvas's parent
	onFrame func([]Frame)
	after   js.Func

	mu       sync.Mutex
	size     image.Point // canvas, pixels
	tiles    map[viewer.TileKey]*drawn
	all      bool // everything must be drawn anew
	shaders  shaders
	failed   error         // a shader did not compile
	screen   *ebiten.Image // what the tiles were last drawn on
	graphics graphics
	began    time.Time
	frames   uint64
	busy     time.Duration
	pace     pace.Pace
	port     js.Value // tells the pace
	churn    float64  // part of the tiles' area that changes in a frame, on average
	direct   bool     // tiles are drawn on the display
	kept     bool     // the offscreen image shows what is to be seen
}

// Frame tells where a tile's picture lies on the canvas, in pixels of the canvas.
type Frame struct {
	Key    viewer.TileKey
	Serial uint64
	// Captured is the picture's capture time.
	Captured codec.Timestamp
	Rect     image.Rectangle
}

// New makes the stage in element. onFrame, if not nil, is called after each drawn frame, before the browser shows it.
// The element's canvas must be sized with Resize before Run.
func New(element js.Value, onFrame func([]Frame)) (*Stage, error) {
	s := &Stage{element: element, shaders: shaders{}, onFrame: onFrame, tiles: map[viewer.TileKey]*drawn{}, all: true}
	s.graphics = unknownGraphics
	s.after = js.FuncOf(func(js.Value, []js.Value) any {
		s.presented()
		return nil
	})
	s.watchCost()
	s.adopt()
	return s, nil
}

// Quiet takes ebiten's canvas, which is in the document from the program's start, out of the order of the Tab key: it holds nothing to use.
func Quiet() {
	if canvas := js.Global().Get("document").Call("querySelector", "body > canvas"); canvas.Truthy() {
		canvas.Call("setAttribute", "tabindex", "-1")
	}
}

// adopt moves ebiten's canvas from the body, where it was made, into the stage's element.
func (s *Stage) adopt() {
	canvas := js.Global().Get("document").Call("querySelector", "body > canvas")
	canvas.Call("setAttribute", "tabindex", "-1") // the tiles above it take the focus
	canvas.Call("setAttribute", "aria-hidden", "true")
	s.element.Call("prepend", canvas)
	// ebiten asks for a context with multisampling and a depth buffer, which rectangles have no use for. Without a graphics card
	// multisampling takes a third of the frames.
	var plain js.Func
	plain = js.FuncOf(func(_ js.Value, args []js.Value) any {
		defer plain.Release() // it is asked for once
		canvas.Delete("getContext")
		attributes := args[1]
		attributes.Set("antialias", false)
		attributes.Set("depth", false)
		context := canvas.Call("getContext", args[0], attributes)
		if context.Truthy() {
			s.mu.Lock()
			s.graphics = probe(context)
			s.mu.Unlock()
		}
		return context
	})
	canvas.Set("getContext", plain)
}

// Run draws until the page ends or drawing fails.
func (s *Stage) Run() error {
	ebiten.SetScreenClearedEveryFrame(false)
	//lint:ignore SA1019 What replaces it presents up to four unchanged frames after each changed one, so a stream of 15 frames
	// a second would be presented 60 times a second.
	ebiten.SetFPSMode(ebiten.FPSModeVsyncOffMinimum)
	return ebiten.RunGameWithOptions((*game)(s), &ebiten.RunGameOptions{
		ScreenTransparent: true, // corners show the page behind
		InitUnfocused:     true,
		DisableHiDPI:      true, // Resize counts in the device's pixels itself
	})
}

// Resize sets the canvas's size in device pixels. ebiten takes the size of the page's body for that of its canvas, and remembers
// the first ratio of device to CSS pixels for ever, though zoom and other screens change it. So the body is made to state the
// canvas's pixels as its own size, and ebiten to see a ratio of 1.
func (s *Stage) Resize(width, height int) {
	s.mu.Lock()
	size := image.Pt(max(width, 1), max(height, 1))
	same := size == s.size
	s.size = size
	s.all = true
	s.mu.Unlock()
	if same {
		return
	}
	body := js.Global().Get("document").Get("body")
	define := js.Global().Get("Object").Get("defineProperty")
	define.Invoke(body, "clientWidth", map[string]any{"value": size.X, "configurable": true})
	define.Invoke(body, "clientHeight", map[string]any{"value": size.Y, "configurable": true})
	window := js.Global().Get("window")
	window.Call("dispatchEvent", js.Global().Get("Event").New("resize"))
}

// Place says what is to be seen. Pictures that are new are copied before it returns; a frame is drawn only if something changed.
// It returns the tiles whose pictures are too large for this device's graphics.
func (s *Stage) Place(tiles []Tile) (tooLarge []viewer.TileKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	placed := make(map[viewer.TileKey]bool, len(tiles))
	for _, t := range tiles {
		placed[t.Key] = true
		d := s.tiles[t.Key]
		if d == nil {
			d = &drawn{}
			s.tiles[t.Key] = d
		}
		if t.Picture != nil && !s.fits(t.Picture) {
			tooLarge = append(tooLarge, t.Key)
			t.Picture = nil
		}
		if d.put(t) {
			s.all = true
		}
	}
	for key, d := range s.tiles {
		if !placed[key] {
			d.drop()
			delete(s.tiles, key)
			s.all = true
		}
	}
	if s.pending() {
		//lint:ignore SA1019 It belongs to the mode chosen in Run.
		ebiten.ScheduleFrame()
	}
	return tooLarge
}

// fits reports whether the graphics can hold the picture. ebiten rounds a texture's sides up to powers of two.
func (s *Stage) fits(p *viewer.Picture) bool {
	q := planes{layout: p.Layout(), width: p.Width(), height: p.Height()}
	w, h := q.texels()
	return ceilPower(w) <= s.graphics.maxTexture && ceilPower(h) <= s.graphics.maxTexture
}

func ceilPower(n int) int {
	p := 16
	for p < n {
		p *= 2
	}
	return p
}

func (s *Stage) pending() bool {
	if s.all {
		return true
	}
	for _, d := range s.tiles {
		if d.dirty {
			return true
		}
	}
	return false
}

// Measures returns how many frames were drawn, and how much time of the main thread each took.
func (s *Stage) Measures() (frames uint64, each time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frames == 0 {
		return 0, 0
	}
	return s.frames, s.busy / time.Duration(s.frames)
}

// presented runs once ebiten has given the frame to the browser.
func (s *Stage) presented() {
	s.mu.Lock()
	s.frames++
	s.busy += time.Since(s.began)
	var frames []Frame
	if s.onFrame != nil {
		for key, d := range s.tiles {
			if !d.frame.Empty() {
				frames = append(frames, Frame{Key: key, Serial: d.serial, Captured: d.captured, Rect: d.frame})
			}
		}
	}
	s.mu.Unlock()
	s.port.Call("postMessage", js.Null())
	if s.onFrame != nil {
		s.onFrame(frames)
	}
}

// game is the Stage as ebiten sees it.
type game Stage

// Update notes when the frame began; ebiten calls it before Draw. Its error ends Run.
func (g *game) Update() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.began = time.Now()
	return g.failed
}

// Layout makes the drawing exactly as large as the canvas.
func (g *game) Layout(width, height int) (int, int) { return max(width, 1), max(height, 1) }

// Draw draws the tiles that changed over what the last frame left, or leaves them to DrawFinalScreen.
func (g *game) Draw(screen *ebiten.Image) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := (*Stage)(g)
	if screen != g.screen {
		g.screen, g.all = screen, true
	}
	if !s.pending() {
		return
	}
	all := g.all
	g.all = false
	s.choose(all)
	if g.direct {
		g.kept = false
		touch(screen)
	} else {
		all = all || !g.kept
		if all {
			screen.Clear()
		}
		s.drawTiles(screen, all)
		g.kept = true
	}
	// A microtask runs after ebiten has issued this frame's commands and before the browser composites.
	js.Global().Call("queueMicrotask", g.after)
}
