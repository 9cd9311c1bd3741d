package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
)

var (
	aac  = codec.Config{Codec: codec.AAC, Rate: 48000, Channels: 1, Description: "\x11\x88"}
	g711 = codec.Config{Codec: codec.PCMU, Rate: 8000, Channels: 1}
)

func soundFrame(gop uint32) seal.Frame {
	return seal.Frame{Key: true, GOP: gop, Captured: 1_700_000_000_000_000, Config: aac, Data: []byte("sound")}
}

func TestSound(t *testing.T) {
	f := newFixture(t)
	s, o := f.sealer(seal.Sound), f.opener()
	var chain seal.Chain
	for gop := uint32(1); gop < 4; gop++ {
		frame := soundFrame(gop * gop) // lost ones are not waited for
		if gop == 3 {
			frame.Config = g711
		}
		sealed := f.seal(s, frame)
		got, err := o.Open(seal.Sound, sealed)
		if c, ok := got.Config(); err != nil || !ok || c != frame.Config || !bytes.Equal(got.Data(), frame.Data) {
			t.Fatalf("%v: %+v", err, got)
		}
		if v := chain.Accept(got); v != seal.Take {
			t.Errorf("frame %d: %v", gop, v)
		}
		wantRefused(t, o, seal.Sound, sealed, seal.Replay)
		for _, stream := range []seal.Stream{seal.Main, seal.Sub, seal.Still} {
			wantRefused(t, o, stream, sealed, seal.WrongStream)
		}
	}
}

// Sound is sealed as such, and pictures are not sealed as sound.
func TestSoundFrameRules(t *testing.T) {
	f := newFixture(t)
	large := soundFrame(1)
	large.Data = make([]byte, codec.MaxSoundUnit+1)
	delta := soundFrame(1)
	delta.Key, delta.Index = false, 1
	for name, c := range map[string]struct {
		stream seal.Stream
		frame  seal.Frame
	}{
		"a picture as sound":    {seal.Sound, keyFrame(1)},
		"sound as a picture":    {seal.Main, soundFrame(1)},
		"too large":             {seal.Sound, large},
		"depends on another":    {seal.Sound, delta},
		"a picture's successor": {seal.Sound, deltaFrame(1, 1)},
	} {
		if sealed, err := f.sealer(c.stream).Seal(nil, &c.frame); !errors.Is(err, seal.ErrFrame) || sealed != nil {
			t.Errorf("%s: sealed, %v", name, err)
		}
	}
}
