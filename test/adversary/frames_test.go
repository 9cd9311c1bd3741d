package adversary

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/e2ee/sframe"
)

// desk is an Opener of the first home's camera with its first epoch, and frames to tamper with.
type desk struct {
	t      *testing.T
	world  *world
	opener *seal.Opener
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	w, err := newWorld(Steady)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t, w, seal.NewOpener(w.source[0])}
	for _, e := range w.epochs[0][0] {
		if err := d.opener.AddEpoch(e); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// refused demands one opaque error with a reason, and one more on the counter.
func (d *desk) refused(what string, sealed []byte) seal.Reason {
	d.t.Helper()
	before := d.opener.Stats()
	o, err := d.opener.Open(seal.Main, sealed)
	if err == nil {
		d.t.Fatalf("%s: opened as GOP %d, index %d", what, o.GOP(), o.Index())
	}
	reason := seal.ReasonOf(err)
	after := d.opener.Stats()
	if !errors.Is(err, seal.ErrOpen) || err.Error() != seal.ErrOpen.Error() || reason == seal.NoReason || o.Valid() {
		d.t.Fatalf("%s: %v, reason %v, valid %v", what, err, reason, o.Valid())
	}
	if after.Refused(reason) != before.Refused(reason)+1 || after.RefusedTotal() != before.RefusedTotal()+1 {
		d.t.Fatalf("%s: %v was not counted", what, reason)
	}
	return reason
}

// opens demands that a frame opens once, so that nothing done before has closed the window to it, and never again.
func (d *desk) opens(f frameID) {
	d.t.Helper()
	o, err := d.opener.Open(seal.Main, d.world.sealed[f])
	if err != nil {
		d.t.Fatalf("%v afterwards: %v", f, seal.ReasonOf(err))
	}
	if !bytes.Equal(o.Data(), content(f)) {
		d.t.Fatalf("%v afterwards: %x", f, o.Data())
	}
	if r := d.refused("the same again", d.world.sealed[f]); r != seal.Replay {
		d.t.Fatalf("%v twice: %v", f, r)
	}
}

// honest lists the main stream's frames that the desk has keys for.
func honest() (list []frameID) {
	for i, s := range script {
		if s.stream == seal.Main {
			list = append(list, frameOf(0, 0, i))
		}
	}
	return list
}

func TestEveryBitOfAFrame(t *testing.T) {
	d := newDesk(t)
	seen := map[seal.Reason]int{}
	for _, f := range honest() {
		sealed := slices.Clone(d.world.sealed[f])
		for bit := range 8 * len(sealed) {
			sealed[bit/8] ^= 1 << (bit % 8)
			seen[d.refused("a flipped bit", sealed)]++
			sealed[bit/8] ^= 1 << (bit % 8)
		}
	}
	// The header's bits lead to other streams, epochs and numbers; the ciphertext's to Auth; the signature's to Signature.
	for _, r := range []seal.Reason{seal.Header, seal.WrongStream, seal.UnknownEpoch, seal.Auth, seal.Signature} {
		if seen[r] == 0 {
			t.Errorf("no flip led to %v: %v", r, seen)
		}
	}
	if seen[seal.Replay] > 0 || seen[seal.Plaintext] > 0 {
		t.Errorf("a flip got behind the signature: %v", seen)
	}
	for _, f := range honest() {
		d.opens(f)
	}
}

func TestEveryLengthOfAFrame(t *testing.T) {
	d := newDesk(t)
	for _, f := range honest() {
		sealed := d.world.sealed[f]
		for n := range sealed {
			d.refused("truncated", sealed[:n])
			d.refused("without its beginning", sealed[n+1:])
		}
		for n := 1; n <= 300; n++ {
			d.refused("with bytes appended", append(slices.Clone(sealed), make([]byte, n)...))
			d.refused("with its own bytes appended", append(slices.Clone(sealed), bytes.Repeat(sealed, 3)[:n]...))
			d.refused("with bytes before", append(make([]byte, n), sealed...))
		}
	}
	for _, f := range honest() {
		d.opens(f)
	}
}

// Two true frames are cut and joined at every place: of the same epoch, of two epochs, and of two homes.
func TestSplicedFrames(t *testing.T) {
	d := newDesk(t)
	parts := append(honest(), frameOf(1, 0, 0), frameOf(1, 0, 2), frameOf(0, 0, 1))
	for _, a := range parts {
		for _, b := range parts {
			if a == b {
				continue
			}
			front, back := d.world.sealed[a], d.world.sealed[b]
			for n := 1; n < len(front) && n < len(back); n++ {
				if spliced := append(slices.Clone(front[:n]), back[n:]...); !bytes.Equal(spliced, front) && !bytes.Equal(spliced, back) {
					d.refused("front of one, back of the other", spliced)
				}
				d.refused("one's front and the other's end", append(slices.Clone(front[:n]), back[len(back)-n:]...))
			}
		}
	}
	for _, f := range honest() {
		d.opens(f)
	}
}

// A guest holds the epoch's key, as the server may by a guest's help: what they make encrypts right, and fails on the signature, however
// they come by 64 bytes to put there.
func TestGuestAndServerForgeTogether(t *testing.T) {
	d := newDesk(t)
	guests, err := identity.GenerateAgent(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := frameOf(0, 0, 0)
	genuine := d.world.sealed[f]
	signatureOf := func(sealed []byte) []byte { return sealed[len(sealed)-64:] }
	for name, sign := range map[string]func([]byte) ([]byte, error){
		"signed with the guest's own key":            guests.Signer().Sign,
		"with the signature of a true frame":         func([]byte) ([]byte, error) { return signatureOf(genuine), nil },
		"with zeros":                                 func([]byte) ([]byte, error) { return make([]byte, 64), nil },
		"with the identity point and zero":           func([]byte) ([]byte, error) { return append([]byte{1}, make([]byte, 63)...), nil },
		"signed with the other home's agent":         d.world.agents[1].Signer().Sign,
		"with a signature that was moved by a group": func([]byte) ([]byte, error) { return addOrder(signatureOf(genuine)), nil },
	} {
		for _, e := range d.world.epochs[0][0] {
			forger, err := seal.NewSealer(sign, d.world.source[0], seal.Main, e)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 40 { // numbers that the agent used, and many that it has not used yet
				sealed, err := forger.Seal(nil, &seal.Frame{
					Key: true, GOP: uint32(9 + i), Captured: clockStart,
					Config: codec.Config{Codec: codec.H264, Width: 2, Height: 2, Profile: "avc1.42E01E"}, Data: []byte("forged"),
				})
				if err != nil {
					t.Fatal(err)
				}
				if r := d.refused(name, sealed); r != seal.Signature {
					t.Fatalf("%s: %v", name, r)
				}
			}
		}
	}
	// The very same picture, sealed again by the guest, with the agent's signature of it: only the whole of it may pass, once.
	if moved := append(slices.Clone(genuine[:len(genuine)-64]), addOrder(signatureOf(genuine))...); d.refused("malleated", moved) != seal.Signature {
		t.Error("a signature has a second form")
	}
	// Nothing of all that closed the window to the agent's own frames.
	for _, f := range honest() {
		d.opens(f)
	}
}

// A viewer that was revoked keeps its old keys, and can learn from the server whatever is public: the new epoch's number, even its id. Its
// keys open what they opened before, and nothing that was sealed since.
func TestRevokedViewerWithOldKeys(t *testing.T) {
	d := newDesk(t)
	former, current := d.world.epochs[0][0][0], d.world.epochs[0][0][1]
	for name, e := range map[string]seal.Epoch{
		"as it was":                       former,
		"under the new number":            {Number: current.Number, ID: former.ID, Key: former.Key},
		"under the new number and the id": {Number: current.Number, ID: current.ID, Key: former.Key},
	} {
		opener := seal.NewOpener(d.world.source[0])
		if err := opener.AddEpoch(e); err != nil {
			t.Fatal(err)
		}
		for _, f := range honest() {
			_, err := opener.Open(seal.Main, d.world.sealed[f])
			if old := f.shot().epoch == 0; (err == nil) != (old && e == former) {
				t.Errorf("%s: %v: %v", name, f, err)
			}
		}
	}
}

// addOrder adds the group's order L to the scalar of an Ed25519 signature: what a verifier that does not look (RFC 8032 §5.1.7) takes for
// a second signature of the same message.
func addOrder(sig []byte) []byte {
	order := [32]byte{
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	}
	moved := slices.Clone(sig)
	carry := 0
	for i := range order {
		sum := int(sig[32+i]) + int(order[i]) + carry
		moved[32+i], carry = byte(sum), sum>>8
	}
	return moved
}

// Floods of frames of unknown epochs, forged ones and replayed ones fill no memory: what is held is bounded, and what is refused is gone.
func TestFloodOfFramesFillsNoMemory(t *testing.T) {
	d := newDesk(t)
	var pending seal.Pending
	unknown := func(i uint64) []byte { return reheaded(d.world.sealed[frameOf(0, 0, 0)], i) }
	for i := range uint64(5_000) {
		pending.Hold(start, unknown(1_000_000+i))
		d.refused("of an unknown epoch", unknown(1_000_000+i))
	}
	if pending.Len() > seal.MaxPendingFrames || pending.Bytes() > seal.MaxPendingBytes || pending.Dropped() < 3_900 {
		t.Errorf("%d frames and %d bytes are held, %d dropped", pending.Len(), pending.Bytes(), pending.Dropped())
	}
	for range 10 {
		pending.Hold(start, make([]byte, seal.MaxSealed+1))
		pending.Hold(start, append(unknown(7), make([]byte, seal.MaxPendingBytes)...))
	}
	if pending.Bytes() > seal.MaxPendingBytes {
		t.Errorf("%d bytes are held", pending.Bytes())
	}
	pending.Release(start.Add(2*seal.MaxPendingAge), func(uint64) bool { return true }, func(seal.Stream, []byte) {
		t.Error("a frame was kept for too long")
	})
	if pending.Len() != 0 || pending.Bytes() != 0 {
		t.Errorf("%d frames are still held", pending.Len())
	}
	forged := slices.Clone(d.world.sealed[frameOf(0, 0, 0)])
	forged[len(forged)-1] ^= 1
	odd := make([]byte, 500)
	if n := testing.AllocsPerRun(1000, func() {
		_, _ = d.opener.Open(seal.Main, forged[:30])
		_, _ = d.opener.Open(seal.Sub, forged)
		_, _ = d.opener.Open(seal.Main, odd)
	}); n > 0 {
		t.Errorf("refusing takes %v allocations", n)
	}
	for _, f := range honest() {
		d.opens(f)
	}
}

// reheaded puts another epoch's number into a frame's header.
func reheaded(sealed []byte, epoch uint64) []byte {
	header, n := headerOf(sealed)
	header.KID = epoch<<3 | header.KID&7
	return append(header.Append(nil), sealed[n:]...)
}

// headerOf reads the SFrame header of a frame that a Sealer made.
func headerOf(sealed []byte) (sframe.Header, int) {
	h, n, err := sframe.ParseHeader(sealed)
	if err != nil {
		panic(err) // a Sealer's frame has one
	}
	return h, n
}
