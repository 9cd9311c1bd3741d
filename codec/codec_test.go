package codec

import (
	"encoding/hex"
	"strings"
	"testing"
)

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		config Config
		wire   string // empty: refused
	}{
		{Config{Codec: H264, Width: 640, Height: 360, Profile: "avc1.42E01E"}, "01028001680b617663312e343245303145"},
		{Config{Codec: JPEG, Width: 2, Height: 3}, "030002000300"},
		{Config{Codec: AAC, Rate: 48000, Channels: 1, Description: "\x11\x88"}, "1000bb8001021188"},
		{Config{Codec: Opus, Rate: 48000, Channels: 2}, "1100bb800200"},
		{Config{Codec: PCMA, Rate: 8000, Channels: 1}, "12001f400100"},
		{Config{Codec: PCMU, Rate: 16000, Channels: 1}, "13003e800100"},
		{Config{Codec: PCMU, Rate: 16000, Channels: 1, Width: 1}, ""},
		{Config{Codec: PCMU, Rate: 16000, Channels: 1, Description: "x"}, ""},
		{Config{Codec: PCMU, Rate: 3999, Channels: 1}, ""},
		{Config{Codec: PCMU, Rate: 96001, Channels: 1}, ""},
		{Config{Codec: PCMU, Rate: 8000}, ""},
		{Config{Codec: PCMU, Rate: 8000, Channels: 9}, ""},
		{Config{Codec: AAC, Rate: 8000, Channels: 1}, ""},
		{Config{Codec: AAC, Rate: 8000, Channels: 1, Description: strings.Repeat("x", MaxDescription+1)}, ""},
		{Config{Codec: H264, Width: 640, Height: 360, Profile: "avc1.42E01E", Rate: 8000}, ""},
		{Config{Codec: 4, Width: 640, Height: 360}, ""},
		{Config{Codec: 15, Rate: 8000, Channels: 1}, ""},
		{Config{Codec: 20, Rate: 8000, Channels: 1}, ""},
	} {
		b, err := c.config.AppendBinary(nil)
		if got := hex.EncodeToString(b); got != c.wire || (err != nil) != (c.wire == "") {
			t.Errorf("%+v is %s, %v; want %s", c.config, got, err, c.wire)
		}
		if err != nil {
			continue
		}
		if back, err := ParseConfig(b); err != nil || back != c.config {
			t.Errorf("%s came back as %+v, %v", c.wire, back, err)
		}
		if _, err := ParseConfig(append(b, 0)); err == nil {
			t.Errorf("%s with a byte more is taken", c.wire)
		}
	}
}
