package transport

import (
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// Frame is one sealed picture on its way to a viewer. Once handed to a carrier, Sealed is shared (several viewers and the agent's
// GOP memory hold the same bytes) and must not be changed.
type Frame struct {
	Camera   uint8           // number of the camera in this session's camera list
	Stream   seal.Stream     // which of the camera's streams it belongs to
	Key      bool            // decoding can start here; a carrier that dropped something resumes here
	Captured codec.Timestamp // capture instant; unauthenticated here, for pacing and RTP timestamps only
	Sealed   []byte          // SFrame header, ciphertext, tag and signature
}
