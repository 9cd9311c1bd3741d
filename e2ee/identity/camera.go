package identity

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
)

const cameraLabel = "sealcam camera v1"

// CameraID names a camera of an agent: 16 random bytes, the same for the camera's life.
type CameraID [16]byte

// NewCameraID makes an id out of random; nil stands for crypto/rand. The only errors are those of reading.
func NewCameraID(random io.Reader) (id CameraID, err error) {
	if random == nil {
		random = rand.Reader
	}
	if _, err = io.ReadFull(random, id[:]); err != nil {
		return CameraID{}, fmt.Errorf("identity: reading randomness: %w", err)
	}
	return id, nil
}

// ParseCameraID reads 32 hexadecimal digits; else ErrFormat.
func ParseCameraID(s string) (id CameraID, err error) {
	if len(s) != hex.EncodedLen(len(id)) {
		return CameraID{}, ErrFormat
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return CameraID{}, ErrFormat
	}
	return id, nil
}

// String returns the id as 32 lower-case hexadecimal digits.
func (id CameraID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the value was never set.
func (id CameraID) IsZero() bool { return id == CameraID{} }

// MarshalText returns the text form.
func (id CameraID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the text form, with the error of [ParseCameraID].
func (id *CameraID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseCameraID(string(text))
	return err
}

// CameraStatement returns the message that an agent signs to say that a camera is its own:
// "sealcam camera v1" ‖ agent id ‖ camera id.
func CameraStatement(agent AgentID, camera CameraID) []byte {
	b := append([]byte(cameraLabel), agent[:]...)
	return append(b, camera[:]...)
}
