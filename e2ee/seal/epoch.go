package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/sframe"
)

// Stream is one of the layers of a camera, or its sound.
type Stream uint8

// The streams of a camera. The KID leaves room for MaxStream.
const (
	Main      Stream = 0 // full size
	Sub       Stream = 1 // small, for tiles and poor networks
	Still     Stream = 2 // single pictures
	Sound     Stream = 3 // what the camera hears: each frame a key frame
	MaxStream Stream = 7
)

const (
	streamBits = 3
	maxNumber  = 1<<(64-streamBits) - 1 // of an epoch
)

// String returns the stream's name.
func (s Stream) String() string {
	switch s {
	case Main:
		return "main"
	case Sub:
		return "sub"
	case Still:
		return "still"
	case Sound:
		return "sound"
	}
	return fmt.Sprintf("stream(%d)", uint8(s))
}

// MaxFrames is how many frames a stream may have in one epoch; then a new epoch must begin.
const MaxFrames = 1 << 24

// EpochID is the random name of an epoch. Two epochs that by mistake share a number still differ in it.
type EpochID [16]byte

// Epoch is what an agent shares with the viewers of one camera for a while. It belongs to one camera: a new one begins whenever a
// viewer is added or revoked, at MaxFrames, and after 24 h. Numbers must grow for as long as viewers may keep an [Opener].
type Epoch struct {
	Number uint64 // at most 2^61-1
	ID     EpochID
	Key    [32]byte // secret
}

// ErrEpoch is returned for an epoch whose number is too high or whose id or key was never set.
var ErrEpoch = errors.New("seal: not a usable epoch")

// NewEpoch makes id and key out of random; nil stands for crypto/rand. It returns ErrEpoch or the error of reading.
func NewEpoch(random io.Reader, number uint64) (Epoch, error) {
	if random == nil {
		random = rand.Reader
	}
	e := Epoch{Number: number}
	for _, b := range [][]byte{e.ID[:], e.Key[:]} {
		if _, err := io.ReadFull(random, b); err != nil {
			return Epoch{}, fmt.Errorf("seal: reading randomness: %w", err)
		}
	}
	return e, e.check()
}

// LogValue keeps the key out of logs.
func (e Epoch) LogValue() slog.Value {
	return slog.GroupValue(slog.Uint64("number", e.Number), slog.String("id", fmt.Sprintf("%x", e.ID[:])))
}

// Format keeps the key out of everything that fmt prints, whatever the verb.
func (e Epoch) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "epoch %d (%x)", e.Number, e.ID[:]) }

func (e Epoch) check() error {
	if e.Number > maxNumber || e.ID == (EpochID{}) || e.Key == ([32]byte{}) {
		return ErrEpoch
	}
	return nil
}

// Source is whose pictures a frame holds.
type Source struct {
	Agent  identity.AgentPublic
	Camera identity.CameraID
}

// ErrSource is returned for a source without agent or camera.
var ErrSource = errors.New("seal: source without agent or camera")

func (s Source) check() error {
	if s.Agent.IsZero() || s.Camera.IsZero() {
		return ErrSource
	}
	return nil
}

const (
	frameLabel     = "sealcam frame v1"
	signatureLabel = "sealcam frame sig v1"
	baseKeyLabel   = "sealcam base key v1"
)

// binding is what sealer and opener of one stream in one epoch agree on without sending it.
type binding struct {
	key *sframe.Key
	// message is the signed message: label ‖ AAD ‖ hash. Its middle serves as the AAD.
	message []byte
}

func newBinding(src Source, stream Stream, e Epoch) (binding, error) {
	if err := src.check(); err != nil {
		return binding{}, err
	}
	if err := e.check(); err != nil {
		return binding{}, err
	}
	if stream > MaxStream {
		return binding{}, fmt.Errorf("seal: no such stream: %d", stream)
	}
	agent := src.Agent.ID()

	// RFC 9605 derives from the KID, which does not name the camera. Should one epoch serve two cameras by mistake, they would
	// use the same nonces under the same key, so the base key is bound to agent, camera and epoch id first.
	info := append([]byte(baseKeyLabel), agent[:]...)
	info = append(info, src.Camera[:]...)
	info = append(info, e.ID[:]...)
	base, err := hkdf.Key(sha256.New, e.Key[:], nil, string(info), len(e.Key))
	if err != nil {
		return binding{}, fmt.Errorf("seal: deriving the base key: %w", err)
	}
	key, err := sframe.NewKey(sframe.ChaCha20Poly1305, e.Number<<streamBits|uint64(stream), base)
	if err != nil {
		return binding{}, fmt.Errorf("seal: %w", err)
	}

	message := append([]byte(signatureLabel), frameLabel...)
	message = append(message, agent[:]...)
	message = append(message, src.Camera[:]...)
	message = append(message, byte(stream))
	message = append(message, e.ID[:]...)
	return binding{key, append(message, make([]byte, sha256.Size)...)}, nil
}

func (b *binding) aad() []byte {
	return b.message[len(signatureLabel) : len(b.message)-sha256.Size]
}

// toSign returns the message whose signature goes with header ‖ ciphertext ‖ tag. It is valid until the next call.
func (b *binding) toSign(encrypted []byte) []byte {
	sum := sha256.Sum256(encrypted)
	copy(b.message[len(b.message)-sha256.Size:], sum[:])
	return b.message
}
