package mp4

import (
	"errors"

	"github.com/sealcam/sealcam/codec"
)

// readMovie finds the first video track that can be played.
func readMovie(moov []byte) (*track, error) {
	var chosen *track
	defaults := map[uint32]fragmentDefaults{}
	var failure error
	err := children(moov, func(kind string, b []byte) error {
		switch kind {
		case "trak":
			if chosen != nil {
				return nil
			}
			t := &track{}
			if err := t.readTrack(b); err != nil {
				if errors.Is(err, ErrTooLong) {
					return err
				}
				failure = err // another track may be sound
				return nil
			}
			if t.video && t.codec != 0 && t.timescale != 0 {
				chosen = t
			}
		case "mvex":
			return children(b, func(kind string, b []byte) error {
				if kind == "trex" && len(defaults) < 64 {
					f := fields{b: b}
					f.full()
					id := f.u32()
					f.skip(4)
					defaults[id] = fragmentDefaults{duration: f.u32(), size: f.u32(), flags: f.u32()}
				}
				return nil
			})
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case chosen == nil && failure != nil:
		return nil, failure
	case chosen == nil:
		return nil, ErrNoVideo
	}
	chosen.defaults = defaults[chosen.id]
	return chosen, nil
}

// readTrack reads a trak box.
func (t *track) readTrack(trak []byte) error {
	var table sampleTable
	var walk func(b []byte, depth int) error
	walk = func(b []byte, depth int) error {
		if depth > maxDepth {
			return ErrFormat
		}
		return children(b, func(kind string, b []byte) error {
			f := fields{b: b}
			switch kind {
			case "mdia", "minf", "stbl":
				return walk(b, depth+1)
			case "tkhd":
				if version, _ := f.full(); version == 1 {
					f.skip(16)
				} else {
					f.skip(8)
				}
				t.id = f.u32()
			case "mdhd":
				if version, _ := f.full(); version == 1 {
					f.skip(16)
				} else {
					f.skip(8)
				}
				t.timescale = f.u32()
			case "hdlr":
				f.skip(8)
				if depth == 1 { // QuickTime has another one deeper, for the data
					t.video = string(f.bytes(4)) == "vide"
				}
			case "stsd":
				f.full()
				f.skip(4)
				return children(f.b, t.readEntry)
			default:
				return table.read(kind, f)
			}
			if f.over {
				return ErrFormat
			}
			return nil
		})
	}
	if err := walk(trak, 0); err != nil {
		return err
	}
	if !t.video || t.codec == 0 {
		return nil // sound, or video that is not played
	}
	return table.samples(t)
}

// readEntry reads a sample entry (14496-12, 12.1.3).
func (t *track) readEntry(kind string, b []byte) error {
	const visual = 78 // bytes of a VisualSampleEntry
	if t.codec != 0 {
		return nil
	}
	var config string
	var c codec.Codec
	switch kind {
	case "avc1", "avc3":
		c, config = codec.H264, "avcC"
	case "hvc1", "hev1":
		c, config = codec.H265, "hvcC"
	default:
		return nil
	}
	if len(b) < visual {
		return ErrFormat
	}
	return children(b[visual:], func(kind string, b []byte) error {
		if kind != config {
			return nil
		}
		t.codec = c
		f := fields{b: b}
		if c == codec.H264 {
			return t.readAVC(&f)
		}
		return t.readHEVC(&f)
	})
}

// maxSets bounds the parameter sets of one kind.
const maxSets = 64

// readAVC reads an AVCDecoderConfigurationRecord (14496-15, 5.3.3.1).
func (t *track) readAVC(f *fields) error {
	f.skip(4)
	t.lengthLen = int(f.u8()&3) + 1
	for _, mask := range []uint8{31, 255} {
		for range f.u8() & mask {
			t.parameters = append(t.parameters, f.bytes(int(f.u16())))
		}
	}
	return t.checkSets(f)
}

// readHEVC reads an HEVCDecoderConfigurationRecord (14496-15, 8.3.3.1).
func (t *track) readHEVC(f *fields) error {
	f.skip(21)
	t.lengthLen = int(f.u8()&3) + 1
	for range f.u8() {
		f.skip(1)
		for range f.u16() {
			if f.over || len(t.parameters) > maxSets {
				return ErrFormat
			}
			t.parameters = append(t.parameters, f.bytes(int(f.u16())))
		}
	}
	return t.checkSets(f)
}

func (t *track) checkSets(f *fields) error {
	if f.over || len(t.parameters) > maxSets || t.lengthLen == 3 {
		return ErrFormat
	}
	return nil
}
