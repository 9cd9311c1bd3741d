package relay

import (
	"crypto/sha256"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
)

// topicLabel separates topics from every other hash of the protocol.
const topicLabel = "sealcam topic v1"

// Topic returns the relay topic of one stream: the first 16 bytes of SHA-256("sealcam topic v1" ‖ base ‖ stream). Whoever knows a
// topic learns from it neither base nor the topics of the camera's other streams.
func Topic(base [16]byte, stream seal.Stream) signal.Topic {
	b := make([]byte, 0, len(topicLabel)+len(base)+1)
	b = append(b, topicLabel...)
	b = append(b, base[:]...)
	b = append(b, byte(stream))
	sum := sha256.Sum256(b)
	return signal.Topic(sum[:16])
}
