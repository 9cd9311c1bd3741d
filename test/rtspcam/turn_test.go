package rtspcam

import (
	"testing"

	"github.com/bluenviron/gortsplib/v5"
)

// A camera that is turned to another clip goes on in the same connection with that clip's first picture, and its time runs on.
func TestTurn(t *testing.T) {
	main, sub := demo(t)
	camera := start(t, Config{Main: main, Sub: sub})
	r, err := play(t, camera.MainURL(), gortsplib.ProtocolTCP)
	if err != nil {
		t.Fatal(err)
	}
	last := r.next(t)
	if index(main, last) < 0 {
		t.Fatal("the first picture is none of the clip's")
	}
	if err := camera.Turn(sub); err != nil {
		t.Fatal(err)
	}
	turned := 0
	for turned < 3 {
		p := r.next(t)
		if got := p.time - last.time; got != rtpClock/25 {
			t.Errorf("RTP time %d after the last picture's", got)
		}
		switch at := index(sub, p); {
		case at == turned:
			turned++
		case at >= 0 || turned > 0:
			t.Fatalf("picture %d of the new clip after %d others of it", at, turned)
		}
		last = p
	}
	if err := camera.Turn(load(t, "testdata/small.h265", 25)); err == nil {
		t.Error("another coding went on in the same stream")
	}
}

// A changed camera ends its connections, and plays the other clips to those who come again.
func TestChange(t *testing.T) {
	main, sub := demo(t)
	h265 := load(t, "testdata/small.h265", 25)
	camera := start(t, Config{Main: main, Sub: sub})
	address := camera.MainURL()
	if _, err := play(t, address, gortsplib.ProtocolTCP); err != nil {
		t.Fatal(err)
	}
	if err := camera.Change(Clip{}, Clip{}); err == nil {
		t.Error("a camera without a main stream goes on")
	}
	if err := camera.Change(h265, Clip{}); err != nil {
		t.Fatal(err)
	}
	if n := camera.Readers(); n != 0 {
		t.Errorf("%d readers stayed", n)
	}
	r, err := play(t, address, gortsplib.ProtocolTCP)
	if err != nil {
		t.Fatal(err)
	}
	if index(h265, r.next(t)) < 0 {
		t.Error("the first picture is none of the new clip's")
	}
	if _, err := play(t, camera.SubURL(), gortsplib.ProtocolTCP); err == nil {
		t.Error("the sub-stream is still there")
	}
}
