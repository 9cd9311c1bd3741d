//go:build js

package stage

import (
	"image"
	"image/color"
	"math"
	"os"
	"syscall/js"
	"testing"

	"github.com/hajimehoshi/ebiten/v2"

	"github.com/sealcam/sealcam/viewer"
)

// work is what ebiten runs in its next frame; images can be read only there.
var work = make(chan func())

type runner struct{}

func (runner) Update() error {
	select {
	case f := <-work:
		f()
	default:
	}
	return nil
}

func (runner) Draw(offscreen *ebiten.Image) {
	if len(display) > 0 {
		touch(offscreen)
	}
}

// display is what is drawn on the display itself, in the next frame.
var display = make(chan func(ebiten.FinalScreen), 1)

func (runner) DrawFinalScreen(screen ebiten.FinalScreen, _ *ebiten.Image, _ ebiten.GeoM) {
	select {
	case f := <-display:
		f(screen)
	default:
	}
}
func (runner) Layout(int, int) (int, int) { return 16, 16 }

func TestMain(m *testing.M) {
	if !js.Global().Get("document").Call("createElement", "canvas").Call("getContext", "webgl2").Truthy() {
		os.Stderr.WriteString("no WebGL 2 in this browser\n")
		os.Exit(1)
	}
	go func() {
		if err := ebiten.RunGameWithOptions(runner{}, &ebiten.RunGameOptions{DisableHiDPI: true, InitUnfocused: true}); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
		}
		os.Exit(1)
	}()
	os.Exit(m.Run())
}

// inFrame runs f where images can be read.
func inFrame(f func()) {
	done := make(chan struct{})
	work <- func() {
		defer close(done)
		f()
	}
	<-done
}

// paint is a picture's colour at a pixel.
type paint func(x, y int) color.RGBA

// halves is blue on the left and red on the right, with a green last row and a white last column, each two pixels wide.
func halves(width, height int) paint {
	return func(x, y int) color.RGBA {
		switch {
		case x >= width-2:
			return color.RGBA{235, 235, 235, 255}
		case y >= height-2:
			return color.RGBA{30, 190, 60, 255}
		case x < width/4*2:
			return color.RGBA{40, 80, 200, 255}
		}
		return color.RGBA{200, 60, 40, 255}
	}
}

// encode makes the planes of a picture by the definitions of BT.601 and BT.709, independently of the shader's constants.
func encode(layout viewer.PixelLayout, width, height int, full bool, matrix viewer.Matrix, at paint) planes {
	p := planes{layout: layout, width: width, height: height, full: full, matrix: matrix}
	p.bytes = make([]byte, viewer.PixelsLen(layout, width, height))
	stride := (width + 7) &^ 7
	rows := ((height+1)/2 + 1) &^ 1
	for y := range height {
		for x := range width {
			c := at(x, y)
			if layout == viewer.LayoutRGBA {
				copy(p.bytes[4*(y*width+x):], []byte{c.R, c.G, c.B, 255})
				continue
			}
			l, u, v := yuv(c, full, matrix)
			p.bytes[y*stride+x] = l
			if layout == viewer.LayoutNV12 {
				copy(p.bytes[stride*(height+y/2)+x/2*2:], []byte{u, v})
			} else {
				i := stride*height + stride/2*(y/2) + x/2
				p.bytes[i], p.bytes[i+stride/2*rows] = u, v
			}
		}
	}
	return p
}

func yuv(c color.RGBA, full bool, matrix viewer.Matrix) (y, u, v byte) {
	r, g, b := float64(c.R)/255, float64(c.G)/255, float64(c.B)/255
	l := 0.299*r + 0.587*g + 0.114*b
	cb, cr := (b-l)/1.772, (r-l)/1.402
	if matrix == viewer.BT709 {
		l = 0.2126*r + 0.7152*g + 0.0722*b
		cb, cr = (b-l)/1.8556, (r-l)/1.5748
	}
	if full {
		return byte(math.Round(l * 255)), byte(math.Round(128 + cb*255)), byte(math.Round(128 + cr*255))
	}
	return byte(math.Round(16 + l*219)), byte(math.Round(128 + cb*224)), byte(math.Round(128 + cr*224))
}

// compiled keeps the shaders of all tests.
var compiled = shaders{}

// render draws the planes into a tile and returns a function that reads a pixel of the result.
func render(tb testing.TB, p planes, t Tile, size image.Point, smooth smoothing) func(x, y int) color.RGBA {
	tb.Helper()
	var err error
	pixels := make([]byte, 4*size.X*size.Y)
	inFrame(func() {
		target := ebiten.NewImage(size.X, size.Y)
		defer target.Deallocate()
		var d drawn
		d.upload(p)
		d.tile = t
		err = d.draw(target, compiled, smooth)
		target.ReadPixels(pixels)
		d.drop()
	})
	if err != nil {
		tb.Fatal(err)
	}
	return func(x, y int) color.RGBA {
		i := 4 * (y*size.X + x)
		return color.RGBA{pixels[i], pixels[i+1], pixels[i+2], pixels[i+3]}
	}
}

func near(a, b color.RGBA, tolerance int) bool {
	far := func(x, y uint8) bool { d := int(x) - int(y); return d > tolerance || d < -tolerance }
	return !far(a.R, b.R) && !far(a.G, b.G) && !far(a.B, b.B) && !far(a.A, b.A)
}

func TestPixelForPixel(t *testing.T) {
	for _, size := range []image.Point{{64, 36}, {50, 34}, {49, 33}, {8, 8}, {13, 7}, {9, 2}, {3, 3}} {
		for _, layout := range []viewer.PixelLayout{viewer.LayoutI420, viewer.LayoutNV12, viewer.LayoutRGBA} {
			for _, matrix := range []viewer.Matrix{viewer.BT601, viewer.BT709} {
				for _, full := range []bool{false, true} {
					// Colours change on even pixels only, so that every chroma sample has one colour.
					even := halves(size.X&^1, size.Y&^1)
					want := func(x, y int) color.RGBA { return even(x&^1, y&^1) }
					p := encode(layout, size.X, size.Y, full, matrix, want)
					got := render(t, p, Tile{Box: image.Rectangle{Max: size}}, size, smoothColour)
					for y := range size.Y {
						for x := range size.X {
							if !near(got(x, y), want(x, y), 3) {
								t.Fatalf("%v %v matrix %v full %v: pixel %d,%d is %v, want %v", layout, size, matrix, full, x, y, got(x, y), want(x, y))
							}
						}
					}
				}
			}
		}
	}
}

func TestScaled(t *testing.T) {
	even := halves(32, 18)
	for _, layout := range []viewer.PixelLayout{viewer.LayoutI420, viewer.LayoutNV12, viewer.LayoutRGBA} {
		p := encode(layout, 32, 18, false, viewer.BT709, func(x, y int) color.RGBA { return even(x&^1, y&^1) })
		for _, scale := range []int{2, 5} {
			smooth := smoothLuma + smoothing(scale%2) // both ways
			size := image.Pt(32*scale, 18*scale)
			got := render(t, p, Tile{Box: image.Rectangle{Max: size}}, size, smooth)
			// In the middle of each area, away from the edges between them.
			for _, at := range []image.Point{{4, 4}, {12, 8}, {22, 4}, {26, 12}, {31, 4}, {6, 17}} {
				x, y := at.X*scale+scale/2, at.Y*scale+scale/2
				if want := even(at.X&^1, at.Y&^1); !near(got(x, y), want, 14) {
					t.Errorf("%v ×%d: pixel %d,%d is %v, want about %v", layout, scale, x, y, got(x, y), want)
				}
			}
			// Between blue and red there is neither, where nearest sampling would give one of the two.
			if c := got(16*scale, 4*scale); smooth == smoothColour && (near(c, even(4, 4), 14) || near(c, even(22, 4), 14)) {
				t.Errorf("%v ×%d: the edge is not smoothed: %v", layout, scale, c)
			}
		}
	}
}

func TestLetterboxAndCorners(t *testing.T) {
	white := func(int, int) color.RGBA { return color.RGBA{255, 255, 255, 255} }
	p := encode(viewer.LayoutI420, 16, 16, true, viewer.BT601, white)
	size := image.Pt(120, 60)
	got := render(t, p, Tile{Box: image.Rect(10, 10, 110, 50), Radius: 10}, size, smoothColour)
	for _, c := range []struct {
		x, y int
		want color.RGBA
		what string
	}{
		{60, 30, color.RGBA{255, 255, 255, 255}, "picture"},
		{41, 11, color.RGBA{255, 255, 255, 255}, "picture's corner"},
		{38, 30, color.RGBA{0, 0, 0, 255}, "letterbox left"},
		{81, 30, color.RGBA{0, 0, 0, 255}, "letterbox right"},
		{10, 10, color.RGBA{}, "tile's corner"},
		{109, 49, color.RGBA{}, "tile's other corner"},
		{5, 30, color.RGBA{}, "outside"},
	} {
		if !near(got(c.x, c.y), c.want, 2) {
			t.Errorf("%s: %v, want %v", c.what, got(c.x, c.y), c.want)
		}
	}
}

func TestFadeDarkens(t *testing.T) {
	red := func(int, int) color.RGBA { return color.RGBA{200, 60, 40, 255} }
	p := encode(viewer.LayoutI420, 16, 16, false, viewer.BT709, red)
	size := image.Pt(16, 16)
	got := render(t, p, Tile{Box: image.Rectangle{Max: size}, Fade: 1}, size, smoothColour)(8, 8)
	if got.R > 60 || got.R != got.G || got.G != got.B {
		t.Errorf("a faded picture has the colour %v, want dark grey", got)
	}
}

// On the display rows are counted from below, which is not to turn pictures upside down.
func TestOnTheDisplay(t *testing.T) {
	size := image.Pt(24, 16)
	want := halves(size.X, size.Y)
	p := encode(viewer.LayoutRGBA, size.X, size.Y, true, viewer.BT709, want)
	box := image.Rectangle{Max: size}.Add(image.Pt(5, 3))
	pixels := make([]byte, 4*size.X*size.Y)
	var err error
	done := make(chan struct{})
	var read js.Func
	display <- func(screen ebiten.FinalScreen) {
		d := &drawn{}
		d.upload(p)
		d.tile = Tile{Box: box}
		err = d.draw(screen, compiled, smoothColour)
		read = js.FuncOf(func(js.Value, []js.Value) any {
			defer close(done)
			gl := js.Global().Get("document").Call("querySelector", "canvas").Call("getContext", "webgl2")
			array := js.Global().Get("Uint8Array").New(len(pixels))
			bottom := screen.Bounds().Dy() - box.Max.Y
			gl.Call("bindFramebuffer", gl.Get("READ_FRAMEBUFFER"), js.Null())
			gl.Call("readPixels", box.Min.X, bottom, size.X, size.Y, gl.Get("RGBA"), gl.Get("UNSIGNED_BYTE"), array)
			js.CopyBytesToGo(pixels, array)
			return nil
		})
		js.Global().Call("queueMicrotask", read)
	}
	<-done
	read.Release()
	if err != nil {
		t.Fatal(err)
	}
	for y := range size.Y {
		for x := range size.X {
			i := 4 * ((size.Y-1-y)*size.X + x)
			if got := (color.RGBA{pixels[i], pixels[i+1], pixels[i+2], pixels[i+3]}); !near(got, want(x, y), 3) {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, got, want(x, y))
			}
		}
	}
}

func TestLetterbox(t *testing.T) {
	for _, c := range []struct {
		box           image.Rectangle
		width, height int
		want          image.Rectangle
	}{
		{image.Rect(0, 0, 160, 90), 1920, 1080, image.Rect(0, 0, 160, 90)},
		{image.Rect(10, 20, 110, 120), 200, 100, image.Rect(10, 45, 110, 95)},
		{image.Rect(0, 0, 100, 50), 100, 100, image.Rect(25, 0, 75, 50)},
		{image.Rect(0, 0, 100, 50), 1, 5000, image.Rect(49, 0, 50, 50)},
		{image.Rect(3, 4, 3, 4), 10, 10, image.Rect(3, 4, 3, 4)},
		{image.Rect(3, 4, 30, 40), 0, 10, image.Rect(3, 4, 3, 4)},
	} {
		if got := Letterbox(c.box, c.width, c.height); got != c.want {
			t.Errorf("%d×%d in %v: %v, want %v", c.width, c.height, c.box, got, c.want)
		}
	}
}

func TestSoftwareRenderers(t *testing.T) {
	for renderer, want := range map[string]bool{
		"ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)": true,
		"llvmpipe (LLVM 15.0.6, 256 bits)":                                                 true,
		"ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11 vs_5_0 ps_5_0, D3D11)": true,
		"ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6)":              false,
		"ANGLE (Apple, ANGLE Metal Renderer: Apple M2, Unspecified Version)":               false,
		"Mali-G78": false,
		"":         false,
	} {
		if isSoftware(renderer) != want {
			t.Errorf("%q: software %v", renderer, !want)
		}
	}
}
