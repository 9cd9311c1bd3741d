package testcard

import (
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/g711"
)

// checkTicks looks at two seconds of sound: without a gap, and loud at the beginning of each second of the wall clock alone.
func checkTicks(t *testing.T, clock *source.Clock, units []codec.AccessUnit) {
	t.Helper()
	if len(units) < 100 || len(units) > 105 {
		t.Fatalf("%d units in 2.1 s", len(units))
	}
	ticks := 0
	for i, au := range units {
		if !au.Key || au.Config != soundConfig || len(au.Data) != 160 {
			t.Fatalf("unit %d: %+v", i, au)
		}
		if i > 0 && au.Captured != units[i-1].Captured.Add(soundUnit) {
			t.Errorf("unit %d begins %v after the one before", i, au.Captured.Sub(units[i-1].Captured))
		}
		wall := time.UnixMicro(int64(au.Captured.Add(clock.WallOffset())))
		for j, sample := range g711.DecodeU(nil, au.Data) {
			since := wall.Add(time.Duration(j) * time.Second / soundRate)
			begins := since.Nanosecond() == 0
			if begins {
				ticks++
			}
			if loud := sample > 5000 || sample < -5000; loud && since.Nanosecond() > int(tickLong) || begins && !loud {
				t.Fatalf("sample %d at %v", sample, since)
			}
		}
	}
	if ticks != 3 { // the test begins with a second
		t.Errorf("%d ticks", ticks)
	}
}
