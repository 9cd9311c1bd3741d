package pairing_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
)

func TestCodeRoundTrip(t *testing.T) {
	for i := range uint64(5000) {
		var wide [8]byte
		binary.BigEndian.PutUint64(wide[:], i*0x9e3779b97f4a7c15)
		code := pairing.Code(wide[:5])
		text := code.String()
		if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`).MatchString(text) {
			t.Fatal(text)
		}
		plain := strings.ReplaceAll(text, "-", "")
		confused := strings.NewReplacer("1", "l", "0", "o").Replace(strings.ToLower(plain))
		for _, typed := range []string{
			text, plain, strings.ToLower(text), " " + text + "\r\n", strings.ReplaceAll(text, "-", " "), "-" + text[:2] + "--" + text[2:],
			confused, strings.ReplaceAll(plain, "1", "I"), strings.ReplaceAll(plain, "1", "i"), strings.ReplaceAll(plain, "0", "O"),
			text[:4] + "\u00a0" + text[5:],
		} {
			if got, err := pairing.ParseCode(typed); err != nil || got != code {
				t.Fatalf("%q is read as %v, %v; want %v", typed, got, err, text)
			}
		}
	}
}

func TestParseCodeRefuses(t *testing.T) {
	for _, text := range []string{
		"", "-", "K7QF", "K7QF-2MR", "K7QF-2MRPX", "K7QF-2MRU", "K7QF-2MR!", "K7QF_2MRP", "K7QF-2MR\u0420", "K7QF-2MRÖ", "K7QF-2MR\xff",
		"K7QF-2MR=", "K7QF-2MRP" + strings.Repeat(" ", 100), "\u017f7QF-2MRP", "\u212a7QF-2MRP", "K7QF–2MRP", "K7QF.2MRP",
	} {
		if code, err := pairing.ParseCode(text); !errors.Is(err, pairing.ErrCode) || code != (pairing.Code{}) {
			t.Errorf("%q is read as %v, %v", text, code, err)
		}
	}
}

func TestNewCodeAndNonce(t *testing.T) {
	a, err := pairing.NewCode(nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := pairing.NewCode(nil); err != nil || a == b {
		t.Errorf("two codes are equal (%v)", err)
	}
	if code, err := pairing.NewCode(bytes.NewReader([]byte{1, 2, 3, 4})); err == nil || code != (pairing.Code{}) {
		t.Errorf("a code out of too little randomness: %v", code)
	}
	n, err := pairing.NewNonce(nil)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := pairing.NewNonce(nil); err != nil || n == m {
		t.Errorf("two nonces are equal (%v)", err)
	}
	if n, err := pairing.NewNonce(bytes.NewReader(make([]byte, 31))); err == nil || n != (pairing.Nonce{}) {
		t.Error("a nonce out of too little randomness")
	}
}

func TestCodeKeyAndToken(t *testing.T) {
	a, b := pairing.Code{1, 2, 3, 4, 5}, pairing.Code{1, 2, 3, 4, 6}
	same := pairing.Code{1, 2, 3, 4, 5}
	if !a.Key().Public().Equal(same.Key().Public()) || a.Token() != same.Token() {
		t.Error("who knows the code does not find its place")
	}
	if a.Key().Public().Equal(b.Key().Public()) || a.Token() == b.Token() {
		t.Error("two codes have one place")
	}
}

func TestPin(t *testing.T) {
	screen, other := testDevice(t, 2), testDevice(t, 3)
	pin := pairing.PinOf(screen)
	if id := screen.ID(); !bytes.Equal(pin[:], id[:16]) {
		t.Error("the pin is not the beginning of the id")
	}
	if err := pin.Check(screen); err != nil {
		t.Error(err)
	}
	for name, d := range map[string]identity.DevicePublic{"another": other, "none": {}} {
		if err := pin.Check(d); !errors.Is(err, pairing.ErrPin) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range pin {
		wrong := pin
		wrong[i] ^= 1
		if err := wrong.Check(screen); !errors.Is(err, pairing.ErrPin) {
			t.Errorf("byte %d of the pin is not looked at", i)
		}
	}
}

func TestPairLink(t *testing.T) {
	link := pairing.PairLink{Server: "https://cam.example/", Code: pairing.Code{0xf0, 1, 2, 3, 4}, Device: pairing.PinOf(testDevice(t, 2))}
	text := link.String()
	if !strings.HasPrefix(text, "https://cam.example/#pair=v1."+strings.ReplaceAll(link.Code.String(), "-", "")+".") {
		t.Error(text)
	}
	_, fragment, _ := strings.Cut(text, "#")
	for _, text := range []string{fragment, "#" + fragment, "\t#" + fragment + " \n"} {
		code, pin, err := pairing.ParsePair(text)
		if err != nil || code != link.Code || pin != link.Device {
			t.Errorf("%q: %v", text, err)
		}
	}
	// The check covers the code too, so that no pin goes with another screen's code.
	other := link
	other.Code[4]++
	_, otherFragment, _ := strings.Cut(other.String(), "#")
	tail := fragment[strings.LastIndex(fragment, "."):]
	for name, text := range map[string]string{
		"lower case":      strings.ToLower(fragment),
		"dash":            strings.Replace(fragment, fragment[8:12], fragment[8:12]+"-", 1),
		"another's pin":   otherFragment[:strings.LastIndex(otherFragment, ".")] + tail,
		"no pin":          fragment[:strings.LastIndex(fragment, ".")],
		"empty pin":       fragment[:strings.LastIndex(fragment, ".")+1],
		"O in the code":   strings.Replace(fragment, "v1."+fragment[8:9], "v1.O", 1),
		"space in it":     strings.Replace(fragment, ".", ". ", 2),
		"padding":         fragment + "==",
		"line break":      fragment[:len(fragment)-3] + "\n" + fragment[len(fragment)-3:],
		"standard base64": fragment[:len(fragment)-1] + "+",
	} {
		if code, pin, err := pairing.ParsePair(text); !errors.Is(err, pairing.ErrMistyped) || code != (pairing.Code{}) || pin != (pairing.Pin{}) {
			t.Errorf("%s: %q gave %v", name, text, err)
		}
	}
}

func nonce(fill byte) pairing.Nonce { return pairing.Nonce(bytes.Repeat([]byte{fill}, 32)) }

func TestDigits(t *testing.T) {
	base := pairing.Digits(exporter(1), nonce(2), nonce(3))
	if !regexp.MustCompile(`^\d{3} \d{3}$`).MatchString(base) {
		t.Fatalf("%q", base)
	}
	for name, other := range map[string]string{
		"session":       pairing.Digits(exporter(9), nonce(2), nonce(3)),
		"approver":      pairing.Digits(exporter(1), nonce(9), nonce(3)),
		"screen":        pairing.Digits(exporter(1), nonce(2), nonce(9)),
		"roles swapped": pairing.Digits(exporter(1), nonce(3), nonce(2)),
	} {
		if other == base {
			t.Errorf("another %s gives the same digits", name)
		}
	}
	for _, e := range [][]byte{nil, {}, exporter(1)[:31], append(exporter(1), 1)} {
		if got := pairing.Digits(e, nonce(2), nonce(3)); got != "" {
			t.Errorf("digits %q of a session that has %d bytes to show", got, len(e))
		}
	}
}

// All of a million come up equally often: per place, each digit within five standard deviations.
func TestDigitsAreUniform(t *testing.T) {
	const samples = 100_000
	var counts [6][10]int
	seen := map[string]bool{}
	for i := range uint32(samples) {
		var n pairing.Nonce
		binary.BigEndian.PutUint32(n[:], i)
		text := pairing.Digits(exporter(1), n, nonce(3))
		seen[text] = true
		for place, r := range strings.Replace(text, " ", "", 1) {
			counts[place][r-'0']++
		}
	}
	for place, digits := range counts {
		for digit, n := range digits {
			if n < 10_000-475 || n > 10_000+475 { // σ = √(100,000 · 0.1 · 0.9) = 95
				t.Errorf("digit %d stands %d times at place %d", digit, n, place)
			}
		}
	}
	// Of a million values, 100,000 draws meet about 95,163 different ones.
	if len(seen) < 94_500 || len(seen) > 95_800 {
		t.Errorf("%d different values", len(seen))
	}
}

func TestCommitment(t *testing.T) {
	n := nonce(2)
	if !n.Opens(n.Commitment()) {
		t.Error("the nonce does not open its own commitment")
	}
	for i := range n {
		other := n
		other[i] ^= 1
		if other.Opens(n.Commitment()) {
			t.Errorf("byte %d of the nonce is not looked at", i)
		}
	}
	if n.Opens([32]byte{}) || n.Opens([32]byte(n)) {
		t.Error("it opens what is no commitment")
	}
}

// Somebody in the middle who must fix his nonces before he learns the other ones is found, but for one time in a million.
func TestMeddlerIsFound(t *testing.T) {
	found := 0
	for i := range 200 {
		approver, screen := nonce(byte(i)), nonce(byte(i+100))
		toScreen, toApprover := nonce(byte(i+50)), nonce(byte(i+150)) // chosen blindly
		if pairing.Digits(exporter(1), approver, toApprover) != pairing.Digits(exporter(2), toScreen, screen) {
			found++
		}
	}
	if found != 200 {
		t.Errorf("found %d of 200 times", found)
	}
}

func ExampleCode_String() {
	fmt.Println(pairing.Code{0x99, 0xef, 0x71, 0x52, 0x96})
	// Output: K7QQ-2MMP
}
