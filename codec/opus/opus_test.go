package opus

import (
	"bytes"
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	const ms = time.Millisecond
	join := func(head []byte, n int) []byte { return append(bytes.Clone(head), make([]byte, n)...) }
	for _, c := range []struct {
		name   string
		packet []byte
		want   time.Duration // 0: refused
	}{
		{"SILK, 60 ms", join([]byte{11 << 3}, 40), 60 * ms},
		{"SILK, 10 ms", join([]byte{0}, 1), 10 * ms},
		{"hybrid, 20 ms", join([]byte{15 << 3}, 50), 20 * ms},
		{"CELT, 20 ms, stereo", join([]byte{31<<3 | 4}, 100), 20 * ms},
		{"CELT, 2.5 ms", join([]byte{28 << 3}, 10), 2500 * time.Microsecond},
		{"nothing sent (DTX)", []byte{31 << 3}, 20 * ms},
		{"two alike", join([]byte{31<<3 | 1}, 100), 40 * ms},
		{"two alike, odd", join([]byte{31<<3 | 1}, 101), 0},
		{"two, the first with its size", join([]byte{31<<3 | 2, 30}, 100), 40 * ms},
		{"a longer size", join([]byte{31<<3 | 2, 252, 1}, 300), 40 * ms},
		{"a size beyond the end", join([]byte{31<<3 | 2, 101}, 100), 0},
		{"no size", []byte{31<<3 | 2}, 0},
		{"six alike", join([]byte{31<<3 | 3, 6}, 60), 120 * ms},
		{"seven are too long", join([]byte{31<<3 | 3, 7}, 70), 0},
		{"none", join([]byte{31<<3 | 3, 0}, 70), 0},
		{"three with sizes", join([]byte{31<<3 | 3, 0x83, 10, 20}, 60), 60 * ms},
		{"sizes beyond the end", join([]byte{31<<3 | 3, 0x83, 40, 30}, 60), 0},
		{"padding", join([]byte{31<<3 | 3, 0x42, 10}, 30), 40 * ms},
		{"much padding", join([]byte{31<<3 | 3, 0x41, 255, 10}, 300), 20 * ms},
		{"more padding than there is", join([]byte{31<<3 | 3, 0x41, 31}, 30), 0},
		{"padding without end", []byte{31<<3 | 3, 0x41, 255, 255}, 0},
		{"empty", nil, 0},
		{"a frame of 1275 bytes", join([]byte{31 << 3}, 1275), 20 * ms},
		{"one of 1276", join([]byte{31 << 3}, 1276), 0},
		{"larger than any", join([]byte{31<<3 | 3, 6}, 9000), 0},
	} {
		got, err := Duration(c.packet)
		if got != c.want || (err != nil) != (c.want == 0) {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func FuzzDuration(f *testing.F) {
	f.Add([]byte{31<<3 | 3, 0x42, 10, 1, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Duration(b)
		if err == nil && (d < 2500*time.Microsecond || d > maxDuration) {
			t.Errorf("%x sounds for %v", b, d)
		}
	})
}
