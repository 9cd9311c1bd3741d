//go:build !js

package rtp

import (
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/transport"
)

func soundOf(camera uint8) transport.Frame {
	return transport.Frame{Camera: camera, Stream: seal.Sound, Key: true, Sealed: make([]byte, 300)}
}

// Sound has a slot of its own: it waits for no picture, and is not flushed with pictures.
func TestSoundHasItsOwnSlot(t *testing.T) {
	s, err := NewSender(SenderConfig{Slots: 2, Sound: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(s.slots) != 3 {
		t.Fatalf("%d slots", len(s.slots))
	}
	for camera := range uint8(5) {
		s.Send(sized(camera, true, 1000))
		s.Send(soundOf(camera))
	}
	s.FlushStream(1, seal.Main)
	if pictures, sounds := len(s.slots[0].queue)+len(s.slots[1].queue), len(s.slots[2].queue); pictures != 4 || sounds != 5 {
		t.Errorf("%d pictures and %d sounds wait", pictures, sounds)
	}
	for _, f := range s.slots[2].queue {
		if f.stream != uint8(seal.Sound) {
			t.Error("a picture waits among sounds")
		}
	}
	s.Flush(1) // of a camera that is not watched any more
	if pictures, sounds := len(s.slots[0].queue)+len(s.slots[1].queue), len(s.slots[2].queue); pictures != 4 || sounds != 4 {
		t.Errorf("%d pictures and %d sounds wait", pictures, sounds)
	}
}

// Nobody wants to hear what waited: the oldest make room.
func TestSoundDoesNotPileUp(t *testing.T) {
	s, err := NewSender(SenderConfig{Slots: 1, Sound: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 10 * maxSoundQueue {
		f := soundOf(0)
		f.Sealed[0] = byte(i)
		s.Send(f)
	}
	queue := s.slots[1].queue
	if len(queue) != maxSoundQueue || queue[len(queue)-1].sealed[0] != (10*maxSoundQueue-1)&0xff || s.Stats().Dropped != 9*maxSoundQueue {
		t.Errorf("%d wait, the last is %d, %d dropped", len(queue), queue[len(queue)-1].sealed[0], s.Stats().Dropped)
	}
}

// Into a path from which nothing comes back no sound is sent: it would come in a heap afterwards.
func TestNoSoundIntoSilence(t *testing.T) {
	s, err := NewSender(SenderConfig{Slots: 1, Sound: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connected = true
	s.born = time.Now().Add(-time.Minute)
	s.path.waiting = time.Minute - silentAfter - time.Second
	if s.admitSound(s.slots[1]) {
		t.Error("sent into silence")
	}
	s.path.waiting = -1
	if !s.admitSound(s.slots[1]) {
		t.Error("not sent though the path is alive")
	}
}

func TestTooManySlotsWithSound(t *testing.T) {
	if s, err := NewSender(SenderConfig{Slots: MaxSlots, Sound: true}); err == nil {
		s.Close()
		t.Error("made")
	}
}
