package testcard

import (
	"bytes"
	"context"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/jpeg"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func at(zone *time.Location, ms int) time.Time {
	return time.Date(2020, 1, 31, 23, 58, 57, 0, zone).Add(time.Duration(ms) * time.Millisecond)
}

func decode(t testing.TB, file []byte) image.Image {
	t.Helper()
	m, err := stdjpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The tiles make the same picture as encoding it in one piece.
func TestTilesAreTheWholePicture(t *testing.T) {
	for _, size := range []image.Point{{MainWidth, MainHeight}, {SubWidth, SubHeight}} {
		c := newCard(size.X, size.Y)
		c.show(at(time.UTC, 0))
		if _, err := c.jpeg(); err != nil {
			t.Fatal(err)
		}
		c.show(at(time.UTC, 200)) // most tiles are old now
		file, err := c.jpeg()
		if err != nil {
			t.Fatal(err)
		}
		var whole bytes.Buffer
		if err := stdjpeg.Encode(&whole, c.picture, &stdjpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		got, want := decode(t, file).(*image.YCbCr), decode(t, whole.Bytes()).(*image.YCbCr)
		if got.Rect != want.Rect || !bytes.Equal(got.Y, want.Y) || !bytes.Equal(got.Cb, want.Cb) || !bytes.Equal(got.Cr, want.Cr) {
			t.Errorf("%v: another picture", size)
		}
		h, err := jpeg.Parse(file)
		if err != nil || h.Width != size.X || h.Height != size.Y || h.Subsampling != "4:2:0" {
			t.Errorf("%v: %+v %v", size, h, err)
		}
		t.Logf("%v: %d bytes", size, len(file))
	}
}

// What was drawn step by step is what a new card draws.
func TestStepsLeaveNothingBehind(t *testing.T) {
	west, east := time.FixedZone("", -(3*3600+1800)), time.FixedZone("", 5*3600+2700)
	stepped := newCard(SubWidth, SubHeight)
	for ms := 0; ms < 130_000; ms += 3200 {
		zone := west
		if ms/3200%3 == 1 {
			zone = east
		}
		stepped.show(at(zone, ms))
		if _, err := stepped.jpeg(); err != nil {
			t.Fatal(err)
		}
		fresh := newCard(SubWidth, SubHeight)
		fresh.show(at(zone, ms))
		if !bytes.Equal(stepped.picture.Pix, fresh.picture.Pix) {
			t.Fatalf("after %d ms: differs", ms)
		}
		a, _ := stepped.jpeg()
		b, err := fresh.jpeg()
		if err != nil || !bytes.Equal(a, b) {
			t.Fatalf("after %d ms: the files differ", ms)
		}
	}
}

// readCell reads a digit back from a decoded picture: which segments are nearer to the lit colour than to their ground.
func readCell(m image.Image, l *cell) byte {
	on := 0
	for i := range segments {
		x0, y0, x1, y1 := l.font.middle(i)
		p := l.rect.Min.Add(image.Pt(int((x0+x1)/2), int((y0+y1)/2)))
		if distance(m.At(p.X, p.Y), l.fore) < distance(m.At(p.X, p.Y), l.back) {
			on |= 1 << i
		}
	}
	for g, s := range glyphs {
		if s == on && (g >= '0' && g <= '9' || g == '-') {
			return g
		}
	}
	return '?'
}

func distance(a color.Color, b color.RGBA) int {
	r, g, bl, _ := a.RGBA()
	d := func(x uint32, y uint8) int { v := int(x>>8) - int(y); return v * v }
	return d(r, b.R) + d(g, b.G) + d(bl, b.B)
}

// readCard reads clock, date and zone.
func readCard(m image.Image, c *card) string {
	s := ""
	for _, cells := range [][]*cell{c.clock, c.date, c.zone} {
		for _, l := range cells {
			s += string(readCell(m, l))
		}
		s += " "
	}
	return s
}

func TestShowsTheTime(t *testing.T) {
	zone := time.FixedZone("", 5*3600+2700)
	for _, size := range []image.Point{{MainWidth, MainHeight}, {SubWidth, SubHeight}} {
		c := newCard(size.X, size.Y)
		for _, tt := range []struct {
			t    time.Time
			want string
		}{
			{at(zone, 0), "2358570 2020-01-31 0545 "},
			{at(zone, 62_400), "2359594 2020-01-31 0545 "},
			{at(zone, 63_999), "0000009 2020-02-01 0545 "},
			{time.Date(2034, 6, 17, 8, 9, 12, 600e6, time.UTC), "0809126 2034-06-17 0000 "},
		} {
			c.show(tt.t)
			file, err := c.jpeg()
			if err != nil {
				t.Fatal(err)
			}
			if got := readCard(decode(t, file), c); got != tt.want {
				t.Errorf("%v at %v: reads %q, want %q", size, tt.t, got, tt.want)
			}
		}
	}
}

type sink struct {
	units    [3][]codec.AccessUnit
	when     []time.Time
	statuses []source.Status
}

func (s *sink) Deliver(l source.Layer, au codec.AccessUnit) {
	s.units[l] = append(s.units[l], au)
	if l == source.Main {
		s.when = append(s.when, time.Now())
	}
}

func (s *sink) Status(st source.Status) { s.statuses = append(s.statuses, st) }

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := source.NewClock()
		src := New(clock)
		src.zone = time.UTC
		ctx, cancel := context.WithTimeout(t.Context(), 2100*time.Millisecond)
		defer cancel()
		var s sink
		if err := src.Run(ctx, &s); err != nil {
			t.Fatal(err)
		}
		if len(s.units[0]) != 11 || len(s.units[1]) != 11 || len(s.statuses) != 1 || s.statuses[0].State != source.Running {
			t.Fatalf("%d and %d pictures, %+v", len(s.units[0]), len(s.units[1]), s.statuses)
		}
		checkTicks(t, clock, s.units[source.Sound])
		main, sub := newCard(MainWidth, MainHeight), newCard(SubWidth, SubHeight)
		for i, au := range s.units[0] {
			if !au.Key || au.Captured != clock.At(s.when[i]) || s.units[1][i].Captured != au.Captured {
				t.Fatalf("picture %d: captured %d, delivered %d", i, au.Captured, clock.At(s.when[i]))
			}
			want := s.when[i].UTC().Format("150405") + string('0'+byte(s.when[i].Nanosecond()/1e8)) + s.when[i].UTC().Format(" 2006-01-02 ") + "0000 "
			if got := readCard(decode(t, au.Data), main); got != want {
				t.Errorf("picture %d shows %q, want %q", i, got, want)
			}
			if got := readCard(decode(t, s.units[1][i].Data), sub); got != want {
				t.Errorf("small picture %d shows %q, want %q", i, got, want)
			}
		}
	})
}

// BenchmarkSecond takes as long as a second of both layers costs: 20 ms are 2 % of a core.
func BenchmarkSecond(b *testing.B) {
	cards := []*card{newCard(MainWidth, MainHeight), newCard(SubWidth, SubHeight)}
	now := at(time.UTC, 0)
	for b.Loop() {
		for range 5 {
			now = now.Add(Interval)
			for _, c := range cards {
				c.show(now)
				if _, err := c.jpeg(); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}

// TestWriteCard writes the card to the file that SEALCAM_TESTCARD names, for looking at it.
func TestWriteCard(t *testing.T) {
	path := os.Getenv("SEALCAM_TESTCARD")
	if path == "" {
		t.Skip("SEALCAM_TESTCARD names no file")
	}
	c := newCard(MainWidth, MainHeight)
	c.show(at(time.FixedZone("", 3600), 400))
	file, err := c.jpeg()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
}
