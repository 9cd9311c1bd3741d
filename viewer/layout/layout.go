// Package layout places tiles on the stage: in which order they come, the grid in which the pictures of any number of cameras become as
// large as they can, one of them at full size and which part of it is seen, and another in its corner. It is arithmetic only and imports the
// standard library only.
package layout

import "math"

// DefaultAspect stands for a camera whose pictures are not known yet: width by height.
const DefaultAspect = 16.0 / 9

// Rect is a place on the stage, from its upper left corner, in whatever unit the stage was given in.
type Rect struct{ X, Y, W, H float64 }

// Empty reports whether nothing can be seen there.
func (r Rect) Empty() bool { return !(r.W > 0 && r.H > 0) }

// Grid places n tiles on a stage of w by h without gaps, in reading order: cells of one size, with as many columns as make the
// pictures inside cover the largest area in total; a last row that is not full is centred. aspect holds width by height of each
// picture; one that is missing or no number above 0 counts as DefaultAspect. Without a stage all places are empty.
func Grid(n int, w, h float64, aspect []float64) []Rect {
	if n <= 0 {
		return nil
	}
	rects := make([]Rect, n)
	if !(w > 0 && h > 0) || math.IsInf(w, 0) || math.IsInf(h, 0) {
		return rects
	}
	columns := bestColumns(n, w, h, aspect)
	rows := (n + columns - 1) / columns
	cell := Rect{W: w / float64(columns), H: h / float64(rows)}
	for i := range rects {
		row := i / columns
		inRow := min(columns, n-row*columns)
		margin := (w - float64(inRow)*cell.W) / 2
		rects[i] = Rect{margin + float64(i%columns)*cell.W, float64(row) * cell.H, cell.W, cell.H}
	}
	return rects
}

// One gives the whole stage to tile i of n. The places of the others are empty: they need not be watched.
func One(n, i int, w, h float64) []Rect {
	if n <= 0 {
		return nil
	}
	rects := make([]Rect, n)
	if i >= 0 && i < n && w > 0 && h > 0 {
		rects[i] = Rect{W: w, H: h}
	}
	return rects
}

// Fit returns the largest place of an aspect in the middle of r.
func Fit(r Rect, aspect float64) Rect {
	if r.Empty() {
		return Rect{X: r.X, Y: r.Y}
	}
	w, h := fit(r.W, r.H, sound(aspect))
	return Rect{r.X + (r.W-w)/2, r.Y + (r.H-h)/2, w, h}
}

func bestColumns(n int, w, h float64, aspect []float64) int {
	best, bestArea := 1, 0.0
	for columns := 1; columns <= n; columns++ {
		rows := (n + columns - 1) / columns
		if columns > 1 && (n+columns-2)/(columns-1) == rows {
			continue // one column less makes as many rows, and wider cells
		}
		area := 0.0
		for i := range n {
			a := 0.0
			if i < len(aspect) {
				a = aspect[i]
			}
			pw, ph := fit(w/float64(columns), h/float64(rows), sound(a))
			area += pw * ph
		}
		// Between equals more columns: then the room that is left lies above and below, where labels are. Rounding is not to decide.
		if area >= bestArea*(1-1e-9) {
			best, bestArea = columns, area
		}
	}
	return best
}

func fit(w, h, aspect float64) (float64, float64) {
	if w > h*aspect {
		return h * aspect, h
	}
	return w, w / aspect
}

func sound(aspect float64) float64 {
	if !(aspect > 0) || math.IsInf(aspect, 0) {
		return DefaultAspect
	}
	return aspect
}
