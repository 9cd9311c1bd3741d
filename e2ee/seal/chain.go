package seal

import (
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// Verdict is a Chain's decision on a frame.
type Verdict uint8

// The verdicts. The zero value lets nothing through.
const (
	Stale     Verdict = iota // can never be decoded after what was taken: drop it
	Take                     // decode it now
	Duplicate                // taken before, perhaps in another epoch: drop it
	Gap                      // needs an earlier frame that has not come: keep it for a while, or wait for the next key frame
)

// String returns the verdict's name.
func (v Verdict) String() string {
	switch v {
	case Take:
		return "take"
	case Duplicate:
		return "duplicate"
	case Gap:
		return "gap"
	}
	return "stale"
}

// Chain applies the GOP rule to one stream: decoding starts at a key frame; after it comes the next index of the same GOP with the
// same configuration, or a key frame of a later GOP; never anything earlier. The rule does not look at epochs, because the agent
// seals a GOP anew in each. The zero value is ready. It is not safe for concurrent use.
type Chain struct {
	started bool
	camera  identity.CameraID
	stream  Stream
	config  codec.ConfigHash
	gop     uint32
	index   uint32 // of the last frame taken
}

// Accept decides on o and, if the verdict is Take, moves on to it. A value that no Opener made, and a frame of another camera or
// stream than the first one taken, is Stale.
func (c *Chain) Accept(o Opened) Verdict {
	switch {
	case !o.Valid():
		return Stale
	case !c.started:
		if !o.Key() {
			return Gap
		}
		return c.take(o)
	case o.Camera() != c.camera || o.Stream() != c.stream || o.GOP() < c.gop:
		return Stale
	case o.GOP() > c.gop:
		if !o.Key() {
			return Gap
		}
		return c.take(o)
	case o.ConfigHash() != c.config:
		return Stale
	case o.Index() <= c.index:
		return Duplicate
	case o.Index() != c.index+1:
		return Gap
	}
	return c.take(o)
}

func (c *Chain) take(o Opened) Verdict {
	c.started = true
	c.camera, c.stream, c.config = o.Camera(), o.Stream(), o.ConfigHash()
	c.gop, c.index = o.GOP(), o.Index()
	return Take
}

// Reset forgets everything: after the agent has started anew, and with it its GOP numbers.
func (c *Chain) Reset() { *c = Chain{} }
