package relay

import (
	"encoding/hex"
	"testing"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
)

// The values were computed with coreutils: printf 'sealcam topic v1…' | sha256sum.
func TestTopicVectors(t *testing.T) {
	base := [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	for _, c := range []struct {
		stream seal.Stream
		want   string
	}{
		{seal.Main, "17cc1836dad67eb87ef5d0780734c999"},
		{seal.Sub, "58394536fcbfb3cb113ea04092a3bd06"},
	} {
		got := Topic(base, c.stream)
		if hex.EncodeToString(got[:]) != c.want {
			t.Errorf("Topic(%x, %d) = %x, want %s", base, c.stream, got, c.want)
		}
	}
}

func TestTopicsDiffer(t *testing.T) {
	seen := map[signal.Topic]bool{}
	for _, base := range [][16]byte{{}, {15: 1}, {0: 1}} {
		for stream := range seal.Stream(8) {
			topic := Topic(base, stream)
			if seen[topic] {
				t.Fatalf("topic of %x/%d is taken", base, stream)
			}
			seen[topic] = true
		}
	}
}
