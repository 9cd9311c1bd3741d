package testcard

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"time"
)

// The card is laid out in units of a picture of 1280 × 720; scale turns them into pixels.
const (
	designWidth  = 1280
	designHeight = 720
)

var (
	night  = color.RGBA{0x0c, 0x12, 0x1b, 255}
	dusk   = color.RGBA{0x1c, 0x2b, 0x3d, 255}
	panel  = color.RGBA{0x08, 0x0c, 0x13, 255}
	border = color.RGBA{0x36, 0x4a, 0x61, 255}
	ghost  = color.RGBA{0x14, 0x1b, 0x25, 255} // segments that are not lit
	lit    = color.RGBA{0xff, 0xc8, 0x5c, 255}
	paper  = color.RGBA{0xdc, 0xe6, 0xf0, 255}
	strip  = mix(night, dusk, .8) // under date and zone
	// bars are the colour bars of EBU at 75 %.
	bars = []color.RGBA{
		{191, 191, 191, 255},
		{191, 191, 0, 255},
		{0, 191, 191, 255},
		{0, 191, 0, 255},
		{191, 0, 191, 255},
		{191, 0, 0, 255},
		{0, 0, 191, 255},
		{16, 16, 16, 255},
	}
)

// cell is a place for one digit.
type cell struct {
	rect image.Rectangle
	font *font
	back color.RGBA
	fore color.RGBA
	now  byte
}

// card is one size of the test card.
type card struct {
	picture *image.RGBA
	tiles   *tiles
	scale   float64
	clock   []*cell // HHMMSS and tenths
	date    []*cell // YYYY-MM-DD
	zone    []*cell // ±HHMM
	minute  image.Rectangle
	filled  int // pixels of minute
	corner  *image.RGBA
}

func newCard(width, height int) *card {
	c := &card{picture: image.NewRGBA(image.Rect(0, 0, width, height)), scale: float64(width) / designWidth}
	c.background()
	c.layout()
	c.tiles = newTiles(c.picture)
	return c
}

// px turns design units into pixels.
func (c *card) px(v float64) int { return int(math.Round(v * c.scale)) }

func (c *card) rect(x0, y0, x1, y1 float64) image.Rectangle {
	return image.Rect(c.px(x0), c.px(y0), c.px(x1), c.px(y1))
}

func (c *card) fill(r image.Rectangle, col color.Color) {
	draw.Draw(c.picture, r, image.NewUniform(col), image.Point{}, draw.Src)
}

// background draws what never changes.
func (c *card) background() {
	b := c.picture.Bounds()
	for y := range b.Dy() {
		c.fill(image.Rect(0, y, b.Dx(), y+1), mix(night, dusk, float64(y)/float64(b.Dy())))
	}
	for x := 80.; x < designWidth; x += 80 {
		c.blend(c.rect(x, 200, x, 720).Inset(-1), func(px, _ int) float64 { return line(float64(px)+.5, x*c.scale) * .10 })
	}
	for y := 240.; y < designHeight; y += 80 {
		c.blend(c.rect(0, y, designWidth, y).Inset(-1), func(_, py int) float64 { return line(float64(py)+.5, y*c.scale) * .10 })
	}
	// The ring shows whether circles stay round.
	cx, cy := 640*c.scale, 385*c.scale
	c.blend(c.rect(0, 200, designWidth, designHeight), func(px, py int) float64 {
		return line(math.Hypot(float64(px)+.5-cx, float64(py)+.5-cy), 300*c.scale) * .35
	})
	for i, col := range bars {
		c.fill(c.rect(float64(i)*160, 0, float64(i+1)*160, 160), col)
	}
	for i := range 16 {
		g := uint8(16 + i*219/15)
		c.fill(c.rect(float64(i)*80, 160, float64(i+1)*80, 200), color.RGBA{g, g, g, 255})
	}
	c.roundRect(c.rect(132, 272, 1148, 498), 20*c.scale, border)
	c.roundRect(c.rect(134, 274, 1146, 496), 18*c.scale, panel)
	c.fill(c.rect(140, 640, 1140, 656), panel)
}

// line is how much of a line of two pixels' width at a place covers a pixel.
func line(at, place float64) float64 { return max(0, min(1, 1.5-math.Abs(at-place))) }

func mix(a, b color.RGBA, t float64) color.RGBA {
	f := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + (float64(y)-float64(x))*t)) }
	return color.RGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 255}
}

// blend lays light over the picture, as strong as alpha says.
func (c *card) blend(r image.Rectangle, alpha func(x, y int) float64) {
	r = r.Intersect(c.picture.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if a := alpha(x, y); a > 0 {
				c.picture.SetRGBA(x, y, mix(c.picture.RGBAAt(x, y), paper, a))
			}
		}
	}
}

func (c *card) roundRect(r image.Rectangle, radius float64, col color.RGBA) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			dx := max(float64(r.Min.X)+radius-float64(x)-.5, float64(x)+.5-float64(r.Max.X)+radius, 0)
			dy := max(float64(r.Min.Y)+radius-float64(y)-.5, float64(y)+.5-float64(r.Max.Y)+radius, 0)
			if cover := max(0, min(1, radius-math.Hypot(dx, dy)+.5)); cover > 0 {
				c.picture.SetRGBA(x, y, mix(c.picture.RGBAAt(x, y), col, cover))
			}
		}
	}
}

// layout places the digits and what stands between them.
func (c *card) layout() {
	big, small, note := c.font(104, 176), c.font(56, 95), c.font(30, 52)
	x := 178.
	for i := range 6 {
		c.clock = append(c.clock, c.cell(x, 297, big, panel, lit))
		x += 104 + 20
		if i == 1 || i == 3 {
			c.dot(x+12, 348, 10, lit)
			c.dot(x+12, 422, 10, lit)
			x += 24 + 20
		}
	}
	c.dot(x+4, 464, 9, lit)
	c.clock = append(c.clock, c.cell(x+28, 378, small, panel, lit))

	// Digits of date and zone stand on a strip of one colour, so that drawing over them leaves nothing behind.
	c.roundRect(c.rect(306, 534, 974, 616), 14*c.scale, strip)
	x = 334
	for range 10 {
		c.date = append(c.date, c.cell(x, 549, note, strip, paper))
		x += 30 + 9
	}
	x += 30
	c.plusMinus(x)
	x += 18 + 14
	for i := range 4 {
		c.zone = append(c.zone, c.cell(x, 549, note, strip, paper))
		if x += 30 + 9; i == 1 {
			c.dot(x+2, 565, 3, paper)
			c.dot(x+2, 586, 3, paper)
			x += 14
		}
	}
	c.minute = c.rect(140, 640, 1140, 656)
}

func (c *card) font(width, height float64) *font { return newFont(c.px(width), c.px(height)) }

func (c *card) cell(x, y float64, f *font, back, fore color.RGBA) *cell {
	at := image.Pt(c.px(x), c.px(y))
	return &cell{rect: image.Rectangle{at, at.Add(image.Pt(f.width, f.height))}, font: f, back: back, fore: fore}
}

func (c *card) dot(x, y, radius float64, col color.RGBA) {
	cx, cy, r := x*c.scale, y*c.scale, radius*c.scale
	box := image.Rect(int(cx-r-1), int(cy-r-1), int(cx+r+2), int(cy+r+2))
	for py := box.Min.Y; py < box.Max.Y; py++ {
		for px := box.Min.X; px < box.Max.X; px++ {
			if a := max(0, min(1, r-math.Hypot(float64(px)+.5-cx, float64(py)+.5-cy)+.5)); a > 0 {
				c.picture.SetRGBA(px, py, mix(c.picture.RGBAAt(px, py), col, a))
			}
		}
	}
}

// plusMinus draws the place of the zone's sign: the bar of both signs stays, setSign draws the upright one.
func (c *card) plusMinus(x float64) {
	c.fill(c.rect(x, 573, x+18, 577), paper)
	c.corner = c.picture.SubImage(c.rect(x+7, 566, x+11, 584)).(*image.RGBA)
}

// show draws a time and encodes what changed.
func (c *card) show(t time.Time) {
	set := func(cells []*cell, text string) {
		for i, cell := range cells {
			c.set(cell, text[i])
		}
	}
	set(c.clock, t.Format("150405")+string('0'+byte(t.Nanosecond()/1e8)))
	set(c.date, t.Format("2006-01-02"))
	zone := t.Format("-0700")
	c.setSign(zone[0] == '+')
	set(c.zone, zone[1:])
	ms := t.Second()*1000 + t.Nanosecond()/1e6
	c.setMinute(c.minute.Dx() * ms / 60000)
}

func (c *card) set(l *cell, glyph byte) {
	if l.now == glyph {
		return
	}
	l.now = glyph
	c.fill(l.rect, l.back)
	on := glyphs[glyph]
	for i, m := range l.font.masks {
		col := l.fore
		if on&(1<<i) == 0 {
			if l.back != panel {
				continue
			}
			col = ghost
		}
		draw.DrawMask(c.picture, l.rect, image.NewUniform(col), image.Point{}, m, image.Point{}, draw.Over)
	}
	c.tiles.touch(l.rect)
}

func (c *card) setSign(plus bool) {
	r := c.corner.Bounds()
	col := strip
	if plus {
		col = paper
	}
	middle := image.Pt((r.Min.X+r.Max.X)/2, r.Min.Y)
	if c.picture.RGBAAt(middle.X, middle.Y) == col {
		return
	}
	bar := c.rect(0, 573, 0, 577)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		if y < bar.Min.Y || y >= bar.Max.Y {
			c.fill(image.Rect(r.Min.X, y, r.Max.X, y+1), col)
		}
	}
	c.tiles.touch(r)
}

// setMinute fills the bar below, which takes a minute.
func (c *card) setMinute(filled int) {
	if filled == c.filled {
		return
	}
	from, to, col := c.filled, filled, lit
	if filled < c.filled {
		from, to, col = filled, c.filled, panel
	}
	r := image.Rect(c.minute.Min.X+from, c.minute.Min.Y, c.minute.Min.X+to, c.minute.Max.Y)
	c.fill(r, col)
	c.filled = filled
	c.tiles.touch(r)
}

// jpeg returns the picture as a file of its own memory.
func (c *card) jpeg() ([]byte, error) { return c.tiles.file(c.picture) }
