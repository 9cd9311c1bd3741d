package pairing

import (
	"log/slog"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	cameraKey        = "camera="
	cameraCheckLabel = "sealcam camera check v1"

	callPlaceLabel  = "sealcam call place v1"
	callOwnerLabel  = "sealcam call owner v1"
	callCameraLabel = "sealcam call camera v1"
	callTokenLabel  = "sealcam call knock v1"
)

// CallLink calls for a camera: an owner's device shows it, and the device that opens it becomes a camera of the same owner.
type CallLink struct {
	Server string
	Secret Secret
}

// String returns the link, secret included: https://server/#camera=v1.<secret and checksum>.
func (l CallLink) String() string {
	return writeLink(l.Server, cameraKey, writeChecked(l.Secret[:], cameraCheckLabel, nil))
}

// LogValue keeps the secret out of logs.
func (l CallLink) LogValue() slog.Value { return slog.GroupValue(slog.String("server", l.Server)) }

// ParseCall reads the part of a call link behind the "#", as [ParseFragment] does.
func ParseCall(fragment string) (s Secret, err error) {
	parts, err := cutLink(cameraKey, fragment, 1)
	if err != nil {
		return Secret{}, err
	}
	err = readChecked(parts[0], s[:], cameraCheckLabel, nil)
	return s, err
}

// CallKeys are what both ends of a call have of its secret, and nobody else: the place at the server where the owner's device waits, the
// keys by which the two know each other in the TLS session there, and the token that the camera shows to the server.
type CallKeys struct {
	Place         identity.AgentKey
	Owner, Camera identity.DeviceKey
	Token         identity.Token
}

// CallKeys derives the keys. They are used for nothing else, and for no longer than the call.
func (s Secret) CallKeys() CallKeys {
	place, err := identity.AgentFromSeed(derive(s[:], callPlaceLabel, identity.SeedSize))
	if err != nil {
		panic(err) // a key of small order: nobody can find such a secret
	}
	half := func(label string) identity.DeviceKey {
		key, err := identity.DeviceFromSeed(derive(s[:], label, identity.SeedSize))
		if err != nil {
			panic(err) // as above
		}
		return key
	}
	return CallKeys{
		Place: place, Owner: half(callOwnerLabel), Camera: half(callCameraLabel),
		Token: identity.Token(derive(s[:], callTokenLabel, len(identity.Token{}))),
	}
}
