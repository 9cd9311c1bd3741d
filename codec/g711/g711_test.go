package g711

import (
	"encoding/binary"
	"os/exec"
	"testing"
)

// Decision values of tables 1a and 2a of G.711, as 16-bit samples: the ends of the scale, its middle, and the ends of segments.
func TestKnownValues(t *testing.T) {
	for _, c := range []struct {
		octet byte
		a, u  int16
	}{
		{0x00, -5504, -32124},
		{0x55, -8, -716},
		{0xd5, 8, 716},
		{0x80, 5504, 32124},
		{0x2a, -32256, -5372},
		{0xaa, 32256, 5372},
		{0x7f, -848, 0},
		{0xff, 848, 0},
		{0x7e, -880, -8},
		{0xfe, 880, 8},
	} {
		if got := DecodeA(nil, []byte{c.octet})[0]; got != c.a {
			t.Errorf("A-law %#02x is %d, want %d", c.octet, got, c.a)
		}
		if got := DecodeU(nil, []byte{c.octet})[0]; got != c.u {
			t.Errorf("µ-law %#02x is %d, want %d", c.octet, got, c.u)
		}
	}
}

// All octets, against another implementation.
func TestAgainstFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg on this machine")
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for format, decode := range map[string]func([]int16, []byte) []int16{"alaw": DecodeA, "mulaw": DecodeU} {
		cmd := exec.Command(ffmpeg, "-v", "error", "-f", format, "-ar", "8000", "-i", "pipe:0", "-f", "s16le", "pipe:1")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			in.Write(all)
			in.Close()
		}()
		out, err := cmd.Output()
		if err != nil || len(out) != 512 {
			t.Fatalf("%s: %d bytes, %v", format, len(out), err)
		}
		for i, s := range decode(nil, all) {
			if want := int16(binary.LittleEndian.Uint16(out[2*i:])); s != want {
				t.Errorf("%s %#02x is %d, want %d", format, i, s, want)
			}
		}
	}
}

// Each octet comes back, but for the two zeros of µ-law; and each sample comes back within half a step.
func TestEncode(t *testing.T) {
	for i := range 256 {
		sample := DecodeU(nil, []byte{byte(i)})
		if got := EncodeU(nil, sample)[0]; got != byte(i) && i != 0x7f {
			t.Errorf("%#02x became %#02x", i, got)
		}
	}
	for s := -32768; s <= 32767; s += 7 {
		got := int(DecodeU(nil, EncodeU(nil, []int16{int16(s)}))[0])
		if d := got - s; d > 512+132 || d < -512-132 {
			t.Fatalf("%d became %d", s, got)
		}
	}
}
