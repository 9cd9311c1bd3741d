//go:build js

package decode

import (
	"errors"
	"fmt"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
)

// maxQueue is how many access units may wait in a decoder. A longer queue would only grow while the page is busy, and with it
// the delay.
const maxQueue = 3

// lightPixels is the size up to which the Go decoder takes a stream without looking for a smaller one: the usual sub-stream.
const lightPixels = 640 * 360

// A browser's decoder that broke maxBroken times within brokenWithin on one configuration is left alone for restFor.
const (
	maxBroken    = 2
	brokenWithin = time.Minute
	restFor      = 10 * time.Minute
)

// Choice says which decoders may be used.
type Choice uint8

// The choices.
const (
	Auto    Choice = iota // the browser's own; Go's where there is none or it fails
	Browser               // the browser's own alone
	Go                    // Go's alone
	Still                 // no video at all: the stills that agents make of it
)

// ParseChoice reads the words "auto", "webcodecs", "go" and "still".
func ParseChoice(word string) (Choice, bool) {
	switch word {
	case "auto":
		return Auto, true
	case "webcodecs":
		return Browser, true
	case "go":
		return Go, true
	case "still":
		return Still, true
	}
	return Auto, false
}

// Ladder gives each stream the best decoder that works for its configuration: WebCodecs or the browser's image decoders, else the
// decoders in Go. One Ladder serves a page.
type Ladder struct {
	meter  *Meter
	choice Choice
	known  support
	broken map[codec.Config]*failures
	turns  *turns
}

// failures is how often a browser's decoder broke that had said that it can play the configuration.
type failures struct {
	count int
	since time.Time // of the first
	until time.Time // it is left alone; zero: it is not
}

// NewLadder returns the ladder of a page. meter measures all decoders.
func NewLadder(meter *Meter, choice Choice) *Ladder {
	return &Ladder{meter: meter, choice: choice, known: support{}, broken: map[codec.Config]*failures{}, turns: newTurns(meter)}
}

// New makes a decoder; it is a viewer.DecoderFactory.
func (l *Ladder) New(config codec.Config, out func(viewer.Decoded)) (viewer.Decoder, error) {
	if l.byBrowser(config) {
		d, err := newDescent(l, config, out)
		switch {
		case err == nil:
			return d, nil
		case !errors.Is(err, viewer.ErrUnsupported):
			l.noteBroken(config)
			return nil, err
		case !l.byGo(config):
			return nil, err
		}
	}
	if l.byGo(config) {
		return newSoftware(config, l.turns, l.meter, out), nil
	}
	return nil, fmt.Errorf("decode: %w: %v %s", viewer.ErrUnsupported, config.Codec, config.Profile)
}

// Heavy is viewer.Config's: the Go decoder would rather have a stream of at most 640×360.
func (l *Ladder) Heavy(config codec.Config) bool {
	return int(config.Width)*int(config.Height) > lightPixels && !l.byBrowser(config) && l.byGo(config)
}

// Stream returns the stream to wish for where the tile's size asks for s: where all video is decoded in Go, the small one from the
// beginning.
func (l *Ladder) Stream(s seal.Stream) seal.Stream {
	switch {
	case l.choice == Still:
		return seal.Still
	case l.choice == Go, l.choice == Auto && !HasVideo():
		return seal.Sub
	}
	return s
}

// byBrowser reports whether the browser's decoder is to be tried.
func (l *Ladder) byBrowser(config codec.Config) bool {
	if l.choice == Go {
		return false
	}
	switch config.Codec {
	case codec.H264, codec.H265, codec.VP8:
		if l.choice == Still {
			return false
		}
		if can, asked := l.known[config]; asked && !can || !HasVideo() {
			return false
		}
	case codec.JPEG:
		if !hasImages() {
			return false
		}
	default:
		return false
	}
	if f := l.broken[config]; f != nil && l.byGo(config) && time.Now().Before(f.until) {
		return false
	}
	return true
}

// byGo reports whether there is a decoder in Go that may be used.
func (l *Ladder) byGo(config codec.Config) bool {
	switch config.Codec {
	case codec.H264:
		return l.choice == Auto || l.choice == Go
	case codec.JPEG:
		return l.choice != Browser
	}
	return false
}

// noteBroken notes that the browser's decoder broke.
func (l *Ladder) noteBroken(config codec.Config) {
	now := time.Now()
	f := l.broken[config]
	if f == nil || now.Sub(f.since) > brokenWithin {
		f = &failures{since: now}
		l.broken[config] = f
	}
	if f.count++; f.count >= maxBroken {
		f.until = now.Add(restFor)
		f.count = 0
	}
}

// HasVideo reports whether the browser has WebCodecs. Pages without a secure context have none.
func HasVideo() bool { return js.Global().Get("VideoDecoder").Truthy() }

// hasImages reports whether the browser decodes image files for scripts.
func hasImages() bool {
	return js.Global().Get("ImageDecoder").Truthy() || js.Global().Get("createImageBitmap").Truthy()
}
