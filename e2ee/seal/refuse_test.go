package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/sframe"
)

const (
	tagSize       = 16
	signatureSize = 64
)

func TestEveryBitCounts(t *testing.T) {
	f := newFixture(t)
	sealed := f.seal(f.sealer(seal.Sub), keyFrame(1))
	o := f.opener()
	for i := range len(sealed) * 8 {
		bad := bytes.Clone(sealed)
		bad[i/8] ^= 1 << (i % 8)
		_, err := o.Open(seal.Sub, bad)
		reason := seal.ReasonOf(err)
		if !errors.Is(err, seal.ErrOpen) || err.Error() != seal.ErrOpen.Error() {
			t.Fatalf("bit %d: %v", i, err)
		}
		var want bool
		switch at := i / 8; {
		case at < 2:
			want = reason == seal.Header || reason == seal.WrongStream || reason == seal.UnknownEpoch || reason == seal.Auth
		case at < len(sealed)-signatureSize:
			want = reason == seal.Auth
		default:
			want = reason == seal.Signature
		}
		if !want {
			t.Errorf("bit %d: %v", i, reason)
		}
	}
	// None of these was taken for the frame itself.
	if _, err := o.Open(seal.Sub, sealed); err != nil {
		t.Errorf("the true frame afterwards: %v", seal.ReasonOf(err))
	}
}

func TestEveryLengthCounts(t *testing.T) {
	f := newFixture(t)
	sealed := f.seal(f.sealer(seal.Main), keyFrame(1))
	o := f.opener()
	for n := range sealed {
		for what, piece := range map[string][]byte{"start": sealed[:n], "end": sealed[len(sealed)-n:]} {
			if _, err := o.Open(seal.Main, piece); !errors.Is(err, seal.ErrOpen) {
				t.Errorf("the %s of %d bytes: %v", what, n, err)
			}
		}
	}
	wantRefused(t, o, seal.Main, nil, seal.Truncated)
	wantRefused(t, o, seal.Main, sealed[:118], seal.Truncated)
	wantRefused(t, o, seal.Main, sealed[:len(sealed)-1], seal.Auth)
	for n := 1; n < 300; n++ {
		wantRefused(t, o, seal.Main, append(bytes.Clone(sealed), make([]byte, n)...), seal.Auth)
	}
	wantRefused(t, o, seal.Main, append(bytes.Clone(sealed), make([]byte, seal.MaxSealed)...), seal.TooLarge)
}

func TestSplicedIsRefused(t *testing.T) {
	f := newFixture(t)
	s := f.sealer(seal.Main)
	// Two frames of equal length with neighbouring numbers that take the same header length.
	a, b := f.seal(s, deltaFrame(1, 1)), f.seal(s, deltaFrame(1, 2))
	if len(a) != len(b) {
		t.Fatalf("%d and %d bytes", len(a), len(b))
	}
	parts := []struct {
		name     string
		from, to int
		want     seal.Reason
	}{
		{"header", 0, 2, seal.Auth},
		{"first half of the ciphertext", 2, 30, seal.Auth},
		{"ciphertext", 2, len(a) - signatureSize - tagSize, seal.Auth},
		{"tag", len(a) - signatureSize - tagSize, len(a) - signatureSize, seal.Auth},
		{"ciphertext and tag", 2, len(a) - signatureSize, seal.Auth},
		{"tag and signature", len(a) - signatureSize - tagSize, len(a), seal.Auth},
		{"signature", len(a) - signatureSize, len(a), seal.Signature},
		{"all but the signature", 0, len(a) - signatureSize, seal.Signature},
	}
	for _, p := range parts {
		mixed := bytes.Clone(a)
		copy(mixed[p.from:p.to], b[p.from:p.to])
		t.Run(p.name, func(t *testing.T) { wantRefused(t, f.opener(), seal.Main, mixed, p.want) })
	}
	wantRefused(t, f.opener(), seal.Main, append(bytes.Clone(a), b...), seal.Auth)
}

// A frame opens only where all of agent, camera, stream, epoch number, epoch id and key are those that it was sealed for.
func TestWrongPlaceIsRefused(t *testing.T) {
	f := newFixture(t)
	sealed := f.seal(f.sealer(seal.Sub), keyFrame(1))
	otherKey, err := identity.GenerateAgent(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*seal.Source, *seal.Stream, *seal.Epoch)
		want   seal.Reason
	}{
		{"agent", func(s *seal.Source, _ *seal.Stream, _ *seal.Epoch) { s.Agent = otherKey.Public() }, seal.Auth},
		{"camera", func(s *seal.Source, _ *seal.Stream, _ *seal.Epoch) { s.Camera[15] ^= 1 }, seal.Auth},
		{"stream", func(_ *seal.Source, s *seal.Stream, _ *seal.Epoch) { *s = seal.Main }, seal.WrongStream},
		{"stream beyond the last", func(_ *seal.Source, s *seal.Stream, _ *seal.Epoch) { *s = seal.Sub + 8 }, seal.WrongStream},
		{"epoch number", func(_ *seal.Source, _ *seal.Stream, e *seal.Epoch) { e.Number++ }, seal.UnknownEpoch},
		{"epoch id", func(_ *seal.Source, _ *seal.Stream, e *seal.Epoch) { e.ID[15] ^= 1 }, seal.Auth},
		{"epoch key", func(_ *seal.Source, _ *seal.Stream, e *seal.Epoch) { e.Key[31] ^= 1 }, seal.Auth},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, stream, epoch := f.src, seal.Sub, f.epoch
			c.change(&src, &stream, &epoch)
			o := seal.NewOpener(src)
			if err := o.AddEpoch(epoch); err != nil {
				t.Fatal(err)
			}
			wantRefused(t, o, stream, sealed, c.want)
		})
	}
}

// A frame of the same epoch and number, relabelled as another stream's, opens nowhere: the streams' keys differ.
func TestRelabelledStreamIsRefused(t *testing.T) {
	f := newFixture(t)
	sealed := f.seal(f.sealer(seal.Main), keyFrame(1))
	h, n, err := sframe.ParseHeader(sealed)
	if err != nil {
		t.Fatal(err)
	}
	for stream := seal.Sub; stream <= seal.MaxStream; stream++ {
		relabelled := sframe.Header{KID: h.KID | uint64(stream), CTR: h.CTR}.Append(nil)
		wantRefused(t, f.opener(), stream, append(relabelled, sealed[n:]...), seal.Auth)
	}
}

// Somebody who holds the epoch's key, as every viewer does, cannot make a frame: not with a key of their own, not with another message's
// signature, and not by keeping the agent's signature over a frame with the same tag.
func TestForgeryByKeyHolderIsRefused(t *testing.T) {
	f := newFixture(t)
	guest, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, sign := range map[string]func([]byte) ([]byte, error){
		"own key": guest.Signer().Sign,
		"zeros":   func([]byte) ([]byte, error) { return make([]byte, signatureSize), nil },
		"agent's, without the label": func(m []byte) ([]byte, error) {
			return f.key.Signer().Sign(bytes.TrimPrefix(m, []byte("sealcam frame sig v1")))
		},
		"agent's, of the hash alone": func(m []byte) ([]byte, error) { return f.key.Signer().Sign(m[len(m)-32:]) },
	} {
		s, err := seal.NewSealer(sign, f.src, seal.Main, f.epoch)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { wantRefused(t, f.opener(), seal.Main, f.seal(s, keyFrame(1)), seal.Signature) })
	}
}

func TestReplayIsRefused(t *testing.T) {
	f := newFixture(t)
	s := f.sealer(seal.Main)
	var sealed [][]byte
	for i := range 1100 {
		sealed = append(sealed, f.seal(s, deltaFrame(1, uint32(i+1))))
	}
	o := f.opener()
	open := func(i int) {
		t.Helper()
		if _, err := o.Open(seal.Main, sealed[i]); err != nil {
			t.Fatalf("frame %d: %v", i, seal.ReasonOf(err))
		}
	}
	// Out of order is permitted, twice is not.
	for _, i := range []int{3, 0, 2, 1, 10} {
		open(i)
	}
	for _, i := range []int{0, 1, 2, 3, 10} {
		wantRefused(t, o, seal.Main, sealed[i], seal.Replay)
	}
	// A forged high number must not close the window: it does not get there.
	forged := bytes.Clone(sealed[1090])
	forged[len(forged)-1] ^= 1
	wantRefused(t, o, seal.Main, forged, seal.Signature)
	open(4)
	open(1099)
	wantRefused(t, o, seal.Main, sealed[75], seal.Replay) // 1024 behind, never seen
	open(76)
	wantRefused(t, o, seal.Main, sealed[76], seal.Replay)

	// The window is the stream's and the epoch's own.
	sub := f.seal(f.sealer(seal.Sub), keyFrame(1))
	if _, err := o.Open(seal.Sub, sub); err != nil {
		t.Errorf("first frame of another stream: %v", seal.ReasonOf(err))
	}
	// Giving the same epoch again must not empty it.
	if err := o.AddEpoch(f.epoch); err != nil {
		t.Error(err)
	}
	wantRefused(t, o, seal.Main, sealed[1099], seal.Replay)
	wantRefused(t, o, seal.Sub, sub, seal.Replay)
}

func TestNumbersBeyondTheEpochAreRefused(t *testing.T) {
	f := newFixture(t)
	sealed := f.seal(f.sealer(seal.Main), keyFrame(1))
	_, n, err := sframe.ParseHeader(sealed)
	if err != nil {
		t.Fatal(err)
	}
	with := func(h sframe.Header) []byte { return append(h.Append(nil), sealed[n:]...) }
	kid := f.epoch.Number << 3
	wantRefused(t, f.opener(), seal.Main, with(sframe.Header{KID: kid, CTR: seal.MaxFrames - 1}), seal.Auth)
	wantRefused(t, f.opener(), seal.Main, with(sframe.Header{KID: kid, CTR: seal.MaxFrames}), seal.Header)
	wantRefused(t, f.opener(), seal.Main, with(sframe.Header{KID: kid, CTR: 1<<64 - 1}), seal.Header)
	if _, _, ok := seal.Peek(with(sframe.Header{KID: kid, CTR: seal.MaxFrames})); ok {
		t.Error("Peek passes what Open refuses")
	}
	longForm := append([]byte{0x90, 0, byte(kid)}, sealed[n:]...)
	wantRefused(t, f.opener(), seal.Main, longForm, seal.Header)
}

func TestEpochs(t *testing.T) {
	f := newFixture(t)
	o := seal.NewOpener(f.src)
	epochs := map[uint64]seal.Epoch{}
	frames := map[uint64][]byte{}
	for _, n := range []uint64{10, 20, 30, 40, 50, 15, 5} {
		e, err := seal.NewEpoch(nil, n)
		if err != nil {
			t.Fatal(err)
		}
		epochs[n] = e
		f.epoch = e
		frames[n] = f.seal(f.sealer(seal.Main), keyFrame(1))
	}
	add := func(n uint64, want error) {
		t.Helper()
		if err := o.AddEpoch(epochs[n]); !errors.Is(err, want) {
			t.Errorf("epoch %d: %v, want %v", n, err, want)
		}
	}
	for _, n := range []uint64{20, 40, 10, 30} { // in any order
		add(n, nil)
	}
	for _, n := range []uint64{10, 20, 30, 40} {
		if _, err := o.Open(seal.Main, frames[n]); err != nil {
			t.Errorf("epoch %d: %v", n, seal.ReasonOf(err))
		}
	}
	add(5, seal.ErrEpochOld)  // below the four known
	add(50, nil)              // drops 10
	add(10, seal.ErrEpochOld) // for good: its window is gone
	wantRefused(t, o, seal.Main, frames[10], seal.UnknownEpoch)
	add(15, seal.ErrEpochOld)
	if o.Knows(10) || !o.Knows(20) || !o.Knows(50) || o.Knows(60) {
		t.Error("Knows is wrong")
	}
	wantRefused(t, o, seal.Main, frames[20], seal.Replay)

	other := epochs[50]
	other.ID[0] ^= 1
	if err := o.AddEpoch(other); !errors.Is(err, seal.ErrEpochReused) {
		t.Errorf("same number, other id: %v", err)
	}
	other = epochs[50]
	other.Key[0] ^= 1
	if err := o.AddEpoch(other); !errors.Is(err, seal.ErrEpochReused) {
		t.Errorf("same number, other key: %v", err)
	}
	if _, err := o.Open(seal.Main, frames[50]); err != nil {
		t.Errorf("epoch 50 afterwards: %v", seal.ReasonOf(err))
	}
}

func TestDeltaFindsItsConfig(t *testing.T) {
	f := newFixture(t)
	s, o := f.sealer(seal.Main), f.opener()
	open := func(frame seal.Frame) seal.Opened {
		t.Helper()
		got, err := o.Open(seal.Main, f.seal(s, frame))
		if err != nil {
			t.Fatal(seal.ReasonOf(err))
		}
		return got
	}
	if _, ok := open(deltaFrame(1, 1)).Config(); ok {
		t.Error("a config before any key frame")
	}
	open(keyFrame(2))
	other := keyFrame(3)
	other.Config.Width = 1280
	open(other)
	for _, width := range []uint16{640, 1280} { // the GOP before the change may still be on its way
		frame := deltaFrame(3, 1)
		frame.Config.Width = width
		if c, ok := open(frame).Config(); !ok || c != frame.Config {
			t.Errorf("width %d: %v, %v", width, c, ok)
		}
	}
	third := keyFrame(4)
	third.Config.Width = 1920
	open(third)
	if c, ok := open(deltaFrame(4, 1)).Config(); ok {
		t.Errorf("the config before the last two is still there: %v", c)
	}
	// The sub-stream has its own.
	sub := f.sealer(seal.Sub)
	frame := deltaFrame(4, 1)
	frame.Config = third.Config
	got, err := o.Open(seal.Sub, f.seal(sub, frame))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := got.Config(); ok {
		t.Error("config of another stream")
	}
}

func TestStatsCount(t *testing.T) {
	f := newFixture(t)
	o := f.opener()
	sealed := f.seal(f.sealer(seal.Main), keyFrame(1))
	for range 3 {
		_, _ = o.Open(seal.Main, sealed)
	}
	_, _ = o.Open(seal.Sub, sealed)
	s := o.Stats()
	if s.Opened != 1 || s.Refused(seal.Replay) != 2 || s.Refused(seal.WrongStream) != 1 || s.RefusedTotal() != 3 || s.Refused(200) != 0 {
		t.Errorf("%+v", s)
	}
	if seal.ReasonOf(nil) != seal.NoReason || seal.ReasonOf(errors.New("x")) != seal.NoReason {
		t.Error("a reason for somebody else's error")
	}
	seen := map[string]bool{}
	for r := seal.NoReason; r <= seal.Plaintext; r++ {
		if text := r.String(); text == "" || seen[text] {
			t.Errorf("reason %d is called %q", r, text)
		} else {
			seen[text] = true
		}
	}
	if got := fmt.Sprint(seal.Reason(200)); got != "unknown reason" {
		t.Error(got)
	}
}
