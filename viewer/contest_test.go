package viewer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
)

var (
	goodSecond = moment{due: true, came: 30}
	idle       = moment{}
)

func TestBadSeconds(t *testing.T) {
	for _, test := range []struct {
		name string
		s    moment
		bad  bool
	}{
		{"nothing due", moment{came: 0}, false},
		{"good", goodSecond, false},
		{"none came", moment{due: true}, true},
		{"half late", moment{due: true, came: 30, late: 15}, false},
		{"most late", moment{due: true, came: 30, late: 16}, true},
		{"some missing", moment{due: true, came: 28, missing: 2}, false},
		{"more than a tenth missing", moment{due: true, came: 26, missing: 4}, true},
		{"gaps of before filled", moment{due: true, came: 30, missing: -5}, false},
		{"key frames alone", moment{due: true, came: 1, poor: true}, true},
	} {
		if got := test.s.bad(); got != test.bad {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// play plays seconds and returns after how many the way changed; 0: it did not.
func (c *contest) play(now *time.Time, s moment, quick bool, most int) (after int) {
	before := c.way()
	for i := range most {
		*now = now.Add(time.Second)
		if c.judge(*now, s, quick); c.way() != before {
			return i + 1
		}
	}
	return 0
}

// A direct path that is bad for five seconds in a row has the relay tried, if answers by the server are quick; a relay that is good for half a
// minute is kept, and the direct path then tried after a minute.
func TestContestWon(t *testing.T) {
	var c contest
	now := time.Unix(1_800_000_000, 0)
	bad := moment{due: true, came: 30, late: 30}
	for range 10 {
		if c.play(&now, bad, true, badRow-1) != 0 || c.play(&now, goodSecond, true, 1) != 0 {
			t.Fatal("tried after too few bad seconds")
		}
	}
	if c.play(&now, bad, false, 100) != 0 {
		t.Error("tried though the server is slow as well")
	}
	c = contest{}
	if after := c.play(&now, moment{due: true, came: 1, poor: true}, true, 100); after != poorRow {
		t.Errorf("key frames alone: after %d s", after)
	}
	c = contest{}
	if after := c.play(&now, bad, true, 100); after != badRow || c.way() != control.Relay {
		t.Fatalf("%v after %d s", c.way(), after)
	}
	c.play(&now, bad, true, trialSkip) // catching up
	if after := c.play(&now, goodSecond, true, trialLong+40); after != 0 {
		t.Fatalf("left a good relay after %d s", after)
	}
	if !c.relay || c.trial {
		t.Fatalf("%+v", c)
	}
	// A minute after the trial's end the direct path has its turn, and is good.
	if after := c.play(&now, goodSecond, true, 100); after == 0 || c.way() != control.Peer {
		t.Errorf("%v after %d s", c.way(), after)
	}
	c.play(&now, goodSecond, true, trialSkip+trialLong)
	if c.relay || c.trial || c.way() != control.Peer {
		t.Errorf("%+v", c)
	}
}

// A trial that is clearly lost ends at once, and each next one comes twice as late, to half an hour.
func TestContestLost(t *testing.T) {
	var c contest
	now := time.Unix(1_800_000_000, 0)
	bad := moment{due: true, came: 30, missing: 10}
	var waits []int
	for range 8 {
		waits = append(waits, c.play(&now, bad, true, 10_000))
		if after := c.play(&now, bad, true, 100); after != trialSkip+trialBad+1 {
			t.Fatalf("the trial ended after %d s", after)
		}
	}
	if want := []int{5, 60, 120, 240, 480, 960, 1800, 1800}; !slices.Equal(waits, want) {
		t.Errorf("tried after %v s, want %v", waits, want)
	}
}

// Seconds in which nothing is due say nothing: neither do they begin a trial nor decide one.
func TestContestIdle(t *testing.T) {
	var c contest
	now := time.Unix(1_800_000_000, 0)
	bad := moment{due: true}
	for range 100 {
		if c.play(&now, bad, true, badRow-1) != 0 || c.play(&now, idle, true, 1) != 0 {
			t.Fatal("idle seconds count as bad")
		}
	}
	c.play(&now, bad, true, badRow)
	if c.play(&now, idle, true, 1000) != 0 || !c.trial {
		t.Errorf("%+v", c)
	}
	c.drop()
	if c.way() != control.Peer {
		t.Error("a dropped trial goes on")
	}
}

// Whatever comes, the waits stay within their bounds, and the way changes no more often than trials allow.
func TestContestBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var c contest
	now := time.Unix(1_800_000_000, 0)
	changes, before := 0, c.way()
	const hours = 10
	for range hours * 3600 {
		now = now.Add(time.Second)
		c.judge(now, moment{due: random.IntN(10) > 0, came: random.IntN(30), late: random.IntN(20), missing: random.IntN(9) - 3}, random.IntN(2) == 0)
		if c.way() != before {
			changes, before = changes+1, c.way()
		}
		if c.wait > trialMost || c.wait < 0 {
			t.Fatalf("%+v", c)
		}
	}
	if changes > hours*2*60 {
		t.Errorf("%d changes in %d h", changes, hours)
	}
}

// A direct path whose pictures come late is left for the relay, the connection kept; when it is good again, it is used again. The
// pictures themselves never stop.
func TestBadPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		cam := a.camera("porch", seal.Main)
		watchDirect(s, a, cam)
		defer s.stop()
		const behind = 35 // frames: 1.4 s
		var held [][]byte
		bad := true
		s.peer.mu.Lock()
		arrive := s.peer.events.Frame
		s.peer.events.Frame = func(camera uint8, sealed []byte) {
			if bad {
				held = append(held, sealed)
			} else {
				arrive(camera, sealed)
			}
		}
		s.peer.mu.Unlock()
		left := func() bool {
			got := routes(cam.watches())
			return got[len(got)-1] == control.Relay
		}
		play := func(seconds int) {
			for i := range seconds * 25 {
				cam.shoot(seal.Main, i%50 == 0, fmt.Sprintf("%04d", i))
				if len(held) > behind {
					arrive(cam.number, held[0])
					held = held[1:]
				}
				if tile := s.look(cam); tile.State != Live {
					t.Fatalf("%v (%v)", tile.State, tile.Reason)
				}
				time.Sleep(frameTime)
			}
		}
		play(3 * badRow)
		if !left() {
			t.Fatalf("routes %v", routes(cam.watches()))
		}
		play(trialLong + 10)
		if made, closed, _ := s.peer.counts(); !left() || made != 1 || closed != 0 {
			t.Errorf("routes %v, %d made, %d closed", routes(cam.watches()), made, closed)
		}
		bad, held = false, nil
		play(120)
		if got := routes(cam.watches()); got[len(got)-1] != control.Peer {
			t.Errorf("routes %v", got)
		}
		if made, closed, _ := s.peer.counts(); made != 1 || closed != 0 {
			t.Errorf("%d made, %d closed", made, closed)
		}
	})
}
