package rtspcam

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sealcam/sealcam/codec"
)

// Clip is what a camera plays: coded pictures at a constant rate, repeated for ever.
type Clip struct {
	Codec codec.Codec // H264 or H265
	Every time.Duration
	Units [][][]byte // of each picture its NAL units, without start codes and access unit delimiters
}

// NAL unit types of H.264 (ITU-T H.264 table 7-1) and H.265 (ITU-T H.265 table 7-1).
const (
	h264IDR = 5
	h264SPS = 7
	h264PPS = 8
	h264AUD = 9

	h265FirstIRAP = 16
	h265LastIRAP  = 21
	h265VPS       = 32
	h265SPS       = 33
	h265PPS       = 34
	h265AUD       = 35
)

// LoadClip reads an Annex B byte stream whose name ends in .h264 or .h265, with fps pictures a second.
func LoadClip(path string, fps int) (Clip, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Clip{}, err
	}
	c := codec.H264
	if filepath.Ext(path) == ".h265" {
		c = codec.H265
	}
	clip, err := ParseClip(b, c, fps)
	if err != nil {
		return Clip{}, fmt.Errorf("clip %s: %w", path, err)
	}
	return clip, nil
}

// ParseClip splits an Annex B byte stream that has an access unit delimiter before each picture and starts with a key picture.
func ParseClip(stream []byte, c codec.Codec, fps int) (Clip, error) {
	if c != codec.H264 && c != codec.H265 {
		return Clip{}, fmt.Errorf("no clip in %v", c)
	}
	if fps <= 0 {
		return Clip{}, fmt.Errorf("%d pictures a second", fps)
	}
	clip := Clip{Codec: c, Every: time.Second / time.Duration(fps)}
	delimiter := h264AUD
	if c == codec.H265 {
		delimiter = h265AUD
	}
	for _, nal := range split(stream) {
		if nalType(c, nal) == delimiter {
			clip.Units = append(clip.Units, nil)
			continue
		}
		if len(clip.Units) == 0 {
			return Clip{}, errors.New("the stream does not start with an access unit delimiter")
		}
		last := len(clip.Units) - 1
		clip.Units[last] = append(clip.Units[last], nal)
	}
	if len(clip.Units) == 0 || !clip.key(0) {
		return Clip{}, errors.New("the stream does not start with a key picture")
	}
	return clip, nil
}

// split returns the NAL units of a byte stream (ITU-T H.264 Annex B.1). They share its memory.
func split(stream []byte) [][]byte {
	var nals [][]byte
	startCode := []byte{0, 0, 1}
	for _, part := range bytes.Split(stream, startCode)[1:] {
		if part = bytes.TrimRight(part, "\x00"); len(part) > 0 {
			nals = append(nals, part)
		}
	}
	return nals
}

func nalType(c codec.Codec, nal []byte) int {
	if c == codec.H265 {
		return int(nal[0] >> 1 & 0x3f)
	}
	return int(nal[0] & 0x1f)
}

// key says whether decoding can start at picture i.
func (c Clip) key(i int) bool {
	for _, nal := range c.Units[i] {
		t := nalType(c.Codec, nal)
		if c.Codec == codec.H264 && t == h264IDR || c.Codec == codec.H265 && t >= h265FirstIRAP && t <= h265LastIRAP {
			return true
		}
	}
	return false
}

// parameterSet returns the first NAL unit of a type, or nil.
func (c Clip) parameterSet(kind int) []byte {
	for _, nal := range c.Units[0] {
		if nalType(c.Codec, nal) == kind {
			return nal
		}
	}
	return nil
}
