package diagnosis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/diagnosis"
)

func TestClocks(t *testing.T) {
	now := time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		off, age time.Duration
		want     string
	}{
		{0, 0, ""},
		{9 * time.Minute, 0, ""},
		{-9 * time.Minute, 0, ""},
		{0, 8 * time.Second, ""},
		{11 * time.Minute, 0, "by 11 min"},
		{24 * time.Hour, 2 * time.Second, "by 24 h"},
		{-24 * time.Hour, 0, "by 24 h"},
		{100 * time.Hour, 0, "by 4 days"},
	} {
		tiles := []viewer.Tile{{}, {CameraTime: now.Add(-c.off - c.age).In(time.FixedZone("CET", 3600)), Age: c.age}}
		if got := diagnosis.Clocks(tiles, now); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%v off, a picture of %v: %q, want %q", c.off, c.age, got, c.want)
		}
	}
	if got := diagnosis.Clocks(nil, now); got != "" {
		t.Errorf("without cameras: %q", got)
	}
}
