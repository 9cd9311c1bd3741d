//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/rtspcam"
)

// clipLength is after what time the cameras of test/clips begin again.
const clipLength = 8 * time.Second

// A camera's pictures reach the drawn canvas in order, whatever the way.
func TestOneCamera(t *testing.T) {
	for _, test := range []struct {
		name, query string
		udp         bool
		auth        rtspcam.Auth
	}{
		{"RTSP over TCP, peer to peer", "transport=p2p", false, rtspcam.Digest},
		{"RTSP over TCP, relayed", "transport=relay", false, rtspcam.Basic},
		{"RTSP over UDP, peer to peer", "transport=p2p", true, rtspcam.Digest},
		{"RTSP over UDP, relayed", "transport=relay", true, rtspcam.Digest},
		{"the way the viewer chooses", "", false, rtspcam.Digest},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := startServer(t, nil)
			clock := source.NewClock()
			cam, _ := rtspCamera(t, 3, clock, func(c *rtspcam.Config, use *rtsp.Config) {
				c.Auth, use.UDP = test.auth, test.udp
				c.NoTCP, c.NoUDP = test.udp, !test.udp
			})
			h := startAgent(t, n.address, nil, clock, cam)
			p := claim(t, browser.Start(t), h, 1, test.query)
			p.Sample(true)
			wantPictures(t, p.WaitSamples(patience, browser.Frames("", 90)), 3)
			noExceptions(t, p)
		})
	}
}

// Nine cameras at once: each tile shows its own camera and no other.
func TestNineCameras(t *testing.T) {
	for _, query := range []string{"transport=p2p", "transport=relay"} {
		t.Run(query, func(t *testing.T) {
			n := startServer(t, nil)
			clock := source.NewClock()
			var cameras []camera.Camera
			for i := range 9 {
				cam, _ := rtspCamera(t, i+1, clock, nil)
				cameras = append(cameras, cam)
			}
			h := startAgent(t, n.address, nil, clock, cameras...)
			p := claim(t, browser.Start(t), h, 9, query)
			p.Sample(true)
			byTile := map[string]int{}
			for i, tile := range p.Tiles() {
				byTile[tile.Camera] = i + 1
			}
			samples := p.WaitSamples(patience, func(s []browser.Sample) bool {
				for tile := range byTile {
					if !browser.Frames(tile, 20)(s) {
						return false
					}
				}
				return true
			})
			for tile, number := range byTile {
				wantPictures(t, browser.Of(samples, tile), number)
			}
			p.Screenshot("nine-" + query[len("transport="):])
			noExceptions(t, p)
		})
	}
}

// Two homes on one server: no viewer ever sees a foreign barcode, while both come and go.
func TestTwoHomes(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	var pages []*browser.Page
	var homes []*home
	for i := range 2 {
		clock := source.NewClock()
		cam, _ := rtspCamera(t, 10+i, clock, nil)
		h := startAgent(t, n.address, nil, clock, cam)
		homes = append(homes, h)
		pages = append(pages, claim(t, b, h, 1, []string{"transport=relay", "transport=p2p"}[i]))
	}
	for _, p := range pages {
		p.Sample(true)
	}
	for round := range 2 {
		for i, p := range pages {
			samples := p.WaitSamples(patience, browser.Frames("", 30*(round+1)))
			wantPictures(t, samples, 10+i)
			for _, s := range samples {
				if s.Home != homes[i].id.String() {
					t.Errorf("the page of one home has a tile of %s", s.Home)
				}
			}
		}
		if round == 0 {
			pages[0].Reload()
			pages[0].WaitTiles(1, patience, browser.In(browser.Live))
			pages[0].Sample(true)
		}
	}
}

// wantPictures checks that every picture shows the camera, readable and in order; only where the clip begins again may numbers
// go back.
func wantPictures(t *testing.T, samples []browser.Sample, camera int) {
	t.Helper()
	if err := browser.Check(samples, browser.Expect{Bits: camera, Repeat: true}); err != nil {
		t.Errorf("camera %d: %v", camera, err)
	}
	var back []string
	last := -1
	for _, s := range samples {
		if s.Err == nil {
			if s.Reading.Number < last {
				back = append(back, fmt.Sprintf("from %d to %d after %v", last, s.Reading.Number, s.At.Sub(samples[0].At).Round(time.Millisecond)))
			}
			last = s.Reading.Number
		}
	}
	if last < 0 {
		t.Errorf("camera %d: no picture was read", camera)
	}
	if span := samples[len(samples)-1].At.Sub(samples[0].At); len(back) > int(span/clipLength)+1 {
		t.Errorf("camera %d: in %v pictures went back %s", camera, span, strings.Join(back, ", "))
	}
}

// wantYoung checks that what is drawn as live was sent a moment ago.
func wantYoung(t *testing.T, samples []browser.Sample, camera *rtspcam.Camera) {
	t.Helper()
	const slack = 250 * time.Millisecond // the tile's state is as old as the page's last look
	for _, s := range samples {
		if s.Err != nil || s.State != browser.Live {
			continue
		}
		if sent, ok := camera.SentAt(s.Reading.Number, s.At); !ok {
			t.Errorf("picture %d was not sent", s.Reading.Number)
		} else if age := s.At.Sub(sent); age > 2*time.Second+slack {
			t.Errorf("a picture of %v ago is drawn as live", age)
		}
	}
}

func noExceptions(t *testing.T, p *browser.Page) {
	t.Helper()
	for _, m := range p.Console() {
		// Go's runtime writes so when the browser calls what was thought to be done with.
		if m.Exception || strings.Contains(m.Text, "call to released function") {
			t.Errorf("the page's console: %s", m.Text)
		}
	}
}
