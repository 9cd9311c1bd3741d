package h264

// groupMap derives MbToSliceGroupMap (clause 8.2.2) for flexible macroblock ordering.
func (d *Decoder) groupMap(h *sliceHeader) {
	g := &h.pps.groups
	if g.count == 1 {
		return
	}
	s := h.sps
	w := s.mbWidth
	units := s.mapUnits()
	hu := units / w
	mapUnit := d.mbGroups(units)
	clear(mapUnit)
	switch g.mapType {
	case 0:
		for i := 0; i < units; {
			for k := 0; k < g.count && i < units; k++ {
				for n := g.runLength[k]; n > 0 && i < units; n-- {
					mapUnit[i] = uint8(k)
					i++
				}
			}
		}
	case 1:
		for i := range mapUnit {
			mapUnit[i] = uint8((i%w + i/w*g.count/2) % g.count)
		}
	case 2:
		for i := range mapUnit {
			mapUnit[i] = uint8(g.count - 1)
		}
		for k := g.count - 2; k >= 0; k-- {
			tl, br := int(g.topLeft[k]), int(g.bottomR[k])
			if tl >= units || br >= units {
				continue
			}
			for y := tl / w; y <= br/w; y++ {
				for x := tl % w; x <= br%w; x++ {
					mapUnit[y*w+x] = uint8(k)
				}
			}
		}
	case 3, 4, 5:
		inGroup0 := min(int(min(uint64(h.groupCycle)*uint64(g.changeRate), uint64(units))), units)
		dir := 0
		if g.direction {
			dir = 1
		}
		upper := inGroup0
		if g.direction {
			upper = units - inGroup0
		}
		switch g.mapType {
		case 3:
			boxOut(mapUnit, w, hu, inGroup0, dir)
		case 4:
			for i := range mapUnit {
				if i < upper {
					mapUnit[i] = uint8(dir)
				} else {
					mapUnit[i] = uint8(1 - dir)
				}
			}
		case 5:
			k := 0
			for x := 0; x < w; x++ {
				for y := 0; y < hu; y++ {
					if k < upper {
						mapUnit[y*w+x] = uint8(dir)
					} else {
						mapUnit[y*w+x] = uint8(1 - dir)
					}
					k++
				}
			}
		}
	case 6:
		copy(mapUnit, g.ids)
	}
	// Clause 8.2.2.8. In an MBAFF frame a unit is a pair; addresses of both are twice the unit's.
	n := d.width * d.height
	switch {
	case s.frameOnly || h.structure != wholeFrame:
		copy(d.groupOf[:n], mapUnit)
	case h.mbaff:
		for i := 0; i < n; i++ {
			d.groupOf[i] = mapUnit[i/2]
		}
	default:
		for i := 0; i < n; i++ {
			d.groupOf[i] = mapUnit[i/(2*w)*w+i%w]
		}
	}
}

// mbGroups returns scratch space for the map of n units.
func (d *Decoder) mbGroups(n int) []uint8 {
	if cap(d.groupUnits) < n {
		d.groupUnits = make([]uint8, n)
	}
	return d.groupUnits[:n]
}

// boxOut is clause 8.2.2.4.
func boxOut(m []uint8, w, h, inGroup0, dir int) {
	for i := range m {
		m[i] = 1
	}
	x, y := (w-dir)/2, (h-dir)/2
	left, right, top, bottom := x, x, y, y
	dx, dy := dir-1, dir
	for k := 0; k < inGroup0; {
		if m[y*w+x] == 1 {
			m[y*w+x] = 0
			k++
		}
		switch {
		case dx == -1 && x == left:
			left = max(left-1, 0)
			x = left
			dx, dy = 0, 2*dir-1
		case dx == 1 && x == right:
			right = min(right+1, w-1)
			x = right
			dx, dy = 0, 1-2*dir
		case dy == -1 && y == top:
			top = max(top-1, 0)
			y = top
			dx, dy = 1-2*dir, 0
		case dy == 1 && y == bottom:
			bottom = min(bottom+1, h-1)
			y = bottom
			dx, dy = 2*dir-1, 0
		default:
			x, y = x+dx, y+dy
		}
	}
}
