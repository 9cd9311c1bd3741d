package viewer

import (
	"context"
	"log/slog"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
)

// RouteChoice says which ways frames may take.
type RouteChoice uint8

// The choices.
const (
	RouteAuto RouteChoice = iota // the relay at once, the direct path as soon as there is one, the relay again when it fails
	PeerOnly                     // the direct path alone
	RelayOnly                    // the relay alone
)

// Home is what a device remembers of an agent.
type Home struct {
	Agent identity.AgentID
	Name  string   // the agent's own
	Knock [16]byte // token for the next knock
	// The grant log as last seen; it must only ever grow. Zero: not known.
	ID        identity.HomeID
	LogLength uint64
	LogHead   [32]byte
	// Log is the grant log itself, of LogLength entries, as [grant.Log.MarshalBinary] writes it: an owner's device keeps a copy.
	Log       []byte
	Role      grant.Role // this device's, as last told; 0: not known
	Ephemeral bool       // gone when the agent ends: to be kept for the tab's life only
	// Cameras as last seen, so that their tiles are there before the agent has answered. May be left out.
	Cameras []KnownCamera
}

// KnownCamera is what is remembered of a camera.
type KnownCamera struct {
	ID   identity.CameraID
	Name string
}

// LogValue keeps the knock token out of logs.
func (h Home) LogValue() slog.Value { return slog.StringValue(h.Agent.Fingerprint()) }

// Claim is a claim link that was opened, with what founds the home.
type Claim struct {
	Agent   identity.AgentID
	Secret  pairing.Secret
	Genesis []byte // encoded grant.Entry 0: the root names this device as first owner
}

// Invite is an invite link that was opened.
type Invite struct {
	Agent  identity.AgentID
	Secret pairing.Secret
}

// Config is what a Viewer needs.
type Config struct {
	Dial       func(context.Context) (*signal.Client, error)
	Self       identity.Signer // the device's key
	DeviceName string          // what an owner sees in the list of devices; at most control.MaxName bytes
	Homes      []Home
	Claim      *Claim  // nil: none
	Invite     *Invite // nil: none; it is left alone if there is a Claim for the same agent
	Route      RouteChoice
	NewPeer    PeerFactory // nil: none, as with RelayOnly
	NewDecoder DecoderFactory
	// Heavy tells that decoding a stream of this configuration costs this device more than it should. Another stream of the camera is
	// watched if it has one. It is called often, must not block or call the Viewer, and may be nil.
	Heavy func(codec.Config) bool
	// NewSound makes what plays the sound of a camera; nil: there is none, and none is asked for.
	NewSound SoundFactory
	// Verifier checks the signatures of pictures; nil: the viewer does so itself.
	Verifier seal.Verifier
	// Unbuffered gives each frame to the decoder as soon as it can be decoded, without evening out the network's jitter. It is for measuring.
	Unbuffered bool

	Remember func(Home) // keeps what changed of a home; called from one goroutine a home. May be nil
	// Changed tells that a new Snapshot would differ. It is called from any goroutine and must not block or call the Viewer. May be nil.
	Changed func()
	Log     *slog.Logger     // nil: none
	Now     func() time.Time // nil: time.Now
}

// TileKey names a tile.
type TileKey struct {
	Agent  identity.AgentID
	Camera identity.CameraID
}

// Wish is a camera that is on the screen and the stream that suits its size there. A camera without that stream gives another.
type Wish struct {
	Key    TileKey
	Stream seal.Stream
	Area   uint32 // pixels of the display that the picture covers; 0: not known
	// Hidden says that nobody can see the tile just now. Key frames come all the same, so that there is a picture as soon as somebody can.
	Hidden bool
	// Sound asks for what the camera hears as well, if it has sound.
	Sound bool
}
