package check

import (
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
	"github.com/sealcam/sealcam/codec/h265"
	"github.com/sealcam/sealcam/codec/jpeg"
	"github.com/sealcam/sealcam/codec/nal"
)

// observer looks at pictures in decoding order and keeps numbers only.
type observer struct {
	pictures    int
	keys        int
	first, last codec.Timestamp // the earliest and the latest capture time
	bytes       int

	gopStart    codec.Timestamp // of the first key picture
	gopEnd      codec.Timestamp // of the last one
	gopPictures int             // from the first to the last key picture
	gopBytes    int
	sincePics   int // since the last key picture
	sinceBytes  int

	highest   codec.Timestamp
	reordered bool
	coding    coding
}

// coding is what the bitstream says.
type coding struct {
	config      codec.Config
	profile     string
	level       string
	bitDepth    int
	chroma      string
	interlaced  bool
	statedRate  float64
	saysReorder bool
	hasB        bool
}

func (o *observer) picture(au codec.AccessUnit) {
	if au.Key {
		if o.keys == 0 {
			o.gopStart = au.Captured
		} else {
			o.gopPictures += o.sincePics
			o.gopBytes += o.sinceBytes
		}
		o.gopEnd = au.Captured
		o.keys++
		o.sincePics, o.sinceBytes = 0, 0
		o.coding.read(au)
	}
	if o.pictures == 0 {
		o.first, o.last = au.Captured, au.Captured
	}
	o.first, o.last = min(o.first, au.Captured), max(o.last, au.Captured)
	if au.Captured < o.highest && au.Config.Codec != codec.JPEG {
		o.reordered = true
	}
	o.highest = max(o.highest, au.Captured)
	o.pictures++
	o.bytes += len(au.Data)
	o.sincePics++
	o.sinceBytes += len(au.Data)
	if au.Config.Codec == codec.H264 && !o.coding.hasB {
		for u := range nal.Units(au.Data) {
			if h, err := h264.ParseSlice(u); err == nil && h.Kind == h264.SliceB {
				o.coding.hasB = true
			}
		}
	}
}

var chromas = map[uint8]string{0: "grey", 1: "4:2:0", 2: "4:2:2", 3: "4:4:4"}

// read looks into a key picture.
func (f *coding) read(au codec.AccessUnit) {
	hasB := f.hasB
	*f = coding{config: au.Config, hasB: hasB}
	if au.Config.Codec == codec.JPEG {
		if h, err := jpeg.Parse(au.Data); err == nil {
			f.bitDepth, f.chroma = 8, h.Subsampling
			if h.Components == 1 {
				f.chroma = "grey"
			}
		}
		return
	}
	for u := range nal.Units(au.Data) {
		if s, err := h264.ParseSPS(u); au.Config.Codec == codec.H264 && err == nil {
			f.profile, f.level = s.ProfileName(), s.Level()
			f.bitDepth, f.chroma, f.interlaced = int(s.BitDepth), chromas[s.ChromaFormat], s.Interlaced
			f.statedRate, f.saysReorder = s.FrameRate, s.Reorders() == h264.ReorderSome
			return
		}
		if s, err := h265.ParseSPS(u); au.Config.Codec == codec.H265 && err == nil {
			f.profile, f.level = s.ProfileName(), s.Level()
			f.bitDepth, f.chroma, f.interlaced = int(s.BitDepth), chromas[s.ChromaFormat], s.FieldCoded
			f.statedRate, f.saysReorder = s.FrameRate, s.Reorders()
			return
		}
	}
}

// report sums up.
func (o *observer) report() Report {
	r := Report{
		Config: o.coding.config, Profile: o.coding.profile, Level: o.coding.level, BitDepth: o.coding.bitDepth, Chroma: o.coding.chroma,
		Interlaced: o.coding.interlaced, StatedRate: o.coding.statedRate, BPictures: o.coding.hasB || o.reordered,
		MayReorder: o.coding.saysReorder, Pictures: o.pictures,
	}
	span, pictures, bytes := o.last.Sub(o.first), o.pictures-1, o.bytes
	if o.keys >= 2 && r.Config.Codec != codec.JPEG {
		// Whole groups of pictures give the truest numbers.
		span, pictures, bytes = o.gopEnd.Sub(o.gopStart), o.gopPictures, o.gopBytes
		r.KeyInterval = span / time.Duration(o.keys-1)
		r.GOP = float64(o.gopPictures) / float64(o.keys-1)
	}
	if span > 0 {
		r.Rate = float64(pictures) / span.Seconds()
		r.BitRate = float64(bytes) * 8 / span.Seconds()
	}
	r.judge()
	return r
}
