package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

var (
	h264 = codec.Config{Codec: codec.H264, Width: 640, Height: 360, Profile: "avc1.42E01E"}
	jpeg = codec.Config{Codec: codec.JPEG, Width: 640, Height: 360}
)

// fixture is an agent with one camera in one epoch.
type fixture struct {
	t     testing.TB
	key   identity.AgentKey
	src   seal.Source
	epoch seal.Epoch
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	key, err := identity.AgentFromSeed(bytes.Repeat([]byte{1}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	epoch, err := seal.NewEpoch(bytes.NewReader(bytes.Repeat([]byte{2}, 48)), 5)
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{t, key, seal.Source{Agent: key.Public(), Camera: identity.CameraID{3}}, epoch}
}

func (f *fixture) sealer(stream seal.Stream) *seal.Sealer {
	f.t.Helper()
	s, err := seal.NewSealer(f.key.Signer().Sign, f.src, stream, f.epoch)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fixture) opener() *seal.Opener {
	f.t.Helper()
	o := seal.NewOpener(f.src)
	if err := o.AddEpoch(f.epoch); err != nil {
		f.t.Fatal(err)
	}
	return o
}

func (f *fixture) seal(s *seal.Sealer, frame seal.Frame) []byte {
	f.t.Helper()
	sealed, err := s.Seal(nil, &frame)
	if err != nil {
		f.t.Fatal(err)
	}
	return sealed
}

func keyFrame(gop uint32) seal.Frame {
	return seal.Frame{Key: true, GOP: gop, Captured: 1_700_000_000_000_000, Config: h264, Data: []byte("a key picture")}
}

func deltaFrame(gop, index uint32) seal.Frame {
	return seal.Frame{GOP: gop, Index: index, Captured: 1_700_000_000_033_000, Config: h264, Data: fmt.Appendf(nil, "picture %d", index)}
}

func wantRefused(t *testing.T, o *seal.Opener, stream seal.Stream, sealed []byte, want seal.Reason) {
	t.Helper()
	before := o.Stats().Refused(want)
	opened, err := o.Open(stream, sealed)
	if !errors.Is(err, seal.ErrOpen) || seal.ReasonOf(err) != want {
		t.Errorf("got %v (%v), want %v", err, seal.ReasonOf(err), want)
		return
	}
	if opened.Valid() || opened.Data() != nil {
		t.Error("refused, and yet there is a picture")
	}
	if got := o.Stats().Refused(want); got != before+1 {
		t.Errorf("%v counted %d times, was %d", want, got, before)
	}
}

func TestRoundTrip(t *testing.T) {
	f := newFixture(t)
	for name, frame := range map[string]seal.Frame{
		"key":             keyFrame(7),
		"delta":           deltaFrame(7, 1),
		"JPEG":            {Key: true, GOP: 1<<32 - 1, Captured: -1, Config: jpeg, Data: []byte{0xff, 0xd8, 0xff, 0xd9}},
		"final":           {Final: true, GOP: 7, Index: 2, Config: h264, Data: []byte("last")},
		"final, empty":    {Final: true, GOP: 7, Index: 2, Config: h264},
		"final key":       {Final: true, Key: true, GOP: 7, Config: h264, Data: []byte("only")},
		"largest":         {Key: true, GOP: 7, Config: h264, Data: bytes.Repeat([]byte{0xaa}, codec.MaxAccessUnit)},
		"longest profile": {Key: true, Config: codec.Config{Codec: codec.H265, Width: 8192, Height: 8192, Profile: string(bytes.Repeat([]byte("a"), codec.MaxProfile))}, Data: []byte{1}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, stream := range []seal.Stream{seal.Main, seal.Sub, seal.Still, seal.MaxStream} {
				sealed, err := f.sealer(stream).Seal([]byte("before"), &frame)
				if err != nil {
					t.Fatal(err)
				}
				sealed, ok := bytes.CutPrefix(sealed, []byte("before"))
				if !ok || len(sealed) > seal.MaxSealed || len(sealed) > len(frame.Data)+seal.Overhead {
					t.Fatalf("%d bytes for %d", len(sealed), len(frame.Data))
				}
				if epoch, s, ok := seal.Peek(sealed); epoch != f.epoch.Number || s != stream || !ok {
					t.Errorf("Peek: %d, %v, %v", epoch, s, ok)
				}
				got, err := f.opener().Open(stream, sealed)
				if err != nil {
					t.Fatalf("%v (%v)", err, seal.ReasonOf(err))
				}
				if !got.Valid() || got.Key() != frame.Key || got.Final() != frame.Final || got.GOP() != frame.GOP || got.Index() != frame.Index ||
					got.Captured() != frame.Captured || !bytes.Equal(got.Data(), frame.Data) || got.ConfigHash() != frame.Config.Hash() {
					t.Errorf("opened as %+v", got)
				}
				if got.Stream() != stream || got.Epoch() != f.epoch.Number || got.Camera() != f.src.Camera {
					t.Errorf("comes from %v, %d, %v", got.Stream(), got.Epoch(), got.Camera())
				}
				if config, ok := got.Config(); ok != frame.Key || ok && config != frame.Config {
					t.Errorf("config %v, %v", config, ok)
				}
			}
		})
	}
}

func TestSealedFrameHidesItsContents(t *testing.T) {
	f := newFixture(t)
	frame := keyFrame(7)
	frame.Data = []byte("sixteen bytes and more of plain text")
	sealed := f.seal(f.sealer(seal.Main), frame)
	for _, plain := range [][]byte{frame.Data[:16], []byte(h264.Profile), f.src.Camera[:], f.epoch.ID[:], f.epoch.Key[:]} {
		if bytes.Contains(sealed, plain) {
			t.Errorf("%q stands in the sealed frame", plain)
		}
	}
}

// Each number is used once, whatever becomes of the frame.
func TestFrameNumbers(t *testing.T) {
	f := newFixture(t)
	s := f.sealer(seal.Main)
	bad := keyFrame(1)
	bad.Index = 1
	if _, err := s.Seal(nil, &bad); !errors.Is(err, seal.ErrFrame) || s.NextCTR() != 0 {
		t.Errorf("%v, next is %d", err, s.NextCTR())
	}
	a, b := f.seal(s, keyFrame(1)), f.seal(s, keyFrame(1))
	if s.NextCTR() != 2 || bytes.Equal(a, b) {
		t.Errorf("next is %d", s.NextCTR())
	}

	failure := errors.New("the key is away")
	broken, err := seal.NewSealer(func([]byte) ([]byte, error) { return nil, failure }, f.src, seal.Main, f.epoch)
	if err != nil {
		t.Fatal(err)
	}
	frame := keyFrame(1)
	if out, err := broken.Seal([]byte("kept"), &frame); !errors.Is(err, failure) || string(out) != "kept" || broken.NextCTR() != 1 {
		t.Errorf("%q, %v, next is %d", out, err, broken.NextCTR())
	}
	short, err := seal.NewSealer(func([]byte) ([]byte, error) { return make([]byte, 63), nil }, f.src, seal.Main, f.epoch)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := short.Seal(nil, &frame); err == nil || out != nil {
		t.Errorf("sealed with a signature of 63 bytes: %x", out)
	}
}

func TestSealRefuses(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct {
		change func(*seal.Frame)
		want   error
	}{
		"key with an index":   {func(f *seal.Frame) { f.Index = 1 }, seal.ErrFrame},
		"delta without index": {func(f *seal.Frame) { f.Key = false }, seal.ErrFrame},
		"no data":             {func(f *seal.Frame) { f.Data = nil }, seal.ErrFrame},
		"final key, no data":  {func(f *seal.Frame) { f.Data, f.Final = nil, true }, seal.ErrFrame},
		"too large":           {func(f *seal.Frame) { f.Data = make([]byte, codec.MaxAccessUnit+1) }, seal.ErrFrame},
		"no config":           {func(f *seal.Frame) { f.Config = codec.Config{} }, codec.ErrConfig},
	} {
		frame := keyFrame(1)
		c.change(&frame)
		if out, err := f.sealer(seal.Main).Seal(nil, &frame); !errors.Is(err, c.want) || out != nil {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		}
	}
}

func TestNewSealerRefuses(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct {
		change func(*seal.Source, *seal.Stream, *seal.Epoch)
		want   error
	}{
		"no agent":     {func(s *seal.Source, _ *seal.Stream, _ *seal.Epoch) { s.Agent = identity.AgentPublic{} }, seal.ErrSource},
		"no camera":    {func(s *seal.Source, _ *seal.Stream, _ *seal.Epoch) { s.Camera = identity.CameraID{} }, seal.ErrSource},
		"no key":       {func(_ *seal.Source, _ *seal.Stream, e *seal.Epoch) { e.Key = [32]byte{} }, seal.ErrEpoch},
		"no id":        {func(_ *seal.Source, _ *seal.Stream, e *seal.Epoch) { e.ID = seal.EpochID{} }, seal.ErrEpoch},
		"large number": {func(_ *seal.Source, _ *seal.Stream, e *seal.Epoch) { e.Number = 1 << 61 }, seal.ErrEpoch},
		"no stream":    {func(_ *seal.Source, s *seal.Stream, _ *seal.Epoch) { *s = seal.MaxStream + 1 }, nil},
	} {
		src, stream, epoch := f.src, seal.Main, f.epoch
		c.change(&src, &stream, &epoch)
		if _, err := seal.NewSealer(f.key.Signer().Sign, src, stream, epoch); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: NewSealer: %v", name, err)
		}
		if c.want == nil {
			continue
		}
		if err := seal.NewOpener(src).AddEpoch(epoch); !errors.Is(err, c.want) {
			t.Errorf("%s: AddEpoch: %v", name, err)
		}
	}
	if _, err := seal.NewEpoch(bytes.NewReader(make([]byte, 47)), 1); err == nil {
		t.Error("an epoch out of too little randomness")
	}
	if _, err := seal.NewEpoch(bytes.NewReader(make([]byte, 48)), 1); !errors.Is(err, seal.ErrEpoch) {
		t.Errorf("an epoch of zeros: %v", err)
	}
}

func TestEpochKeyIsNotPrinted(t *testing.T) {
	e := newFixture(t).epoch
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		want := "epoch 5 (02020202020202020202020202020202)"
		if got := fmt.Sprintf(verb, e); got != want {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	if got := e.LogValue().String(); got != "[number=5 id=02020202020202020202020202020202]" {
		t.Errorf("logged as %s", got)
	}
}
