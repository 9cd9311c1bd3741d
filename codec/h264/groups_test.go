package h264

import "testing"

// Maps worked out by hand from clause 8.2.2.
func TestSliceGroupMaps(t *testing.T) {
	for _, c := range []struct {
		name  string
		g     sliceGroups
		cycle uint32
		want  string // rows of a 4x4 picture
	}{
		{"interleaved", sliceGroups{count: 2, mapType: 0, runLength: [8]uint32{3, 2}}, 0, "0001 1000 1100 0110"},
		{"dispersed, two", sliceGroups{count: 2, mapType: 1}, 0, "0101 1010 0101 1010"},
		{"dispersed, four", sliceGroups{count: 4, mapType: 1}, 0, "0123 2301 0123 2301"},
		{"foreground", sliceGroups{count: 3, mapType: 2, topLeft: [8]uint32{5, 2}, bottomR: [8]uint32{10, 7}}, 0, "2211 2001 2002 2222"},
		{"box-out, clockwise", sliceGroups{count: 2, mapType: 3, changeRate: 1}, 7, "1111 1000 1000 1110"},
		{"box-out, counter-clockwise", sliceGroups{count: 2, mapType: 3, changeRate: 1, direction: true}, 4, "1111 1001 1001 1111"},
		{"raster", sliceGroups{count: 2, mapType: 4, changeRate: 5}, 1, "0000 0111 1111 1111"},
		{"raster, reversed", sliceGroups{count: 2, mapType: 4, changeRate: 5, direction: true}, 1, "1111 1111 1110 0000"},
		{"wipe", sliceGroups{count: 2, mapType: 5, changeRate: 3}, 2, "0011 0011 0111 0111"},
		{"explicit", sliceGroups{count: 2, mapType: 6, ids: []uint8{0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1}}, 0, "0110 0000 1111 0101"},
	} {
		s := &sps{mbWidth: 4, mbHeight: 4, frameOnly: true}
		d := NewDecoder(Options{})
		d.allocate(s)
		d.width, d.height = 4, 4
		d.groupMap(&sliceHeader{sps: s, pps: &pps{groups: c.g}, structure: wholeFrame, groupCycle: c.cycle})
		got := ""
		for i, g := range d.groupOf[:16] {
			if i > 0 && i%4 == 0 {
				got += " "
			}
			got += string(rune('0' + g))
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
