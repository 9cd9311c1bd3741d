package layout

import "math"

// MaxPixel is how large one pixel of a picture may become in pixels of the stage: more shows nothing more.
const MaxPixel = 8

// Zoom says which part of a picture is seen in full size, independently of the stage, so that turning the device keeps it. The zero value
// shows the whole picture.
type Zoom struct {
	more float64 // scale less 1: 0 shows the picture as large as it fits
	x, y float64 // the part of the picture in the stage's middle, -0.5 to 0.5 from the picture's middle
}

// Scale returns how much larger than fitting the picture is: 1 or more.
func (z Zoom) Scale() float64 { return 1 + z.more }

// In reports whether the picture is larger than it fits.
func (z Zoom) In() bool { return z.more > 0 }

// Frame returns where a picture of width by height pixels lies on the stage; it may extend beyond it.
func (z Zoom) Frame(stage Rect, width, height int) Rect {
	f := Fit(stage, float64(width)/float64(height))
	if !z.In() || f.Empty() {
		return f
	}
	z = z.clamped(stage, width, height)
	w, h := f.W*z.Scale(), f.H*z.Scale()
	return Rect{stage.X + stage.W/2 - (0.5+z.x)*w, stage.Y + stage.H/2 - (0.5+z.y)*h, w, h}
}

// By changes the scale by a factor. What lies under the point (x, y) of the stage stays there as far as the picture's edges allow.
func (z Zoom) By(factor float64, stage Rect, width, height int, x, y float64) Zoom {
	f := Fit(stage, float64(width)/float64(height))
	if f.Empty() || !(factor > 0) || math.IsInf(factor, 0) {
		return z
	}
	z = z.clamped(stage, width, height)
	scale := math.Min(math.Max(z.Scale()*factor, 1), mostScale(f, width))
	if scale < 1+1e-6 {
		return Zoom{}
	}
	// The point's distance from the middle, in parts of the picture, shrinks as the picture grows.
	dx, dy := (x-stage.X-stage.W/2)/f.W, (y-stage.Y-stage.H/2)/f.H
	inverse := 1/z.Scale() - 1/scale
	z = Zoom{more: scale - 1, x: z.x + dx*inverse, y: z.y + dy*inverse}
	return z.clamped(stage, width, height)
}

// Pan moves the picture by so much of the stage.
func (z Zoom) Pan(dx, dy float64, stage Rect, width, height int) Zoom {
	f := Fit(stage, float64(width)/float64(height))
	if !z.In() || f.Empty() {
		return z
	}
	z = z.clamped(stage, width, height)
	z.x -= dx / (f.W * z.Scale())
	z.y -= dy / (f.H * z.Scale())
	return z.clamped(stage, width, height)
}

// mostScale is for a picture that fits as f. A small one can be magnified as well.
func mostScale(f Rect, width int) float64 { return math.Max(MaxPixel*float64(width)/f.W, 2) }

// clamped keeps the picture's edges outside of the stage, or the picture in its middle where it is smaller.
func (z Zoom) clamped(stage Rect, width, height int) Zoom {
	f := Fit(stage, float64(width)/float64(height))
	z.more = math.Min(z.more, mostScale(f, width)-1)
	z.x = clampPart(z.x, stage.W/(f.W*z.Scale()))
	z.y = clampPart(z.y, stage.H/(f.H*z.Scale()))
	return z
}

// clampPart limits the middle of what is seen; seen is the part of the picture that the stage has room for.
func clampPart(middle, seen float64) float64 {
	room := math.Max(0, (1-seen)/2)
	if !(math.Abs(middle) <= room) {
		return math.Copysign(room, middle)
	}
	return middle
}

// Corner is one of a stage's corners.
type Corner int

// The corners.
const (
	BottomRight Corner = iota
	BottomLeft
	TopLeft
	TopRight
	corners = 4
)

// Valid reports whether it is a corner.
func (c Corner) Valid() bool { return c >= 0 && c < corners }

// Nearest returns the corner that a point of the stage is nearest to.
func Nearest(stage Rect, x, y float64) Corner {
	left, top := x < stage.X+stage.W/2, y < stage.Y+stage.H/2
	switch {
	case left && top:
		return TopLeft
	case left:
		return BottomLeft
	case top:
		return TopRight
	}
	return BottomRight
}

// Inset places a smaller picture in a corner of the stage, in its own shape, margin away from the edges: a third of the stage's shorter way
// wide on phones, down to a quarter on large screens.
func Inset(stage Rect, c Corner, aspect, marginX, marginY float64) Rect {
	if stage.Empty() {
		return Rect{X: stage.X, Y: stage.Y}
	}
	room := Rect{W: math.Max(stage.W*0.28, math.Min(stage.W*0.46, 240)), H: math.Max(stage.H*0.28, math.Min(stage.H*0.46, 200))}
	r := Fit(room, aspect)
	marginX, marginY = math.Min(marginX, (stage.W-r.W)/4), math.Min(marginY, (stage.H-r.H)/4)
	r.X, r.Y = stage.X+stage.W-r.W-marginX, stage.Y+stage.H-r.H-marginY
	if c == BottomLeft || c == TopLeft {
		r.X = stage.X + marginX
	}
	if c == TopLeft || c == TopRight {
		r.Y = stage.Y + marginY
	}
	return r
}
