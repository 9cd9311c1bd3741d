package file

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	clips264 = "../../codec/h264/testdata/"
	clips265 = "../../codec/h265/testdata/"
)

// delivered is a sink that notes when what came. Synctest lets one goroutine at a time touch a layer.
type delivered struct {
	clock    *source.Clock
	units    [2][]codec.AccessUnit
	at       [2][]codec.Timestamp
	statuses []source.Status
}

func (d *delivered) Deliver(l source.Layer, au codec.AccessUnit) {
	d.units[l] = append(d.units[l], au)
	d.at[l] = append(d.at[l], d.clock.Now())
}

func (d *delivered) Status(s source.Status) { d.statuses = append(d.statuses, s) }

// play runs a source for a while of synthetic time.
func play(t *testing.T, long time.Duration, open func(*source.Clock) (*Source, error)) *delivered {
	t.Helper()
	d := &delivered{clock: source.NewClock()}
	s, err := open(d.clock)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	if err := s.Run(ctx, d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPlaysAtItsRate(t *testing.T) {
	for _, tt := range []struct {
		path, profile string
		fps           float64 // as told
		rate          float64 // as expected
		loop          int
		delay         time.Duration
	}{
		{clips264 + "main.h264", "avc1.4D400C", 0, 15, 60, 0},
		{clips264 + "main.h264", "avc1.4D400C", 30, 30, 60, 0},
		{clips264 + "baseline.h264", "avc1.42C00C", 0, 15, 60, 0},
		{clips264 + "high-b.h264", "avc1.64000C", 0, 15, 60, 2 * time.Second / 15},
		{clips265 + "main.h265", "hev1.1.6.L60.90", 0, 15, 60, 0},
		{clips265 + "b.h265", "hev1.1.6.L60.90", 0, 15, 60, 2 * time.Second / 15},
		{"mp4/testdata/plain.mp4", "avc1.64000A", 0, 15, 30, 2 * time.Second / 15},
		{"mp4/testdata/frag.mp4", "avc1.64000A", 0, 15, 30, 2 * time.Second / 15},
		{"mp4/testdata/hevc.mp4", "hev1.1.6.L30.90", 0, 15, 30, 2 * time.Second / 15},
	} {
		t.Run(fmt.Sprintf("%s %v", filepath.Base(tt.path), tt.fps), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := read(t, tt.path)
				const seconds = 10
				d := play(t, seconds*time.Second+tt.delay+time.Millisecond, func(c *source.Clock) (*Source, error) {
					return FromBytes("clip", b, nil, tt.fps, c)
				})
				got := d.units[0]
				if want := int(seconds*tt.rate) + 1; len(got) < want-1 || len(got) > want {
					t.Fatalf("%d pictures in %d s at %v a second", len(got), seconds, tt.rate)
				}
				var captured []codec.Timestamp
				for i, au := range got {
					if au.Config.Profile != tt.profile || i%tt.loop == 0 && !au.Key {
						t.Fatalf("picture %d: %+v, key %v", i, au.Config, au.Key)
					}
					if au.Captured > d.at[0][i] {
						t.Fatalf("picture %d comes %v before its capture", i, au.Captured.Sub(d.at[0][i]))
					}
					if age := d.at[0][i].Sub(au.Captured); age > tt.delay+time.Duration(float64(4*time.Second)/tt.rate) {
						t.Fatalf("picture %d is %v old", i, age)
					}
					captured = append(captured, au.Captured)
				}
				if slices.IsSorted(captured) != (tt.delay == 0) {
					t.Errorf("capture times: %v", captured)
				}
				slices.Sort(captured)
				frame := time.Duration(float64(time.Second) / tt.rate)
				for i, c := range captured[:len(captured)-4] {
					if i > 0 && (c.Sub(captured[i-1])-frame).Abs() > 50*time.Microsecond {
						t.Fatalf("picture %d is %v after the one before", i, c.Sub(captured[i-1]))
					}
				}
				if len(d.statuses) != 1 || d.statuses[0].State != source.Running {
					t.Errorf("statuses %+v", d.statuses)
				}
			})
		})
	}
}

// Both layers show the same scene at the same time.
func TestLayersAreInStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		main, sub := read(t, clips264+"main.h264"), read(t, clips264+"baseline.h264")
		d := play(t, 9*time.Second, func(c *source.Clock) (*Source, error) {
			s, err := FromBytes("clip", main, sub, 0, c)
			if err == nil && !slices.Equal(s.Layers(), []source.Layer{source.Main, source.Sub}) {
				t.Errorf("layers %v", s.Layers())
			}
			return s, err
		})
		if len(d.units[0]) < 130 || len(d.units[0]) != len(d.units[1]) {
			t.Fatalf("%d and %d pictures", len(d.units[0]), len(d.units[1]))
		}
		for i := range d.units[0] {
			if d.units[0][i].Captured != d.units[1][i].Captured {
				t.Fatalf("picture %d: %d and %d", i, d.units[0][i].Captured, d.units[1][i].Captured)
			}
		}
	})
}

// slow is a sink that holds the player up once, as a machine that sleeps does.
type slow struct {
	delivered
	hold time.Duration
}

func (s *slow) Deliver(l source.Layer, au codec.AccessUnit) {
	s.delivered.Deliver(l, au)
	if len(s.units[0]) == 10 {
		time.Sleep(s.hold) // synthetic time
	}
}

func TestCatchesUpOrGivesUp(t *testing.T) {
	for _, tt := range []struct {
		hold    time.Duration
		skipped bool
	}{{600 * time.Millisecond, false}, {time.Minute, true}} {
		synctest.Test(t, func(t *testing.T) {
			clock := source.NewClock()
			src, err := FromBytes("clip", read(t, clips264+"main.h264"), nil, 0, clock)
			if err != nil {
				t.Fatal(err)
			}
			d := &slow{delivered: delivered{clock: clock}, hold: tt.hold}
			ctx, cancel := context.WithTimeout(t.Context(), tt.hold+5*time.Second)
			defer cancel()
			src.Run(ctx, d)
			gap := d.units[0][10].Captured.Sub(d.units[0][9].Captured)
			if skipped := gap > time.Second; skipped != tt.skipped {
				t.Errorf("held up for %v: next picture is %v later", tt.hold, gap)
			}
			if age := d.at[0][len(d.at[0])-1].Sub(d.units[0][len(d.at[0])-1].Captured); age > 10*time.Millisecond {
				t.Errorf("held up for %v: still %v behind", tt.hold, age)
			}
		})
	}
}

// A damaged stream goes on with the next key picture and keeps its pace.
func TestDamagedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bytes.Clone(read(t, clips264+"main.h264"))
		at := bytes.Index(b[20000:], []byte{0, 0, 1, 0x41}) + 20000
		b[at+4] = 0 // no slice that can be read
		b[at+5] = 0
		d := play(t, 3900*time.Millisecond, func(c *source.Clock) (*Source, error) { return FromBytes("clip", b, nil, 0, c) })
		if n := len(d.units[0]); n < 40 || n >= 58 {
			t.Fatalf("%d pictures", n)
		}
		for i, au := range d.units[0][1:] {
			if gap := au.Captured.Sub(d.units[0][i].Captured); gap > 100*time.Millisecond && !au.Key {
				t.Errorf("goes on after %v without a key picture", gap)
			}
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	clip := read(t, clips264+"main.h264")
	idr := bytes.Index(clip, []byte{0, 0, 1, 0x65})
	delta := bytes.Index(clip, []byte{0, 0, 1, 0x41})
	clock := source.NewClock()
	for _, tt := range []struct{ path, word string }{
		{filepath.Join(dir, "missing.mp4"), "no such file"},
		{dir, "no file"},
		{write("empty.h264", nil), "empty"},
		{write("text.h264", []byte("hello, this is no video at all")), "takes MP4"},
		{write("short", []byte("x")), "takes MP4"},
		{write("nokey.h264", append(bytes.Clone(clip[:idr]), clip[delta:delta+500]...)), "no key picture"},
		{write("broken.mp4", read(t, "mp4/testdata/plain.mp4")[:3000]), "broken"},
		{write("sound.mp4", read(t, "mp4/testdata/audio.mp4")), "takes MP4"},
	} {
		_, err := Open(tt.path, clock)
		if err == nil || !strings.Contains(err.Error(), tt.word) || !strings.Contains(err.Error(), tt.path) || strings.Count(err.Error(), tt.path) != 1 {
			t.Errorf("%s: %v", filepath.Base(tt.path), err)
		}
	}
	if _, err := FromBytes("demo", nil, nil, 0, clock); err == nil {
		t.Error("plays nothing")
	}
	if _, err := FromBytes("demo", clip, []byte("no video"), 0, clock); err == nil || !strings.HasPrefix(err.Error(), "demo: ") {
		t.Errorf("broken sub: %v", err)
	}
}

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(path, read(t, "mp4/testdata/plain.mp4"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d := play(t, 3*time.Second, func(c *source.Clock) (*Source, error) { return Open(path, c) })
		if len(d.units[0]) < 40 {
			t.Errorf("%d pictures", len(d.units[0]))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		d := &delivered{clock: source.NewClock()}
		s, err := Open(path, d.clock)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
			t.Fatal(err)
		}
		err = s.Run(t.Context(), d)
		if err == nil || !strings.Contains(err.Error(), "changed") {
			t.Errorf("Run: %v", err)
		}
		if len(d.statuses) != 1 || d.statuses[0].State != source.Failed || strings.Contains(d.statuses[0].Advice, path) {
			t.Errorf("%+v", d.statuses)
		}
	})
}

// The committed demo must play.
func TestDemoClip(t *testing.T) {
	clock := source.NewClock()
	s, err := FromBytes("demo", read(t, "../demo/main.h264"), read(t, "../demo/sub.h264"), 0, clock)
	if err != nil {
		t.Fatal(err)
	}
	if s.clips[0].duration != s.clips[1].duration || s.clips[0].delay != 0 || s.clips[1].delay != 0 {
		t.Errorf("layers last %v and %v", s.clips[0].duration, s.clips[1].duration)
	}
}

func FuzzParse(f *testing.F) {
	if seeds, err := os.ReadDir("testdata/fuzz/FuzzParse"); err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		r := bytes.NewReader(b)
		c, err := parse(r, int64(len(b)), 0)
		if err != nil {
			return
		}
		if len(c.pictures) == 0 || c.duration <= 0 || c.delay < 0 {
			t.Fatalf("%d pictures in %v, delay %v", len(c.pictures), c.duration, c.delay)
		}
		a := c.assembler()
		for i, p := range c.pictures {
			if p.show > p.decode+c.delay || p.show < 0 {
				t.Fatalf("picture %d: %+v, delay %v", i, p, c.delay)
			}
			if units, err := c.units(r, i); err == nil {
				if au, err := a.Assemble(units); i == 0 && (err != nil || !au.Key) {
					t.Fatalf("begins with %v", err)
				}
			}
		}
	})
}
