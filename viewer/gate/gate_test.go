package gate

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// camera seals and opens frames as agent and viewer do: Opened values cannot be had otherwise.
type camera struct {
	t       testing.TB
	id      identity.CameraID
	opener  *seal.Opener
	sealers map[seal.Stream]*seal.Sealer
	gop     uint32
}

func newCamera(t testing.TB) *camera {
	key, err := identity.GenerateAgent(nil)
	if err != nil {
		t.Fatal(err)
	}
	id, err := identity.NewCameraID(nil)
	if err != nil {
		t.Fatal(err)
	}
	epoch, err := seal.NewEpoch(nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	src := seal.Source{Agent: key.Public(), Camera: id}
	c := &camera{t: t, id: id, opener: seal.NewOpener(src), sealers: map[seal.Stream]*seal.Sealer{}}
	if err := c.opener.AddEpoch(epoch); err != nil {
		t.Fatal(err)
	}
	for _, s := range []seal.Stream{seal.Main, seal.Sub} {
		if c.sealers[s], err = seal.NewSealer(key.Signer().Sign, src, s, epoch); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *camera) frame(s seal.Stream, captured codec.Timestamp) seal.Opened {
	c.gop++
	sealed, err := c.sealers[s].Seal(nil, &seal.Frame{
		Key: true, GOP: c.gop, Captured: captured, Config: jpeg, Data: []byte{1},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	o, err := c.opener.Open(s, sealed)
	if err != nil {
		c.t.Fatal(err)
	}
	return o
}

var jpeg = codec.Config{Codec: codec.JPEG, Width: 2, Height: 2}

// start is when the tests happen; its capture clock shows at.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const at codec.Timestamp = 5_000_000_000_000

// clockAt returns a clock that knows that the capture clock shows at at start.
func clockAt() *Clock {
	c := &Clock{}
	c.Pong(start, start, at)
	return c
}

type buffers struct {
	t    testing.TB
	lent int
}

func (b *buffers) pixels() Pixels {
	b.lent++
	back := false
	return Pixels{Layout: LayoutRGBA, Width: 2, Height: 2, Data: make([]byte, 16), Release: func() {
		if back {
			b.t.Fatal("a buffer went back twice")
		}
		back = true
		b.lent--
	}}
}

// TestPromise is the gate's part of the product's promise, refusal by refusal.
func TestPromise(t *testing.T) {
	const s = codec.Timestamp(1_000_000)
	for _, c := range []struct {
		name   string
		given  []codec.Timestamp // frames that the decoder was given, relative to at
		before []codec.Timestamp // pictures that it gave back before
		now    time.Duration     // since start
		comes  codec.Timestamp   // the picture's capture time
		more   bool
		blind  bool // no pong yet
		px     func(*Pixels)
		want   Refusal
	}{
		{name: "its frame was given", given: []codec.Timestamp{0}, want: Admitted},
		{name: "the younger of two", given: []codec.Timestamp{-s, 0}, comes: 0, want: Admitted},
		{name: "the older of two, still live", given: []codec.Timestamp{-s, 0}, comes: -s, want: Admitted},
		{name: "nothing was given", comes: 0, want: Unmatched},
		{name: "another time", given: []codec.Timestamp{0}, comes: 1, want: Unmatched},
		{name: "given back already", given: []codec.Timestamp{0}, before: []codec.Timestamp{0}, want: Duplicate},
		{name: "clock unknown", given: []codec.Timestamp{0}, blind: true, want: NoClock},
		{name: "a little early", given: []codec.Timestamp{s / 5}, comes: s / 5, want: Admitted},
		{name: "from the future", given: []codec.Timestamp{s / 2}, comes: s / 2, want: Future},
		{name: "stale", given: []codec.Timestamp{0}, now: 9900 * time.Millisecond, want: Admitted},
		{name: "too old", given: []codec.Timestamp{0}, now: 10100 * time.Millisecond, want: TooOld},
		{name: "very much too old", given: []codec.Timestamp{-at}, comes: -at, now: 1e6 * time.Hour, want: TooOld},
		{name: "older than the one before", given: []codec.Timestamp{-s, 0}, before: []codec.Timestamp{0}, comes: -s, want: OutOfOrder},
		{name: "as old as the one before", given: []codec.Timestamp{0, 0}, before: []codec.Timestamp{0}, comes: 0, want: OutOfOrder},
		{name: "stale, and a younger one decodes", given: []codec.Timestamp{-3 * s, 0}, comes: -3 * s, want: Superseded},
		{name: "stale, and a younger one waits", given: []codec.Timestamp{-3 * s}, comes: -3 * s, more: true, want: Superseded},
		{name: "too old, and a younger one waits", given: []codec.Timestamp{-30 * s}, comes: -30 * s, more: true, want: Superseded},
		{name: "live, and a younger one waits", given: []codec.Timestamp{-s}, comes: -s, more: true, want: Admitted},
		{name: "skipped", given: []codec.Timestamp{0}, px: func(p *Pixels) { p.Data = nil }, want: Superseded},
		{name: "buffer too short", given: []codec.Timestamp{0}, px: func(p *Pixels) { p.Data = p.Data[1:] }, want: Malformed},
		{name: "buffer too long", given: []codec.Timestamp{0}, px: func(p *Pixels) { p.Data = append(p.Data, 0) }, want: Malformed},
		{name: "unknown layout", given: []codec.Timestamp{0}, px: func(p *Pixels) { p.Layout = 9 }, want: Malformed},
		{name: "no width", given: []codec.Timestamp{0}, px: func(p *Pixels) { p.Width = 0 }, want: Malformed},
		{name: "too wide", given: []codec.Timestamp{0}, px: func(p *Pixels) { p.Width = 8193 }, want: Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			cam, b := newCamera(t), &buffers{t: t}
			g := New(cam.id)
			lane := g.Lane(seal.Main, jpeg)
			for _, captured := range c.given {
				if !lane.Expect(cam.frame(seal.Main, at+captured)) {
					t.Fatal("not expected")
				}
			}
			clock := clockAt()
			if c.blind {
				clock = &Clock{}
			}
			var shelf Shelf
			for _, captured := range c.before {
				p, r := lane.Admit(start, clock, at+captured, b.pixels(), false)
				if r != Admitted {
					t.Fatalf("before: %v", r)
				}
				shelf.Put(p)
			}
			px := b.pixels()
			if c.px != nil {
				c.px(&px)
			}
			p, got := lane.Admit(start.Add(c.now), clock, at+c.comes, px, c.more)
			if got != c.want || (p != nil) != (c.want == Admitted) {
				t.Fatalf("%v, want %v", got, c.want)
			}
			if g.Stats().Count(c.want) == 0 || g.Stats().Refused() != boolToInt(c.want != Admitted && c.want != Superseded) {
				t.Errorf("not counted: %+v", g.Stats())
			}
			if p != nil {
				shelf.Put(p)
				age := c.now - time.Duration(c.comes)*time.Microsecond
				if got := p.Age(start.Add(c.now)); got < age || got > max(age, 0)+drift(c.now)+time.Millisecond {
					t.Errorf("age %v, want %v", got, age)
				}
			}
			shelf.Clear()
			if b.lent != 0 {
				t.Errorf("%d buffers kept", b.lent)
			}
		})
	}
}

func boolToInt(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// Nothing but an opened frame of this camera and stream can be expected.
func TestExpect(t *testing.T) {
	cam, other := newCamera(t), newCamera(t)
	lane := New(cam.id).Lane(seal.Main, jpeg)
	for name, o := range map[string]seal.Opened{
		"made by nobody":  {},
		"other camera":    other.frame(seal.Main, at),
		"other stream":    cam.frame(seal.Sub, at),
		"before all time": cam.frame(seal.Main, -1),
		"after all time":  cam.frame(seal.Main, 1<<62),
	} {
		if lane.Expect(o) {
			t.Errorf("%s: expected", name)
		}
	}
	if _, r := lane.Admit(start, clockAt(), at, Pixels{Layout: LayoutRGBA, Width: 2, Height: 2, Data: make([]byte, 16)}, false); r != Unmatched {
		t.Errorf("admitted: %v", r)
	}
}

// A second decoder, of the other stream or in place of a broken one, goes on where the first was: an equally old picture of another
// lane may replace one, an older one not.
func TestLanes(t *testing.T) {
	cam, b := newCamera(t), &buffers{t: t}
	g := New(cam.id)
	first, second := g.Lane(seal.Main, jpeg), g.Lane(seal.Sub, jpeg)
	for _, captured := range []codec.Timestamp{at, at + 1, at + 2} {
		first.Expect(cam.frame(seal.Main, captured))
		second.Expect(cam.frame(seal.Sub, captured))
	}
	for _, c := range []struct {
		lane     *Lane
		captured codec.Timestamp
		want     Refusal
	}{
		{first, at + 1, Admitted},
		{second, at, Superseded},
		{second, at + 1, Admitted},
		{first, at + 2, Admitted},
		{first, at, OutOfOrder},
		{second, at + 2, Admitted},
	} {
		p, got := c.lane.Admit(start, clockAt(), c.captured, b.pixels(), false)
		if got != c.want {
			t.Errorf("%v at %d: %v, want %v", c.lane.stream, c.captured-at, got, c.want)
		}
		if p != nil {
			p.pixels.Free()
		}
	}
	if n := first.Waiting() + second.Waiting(); n != 0 {
		t.Errorf("%d pictures owed", n)
	}
	// After the agent's clock began anew an older capture time is as good as any.
	g.Restart()
	first.Expect(cam.frame(seal.Main, at-5))
	if _, r := first.Admit(start, clockAt(), at-5, b.pixels(), false); r != Admitted {
		t.Errorf("after a restart: %v", r)
	}
}

// A decoder that gives nothing back is forgotten frame by frame, and never more than its due comes out.
func TestLaneIsBounded(t *testing.T) {
	cam, b := newCamera(t), &buffers{t: t}
	lane := New(cam.id).Lane(seal.Main, jpeg)
	for i := range codec.Timestamp(maxExpected + 10) {
		lane.Expect(cam.frame(seal.Main, at+i))
	}
	if n := lane.Waiting(); n != maxExpected {
		t.Errorf("%d pictures owed", n)
	}
	if _, r := lane.Admit(start, clockAt(), at+9, b.pixels(), false); r != Unmatched {
		t.Errorf("the oldest: %v", r)
	}
	if p, r := lane.Admit(start, clockAt(), at+10, b.pixels(), false); r != Admitted {
		t.Errorf("the oldest still expected: %v", r)
	} else {
		p.pixels.Free()
	}
	if b.lent != 0 {
		t.Errorf("%d buffers kept", b.lent)
	}
}

// Whatever a decoder does, what comes out was given in, comes out once, in order, and neither old nor early.
func TestGateProperties(t *testing.T) {
	cam := newCamera(t)
	rapid.Check(t, func(t *rapid.T) {
		b := &buffers{t: cam.t}
		g := New(cam.id)
		lanes := []*Lane{g.Lane(seal.Main, jpeg), g.Lane(seal.Sub, jpeg)}
		given := map[int]map[codec.Timestamp]int{0: {}, 1: {}}
		clock, now := clockAt(), start
		var shelf Shelf
		var last *Picture
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			l := rapid.IntRange(0, 1).Draw(t, "lane")
			captured := at + codec.Timestamp(rapid.IntRange(-12_000, 12_000).Draw(t, "captured"))*1000
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				if lanes[l].Expect(cam.frame(lanes[l].stream, captured)) {
					given[l][captured]++
				}
			case 1:
				now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			case 2:
				if p := shelf.Lend(now); p != nil && (p.Age(now) > BlankAfter || len(p.Bytes()) == 0) {
					t.Fatalf("lent at the age of %v, %d bytes", p.Age(now), len(p.Bytes()))
				}
			case 3:
				p, refusal := lanes[l].Admit(now, clock, captured, b.pixels(), false)
				if (p == nil) != (refusal != Admitted) {
					t.Fatalf("%v with picture %v", refusal, p != nil)
				}
				if p == nil {
					continue
				}
				if given[l][captured]--; given[l][captured] < 0 {
					t.Fatal("more came out than was given in")
				}
				if last != nil && p.Captured() < last.Captured() {
					t.Fatal("went back in time")
				}
				latest, _ := clock.Latest(now)
				if old := latest.Sub(captured); old > BlankAfter || old < -futureSlack {
					t.Fatalf("admitted at the age of %v", old)
				}
				if last != nil && p.Serial() <= last.Serial() {
					t.Fatal("the serial number did not grow")
				}
				last = p
				shelf.Put(p)
			}
			if b.lent > 2 {
				t.Fatalf("%d buffers kept", b.lent)
			}
		}
		shelf.Clear()
		shelf.Lend(now)
		if b.lent != 0 || !shelf.Empty() {
			t.Fatalf("%d buffers kept", b.lent)
		}
	})
}

// The stage's buffer is never taken from under it: it goes back at the next Lend at the earliest.
func TestShelf(t *testing.T) {
	cam, b := newCamera(t), &buffers{t: t}
	lane := New(cam.id).Lane(seal.Main, jpeg)
	next := at
	shoot := func() *Picture {
		next++
		lane.Expect(cam.frame(seal.Main, next))
		p, r := lane.Admit(start, clockAt(), next, b.pixels(), false)
		if r != Admitted {
			t.Fatal(r)
		}
		return p
	}
	var s Shelf
	want := func(step string, lent int) {
		t.Helper()
		if b.lent != lent {
			t.Errorf("%s: %d buffers kept, want %d", step, b.lent, lent)
		}
	}
	one := shoot()
	s.Put(one)
	want("one put", 1)
	if s.Lend(start) != one {
		t.Fatal("not the newest")
	}
	two := shoot()
	s.Put(two)
	want("two put, one lent", 2)
	three := shoot()
	s.Put(three)
	want("two and three wait", 3)
	if s.Look() != two || s.Lend(start) != two || len(one.Bytes()) != 0 {
		t.Error("a picture is still readable after its buffer went back")
	}
	if !s.More() || s.Lend(start) != three || s.More() {
		t.Error("the pictures that wait are not shown in their order")
	}
	want("three lent", 1)
	if s.Lend(start) != three || s.Look() != three {
		t.Error("the same picture is not lent again")
	}
	s.Clear()
	want("cleared, still lent", 1)
	if s.Lend(start) != nil {
		t.Error("lent after Clear")
	}
	want("given back", 0)
	s.Put(shoot())
	if s.Lend(start.Add(BlankAfter)) == nil {
		t.Error("not lent at the last moment")
	}
	if s.Lend(start.Add(BlankAfter+time.Second)) != nil {
		t.Error("lent although too old")
	}
	want("too old", 0)
}

func TestPixelsLen(t *testing.T) {
	for _, c := range []struct {
		layout        PixelLayout
		width, height int
		want          int
	}{
		{LayoutRGBA, 640, 360, 640 * 360 * 4},
		{LayoutI420, 640, 360, 640 * 360 * 3 / 2},
		{LayoutI420, 1, 1, 8*1 + 2*(4*2)},
		{LayoutI420, 1279, 719, 1280*719 + 2*(640*360)},
		{LayoutI420, 16, 6, 16*6 + 2*(8*4)}, // three chroma rows become four
		{LayoutNV12, 640, 360, 640 * 360 * 3 / 2},
		{LayoutNV12, 1279, 719, 1280*719 + 1280*360},
		{LayoutRGBA, 0, 10, 0},
		{LayoutI420, 10, 8193, 0},
		{LayoutNV12, -1, 10, 0},
		{0, 10, 10, 0},
		{LayoutRGBA, 8192, 8192, 8192 * 8192 * 4},
	} {
		if got := PixelsLen(c.layout, c.width, c.height); got != c.want {
			t.Errorf("%v %d×%d: %d, want %d", c.layout, c.width, c.height, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for r := Admitted; r < refusalCount; r++ {
		if s := r.String(); s == "" || seen[s] {
			t.Errorf("refusal %d is called %q", r, s)
		} else {
			seen[s] = true
		}
	}
	if refusalCount.String() != "unknown refusal" || (Stats{}).Count(refusalCount) != 0 {
		t.Error("an unknown refusal is known")
	}
}

func BenchmarkAdmit(b *testing.B) {
	cam := newCamera(b)
	g := New(cam.id)
	lane := g.Lane(seal.Main, jpeg)
	o := cam.frame(seal.Main, at)
	clock := clockAt()
	px := Pixels{Layout: LayoutRGBA, Width: 2, Height: 2, Data: make([]byte, 16)}
	var shelf Shelf
	b.ReportAllocs()
	for b.Loop() {
		g.Restart()
		lane.Expect(o)
		p, r := lane.Admit(start, clock, at, px, false)
		if r != Admitted {
			b.Fatal(r)
		}
		shelf.Put(p)
	}
}

// What comes at once is shown one display frame after the other, unless the display is too slow for that or it is too much.
func TestShelfMakesUpForABurst(t *testing.T) {
	const frame = 33 * time.Millisecond
	cam, b := newCamera(t), &buffers{t: t}
	lane := New(cam.id).Lane(seal.Main, jpeg)
	next, now := at, start
	burst := func(s *Shelf, n int) (pictures []*Picture) {
		for range n {
			next = next.Add(frame)
			now = now.Add(frame)
			lane.Expect(cam.frame(seal.Main, next))
			clock := &Clock{}
			clock.Pong(now, now, next)
			p, r := lane.Admit(now, clock, next, b.pixels(), false)
			if r != Admitted {
				t.Fatal(r)
			}
			s.Put(p)
			pictures = append(pictures, p)
		}
		return pictures
	}
	shown := func(s *Shelf, every time.Duration) (pictures []*Picture) {
		for more := true; more; more = s.More() {
			pictures = append(pictures, s.Lend(now))
			now = now.Add(every)
		}
		return pictures
	}
	var fast Shelf
	for range 3 {
		if put, got := burst(&fast, 3), shown(&fast, 16*time.Millisecond); !slices.Equal(got, put) {
			t.Errorf("%d of 3 pictures were shown at 60 a second", len(got))
		}
	}
	if put, got := burst(&fast, 14), shown(&fast, 16*time.Millisecond); !slices.Equal(got, put[14-mostWaiting:]) {
		t.Errorf("%d of 14 pictures were shown at 60 a second", len(got))
	}
	// What was slow once, as a page that was just opened, is tried again.
	now = now.Add(2 * paceFor)
	burst(&fast, 3)
	if got := shown(&fast, 100*time.Millisecond); len(got) != 2 {
		t.Errorf("%d of 3 pictures were shown at 10 a second", len(got))
	}
	if put, got := burst(&fast, 3), shown(&fast, 16*time.Millisecond); !slices.Equal(got, put[2:]) {
		t.Errorf("%d of 3 pictures were shown soon after that", len(got))
	}
	now = now.Add(2 * paceFor)
	fast.Lend(now)
	if put, got := burst(&fast, 3), shown(&fast, 16*time.Millisecond); !slices.Equal(got, put) {
		t.Errorf("%d of 3 pictures were shown at 60 a second again", len(got))
	}
	var slow Shelf
	burst(&slow, 2)
	shown(&slow, 32*time.Millisecond)
	for range 3 {
		if put, got := burst(&slow, 3), shown(&slow, 32*time.Millisecond); !slices.Equal(got, put[2:]) {
			t.Errorf("%d of 3 pictures were shown at 31 a second", len(got))
		}
	}
	// A display on which as much comes as it shows does not lag behind for ever.
	var lagging Shelf
	burst(&lagging, 3)
	skipped := false
	for range 60 {
		newest := burst(&lagging, 1)[0]
		now = now.Add(20*time.Millisecond - frame)
		skipped = skipped || lagging.Lend(now) == newest
	}
	if !skipped {
		t.Error("pictures were still shown late after a second")
	}
	for _, s := range []*Shelf{&fast, &slow, &lagging} {
		s.Clear()
		s.Lend(now)
	}
	if b.lent != 0 {
		t.Errorf("%d buffers are kept", b.lent)
	}
}
