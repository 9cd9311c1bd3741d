package seal_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
)

func TestPendingWaitsForTheEpoch(t *testing.T) {
	f := newFixture(t)
	s := f.sealer(seal.Main)
	var frames [][]byte
	for i := range 3 {
		frames = append(frames, f.seal(s, deltaFrame(1, uint32(i+1))))
	}
	later := newFixture(t)
	later.epoch.Number++
	unknown := later.seal(later.sealer(seal.Sub), keyFrame(1))

	now := time.Unix(1000, 0)
	o := seal.NewOpener(f.src)
	var p seal.Pending
	for _, b := range [][]byte{frames[0], unknown, frames[1], frames[2]} {
		if !p.Hold(now, b) {
			t.Error("not held")
		}
	}
	release := func(now time.Time) (got [][]byte) {
		p.Release(now, o.Knows, func(stream seal.Stream, sealed []byte) {
			if _, err := o.Open(stream, sealed); err != nil {
				t.Errorf("%v", seal.ReasonOf(err))
			}
			got = append(got, sealed)
		})
		return got
	}
	if got := release(now); got != nil {
		t.Errorf("%d frames of an unknown epoch", len(got))
	}
	if err := o.AddEpoch(f.epoch); err != nil {
		t.Fatal(err)
	}
	got := release(now.Add(seal.MaxPendingAge))
	if len(got) != 3 || !bytes.Equal(got[0], frames[0]) || !bytes.Equal(got[2], frames[2]) {
		t.Errorf("%d frames came out", len(got))
	}
	if p.Len() != 1 || p.Bytes() != len(unknown) || p.Dropped() != 0 {
		t.Errorf("%d frames of %d bytes are left, %d dropped", p.Len(), p.Bytes(), p.Dropped())
	}
	if release(now.Add(seal.MaxPendingAge + 1)); p.Len() != 0 || p.Bytes() != 0 || p.Dropped() != 1 {
		t.Errorf("%d frames of %d bytes are left, %d dropped", p.Len(), p.Bytes(), p.Dropped())
	}
}

func TestPendingIsBounded(t *testing.T) {
	f := newFixture(t)
	s := f.sealer(seal.Main)
	small := f.seal(s, deltaFrame(1, 1))
	frame := deltaFrame(1, 2)
	frame.Data = make([]byte, 300_000)
	large := f.seal(s, frame)
	now := time.Unix(1000, 0)

	var byCount seal.Pending
	for i := range 2 * seal.MaxPendingFrames {
		if got := byCount.Hold(now, small); got != (i < seal.MaxPendingFrames) {
			t.Fatalf("frame %d: %v", i, got)
		}
	}
	if byCount.Dropped() != seal.MaxPendingFrames {
		t.Errorf("%d dropped", byCount.Dropped())
	}
	if !byCount.Hold(now.Add(seal.MaxPendingAge+1), small) || byCount.Len() != 1 {
		t.Error("no room after the old ones went")
	}

	var byBytes seal.Pending
	for range 20 {
		byBytes.Hold(now, large)
	}
	if n := seal.MaxPendingBytes / len(large); byBytes.Len() != n || byBytes.Bytes() != n*len(large) {
		t.Errorf("%d frames of %d bytes", byBytes.Len(), byBytes.Bytes())
	}
	if !byBytes.Hold(now, small) {
		t.Error("a small one no longer fits")
	}

	var junk seal.Pending
	for _, b := range [][]byte{nil, {1, 2, 3}, make([]byte, seal.MaxSealed+1), append([]byte{0x80, 0}, make([]byte, 200)...)} {
		if junk.Hold(now, b) {
			t.Errorf("%d bytes of junk held", len(b))
		}
	}
}
