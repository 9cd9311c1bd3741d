package diagnosis

import (
	"time"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
)

// clocksDiffer is from when on it is worth saying that two clocks differ: what ends by the day then ends at another time than people think.
const clocksDiffer = 10 * time.Minute

// Clocks says that this device's clock and an agent's are far apart, and what to do; empty if they are not. Pictures are judged by the
// agent's clock alone, so they are right all the same.
func Clocks(tiles []viewer.Tile, now time.Time) string {
	for i := range tiles {
		t := &tiles[i]
		if t.CameraTime.IsZero() {
			continue // not known yet
		}
		agent := t.CameraTime.Add(t.Age)
		if d := now.Sub(agent); d.Abs() > clocksDiffer {
			return words.Sayf("This device’s clock and that of the cameras’ agent differ by %s. Set the one that is wrong: invitations and access end by them. Pictures and their ages are right all the same.", words.Duration(d.Abs()))
		}
	}
	return ""
}
