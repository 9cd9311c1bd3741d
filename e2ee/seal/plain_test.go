package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
)

var testConfig = codec.Config{Codec: codec.H264, Width: 640, Height: 360, Profile: "avc1.42E01E"}

func plainOf(t testing.TB, f Frame) []byte {
	t.Helper()
	record, err := f.Config.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := appendPlain(nil, &f, record, f.Config.Hash())
	if len(b) != plainSize(&f, record) {
		t.Fatalf("%d bytes, plainSize says %d", len(b), plainSize(&f, record))
	}
	return b
}

func keyPlain(t testing.TB) []byte {
	return plainOf(t, Frame{Key: true, GOP: 7, Captured: 1, Config: testConfig, Data: []byte("picture")})
}

func deltaPlain(t testing.TB) []byte {
	return plainOf(t, Frame{GOP: 7, Index: 1, Captured: 1, Config: testConfig, Data: []byte("picture")})
}

// The agent's own mistakes: each of these is signed by it, and yet not taken.
func TestMalformedPlaintextIsRefused(t *testing.T) {
	const lengthAt = plainHeaderSize - 4
	setLength := func(b []byte, by int) []byte {
		binary.BigEndian.PutUint32(b[lengthAt:], uint32(int(binary.BigEndian.Uint32(b[lengthAt:]))+by))
		return b
	}
	for name, b := range map[string][]byte{
		"empty":                      {},
		"header alone":               deltaPlain(t)[:plainHeaderSize],
		"one byte short":             deltaPlain(t)[:len(deltaPlain(t))-1],
		"version 0":                  with(deltaPlain(t), 0, 0),
		"version 2":                  with(deltaPlain(t), 0, 2),
		"unknown flag":               with(deltaPlain(t), 1, 8),
		"highest flag":               with(keyPlain(t), 1, 0x83),
		"key without config flag":    with(keyPlain(t), 1, flagKey),
		"config flag without key":    with(keyPlain(t), 1, flagConfig),
		"key with index":             with(keyPlain(t), 9, 1),
		"delta with index 0":         with(deltaPlain(t), 9, 0),
		"key's config hash wrong":    with(keyPlain(t), 20, keyPlain(t)[20]^1),
		"config changed":             with(keyPlain(t), plainHeaderSize+2+1, 3),
		"unknown codec":              with(keyPlain(t), plainHeaderSize+2, 9),
		"config longer than payload": with(keyPlain(t), plainHeaderSize, 0xff),
		"config a byte short":        with(keyPlain(t), plainHeaderSize+1, keyPlain(t)[plainHeaderSize+1]-1),
		"no config at all":           with(keyPlain(t), plainHeaderSize+1, 0),
		"length too large":           setLength(deltaPlain(t), 1),
		"length 2^32-1":              setLength(deltaPlain(t), -8),
		"length too small":           setLength(deltaPlain(t), -1), // the rest would be padding, and is not zero
		"payload of one byte":        setLength(keyPlain(t)[:plainHeaderSize+1], 1-27),
		"padding not zero":           append(deltaPlain(t), 0, 0, 1),
		"too much padding":           append(deltaPlain(t), make([]byte, maxPadding+1)...),
		"no data":                    setLength(deltaPlain(t)[:plainHeaderSize], -7),
		"key and final, no data":     with(setLength(keyPlain(t)[:len(keyPlain(t))-7], -7), 1, flagKey|flagConfig|flagFinal),
	} {
		if f, _, err := parsePlain(b); !errors.Is(err, errPlain) {
			t.Errorf("%s: parsed as %+v, %v", name, f, err)
		}
	}
	for name, b := range map[string][]byte{
		"key": keyPlain(t), "delta": deltaPlain(t),
		"some padding": append(deltaPlain(t), 0), "most padding": append(keyPlain(t), make([]byte, maxPadding)...),
		"final, no data": with(setLength(deltaPlain(t)[:plainHeaderSize], -7), 1, flagFinal),
	} {
		if _, _, err := parsePlain(b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func with(b []byte, at int, v byte) []byte {
	b = bytes.Clone(b)
	b[at] = v
	return b
}

// An access unit that is larger than permitted is refused although frame and padding together would fit.
func TestTooLargeAccessUnitIsRefused(t *testing.T) {
	b := plainOf(t, Frame{GOP: 1, Index: 1, Config: testConfig, Data: make([]byte, codec.MaxAccessUnit)})
	if _, _, err := parsePlain(b); err != nil {
		t.Fatal(err)
	}
	b = plainOf(t, Frame{GOP: 1, Index: 1, Config: testConfig, Data: make([]byte, codec.MaxAccessUnit+1)})
	if _, _, err := parsePlain(b); !errors.Is(err, errPlain) {
		t.Error(err)
	}
}

// sealPlain seals any plaintext, as an agent that breaks the rules would.
func sealPlain(t testing.TB, s *Sealer, plain []byte) []byte {
	t.Helper()
	out := s.key.Seal(nil, s.ctr, s.aad(), plain)
	s.ctr++
	sig, err := s.sign(s.toSign(out))
	if err != nil {
		t.Fatal(err)
	}
	return append(out, sig...)
}

func testPair(t testing.TB) (*Sealer, *Opener) { return testPairOf(t, Main) }

func testPairOf(t testing.TB, stream Stream) (*Sealer, *Opener) {
	t.Helper()
	key, err := identity.AgentFromSeed(bytes.Repeat([]byte{1}, identity.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	e := Epoch{Number: 5, ID: EpochID{1}, Key: [32]byte{2}}
	src := Source{key.Public(), identity.CameraID{3}}
	s, err := NewSealer(key.Signer().Sign, src, stream, e)
	if err != nil {
		t.Fatal(err)
	}
	o := NewOpener(src)
	if err := o.AddEpoch(e); err != nil {
		t.Fatal(err)
	}
	return s, o
}

func TestMalformedPlaintextHasItsReason(t *testing.T) {
	s, o := testPair(t)
	bad := sealPlain(t, s, with(deltaPlain(t), 0, 9))
	if _, err := o.Open(Main, bad); ReasonOf(err) != Plaintext {
		t.Errorf("%v", ReasonOf(err))
	}
	if _, err := o.Open(Main, bad); ReasonOf(err) != Replay {
		t.Errorf("the second time: %v", ReasonOf(err))
	}
	padded := sealPlain(t, s, append(keyPlain(t), 0, 0, 0))
	if got, err := o.Open(Main, padded); err != nil || string(got.Data()) != "picture" {
		t.Errorf("padded: %q, %v", got.Data(), err)
	}
}

func TestExhausted(t *testing.T) {
	s, o := testPair(t)
	s.ctr = MaxFrames - 1
	f := Frame{Key: true, Config: testConfig, Data: []byte("the last one")}
	last, err := s.Seal(nil, &f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Open(Main, last); err != nil {
		t.Error(ReasonOf(err))
	}
	for range 2 {
		if out, err := s.Seal([]byte("kept"), &f); !errors.Is(err, ErrExhausted) || string(out) != "kept" {
			t.Errorf("%q, %v", out, err)
		}
	}
}

func TestAllocations(t *testing.T) {
	s, o := testPair(t)
	var sig []byte
	sign := s.sign
	s.sign = func(m []byte) ([]byte, error) { // so that only the package's own allocations are counted
		var err error
		if sig == nil {
			sig, err = sign(m)
		}
		return sig, err
	}
	f := Frame{Key: true, Config: testConfig, Data: make([]byte, 12_500)}
	dst := make([]byte, 0, len(f.Data)+Overhead)
	if n := testing.AllocsPerRun(100, func() {
		if out, err := s.Seal(dst, &f); err != nil || &out[0] != &dst[:1][0] {
			t.Error("moved", err)
		}
	}); n != 0 {
		t.Errorf("Seal allocates %v times", n)
	}

	s.sign = sign
	frames := make([][]byte, 0, 200)
	for range cap(frames) {
		f.Key, f.Index = false, f.Index+1
		sealed, err := s.Seal(nil, &f)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, sealed)
	}
	_, _ = o.Open(Main, frames[0])
	next := 1
	if n := testing.AllocsPerRun(100, func() {
		if _, err := o.Open(Main, frames[next]); err != nil {
			t.Error(err)
		}
		next++
	}); n > 1 {
		t.Errorf("Open allocates %v times; the plaintext alone is needed", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := o.Open(Sub, frames[0]); err == nil {
			t.Error("opened")
		}
	}); n != 0 {
		t.Errorf("refusing allocates %v times", n)
	}
}

func BenchmarkSeal(b *testing.B) {
	s, _ := testPair(b)
	f := Frame{Index: 1, Config: testConfig, Data: make([]byte, 12_500)}
	var dst []byte
	b.SetBytes(int64(len(f.Data)))
	for b.Loop() {
		var err error
		if dst, err = s.Seal(dst[:0], &f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	s, o := testPair(b)
	f := Frame{Index: 1, Config: testConfig, Data: make([]byte, 12_500)}
	sealed, err := s.Seal(nil, &f)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := o.Open(Main, sealed); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(f.Data)))
	for b.Loop() { // a replayed frame is opened and verified before it is refused
		if _, err := o.Open(Main, sealed); ReasonOf(err) != Replay {
			b.Fatal(err)
		}
	}
}

// An agent that seals pictures as sound, or sound as pictures, is not believed.
func TestSoundInItsOwnStreamAlone(t *testing.T) {
	sound := Frame{Key: true, GOP: 7, Captured: 1, Config: codec.Config{Codec: codec.PCMU, Rate: 8000, Channels: 1}, Data: []byte("sound")}
	large := sound
	large.Data = make([]byte, codec.MaxSoundUnit+1)
	for name, c := range map[string]struct {
		stream Stream
		plain  []byte
		ok     bool
	}{
		"sound":             {Sound, plainOf(t, sound), true},
		"sound as main":     {Main, plainOf(t, sound), false},
		"sound as still":    {Still, plainOf(t, sound), false},
		"picture as sound":  {Sound, keyPlain(t), false},
		"delta as sound":    {Sound, deltaPlain(t), false},
		"too large a sound": {Sound, plainOf(t, large), false},
	} {
		s, o := testPairOf(t, c.stream)
		_, err := o.Open(c.stream, sealPlain(t, s, c.plain))
		if c.ok != (err == nil) || !c.ok && ReasonOf(err) != Plaintext {
			t.Errorf("%s: %v", name, err)
		}
	}
}
