package h264

import (
	"bytes"
	"fmt"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/nal"
)

// Assembler turns the NAL units of one stream, picture by picture, into access units that decode anywhere: each key picture
// starts with its parameter sets, units that no decoder needs are left out, and pictures that cannot be decoded because
// something before them is missing are refused. It holds at most 32 sequence and 256 picture parameter sets of 2 KiB. The zero
// value is ready. It is not safe for concurrent use.
type Assembler struct {
	sps [32]*storedSPS
	pps [256]*storedPPS

	active  *storedSPS
	config  codec.Config
	playing bool // a key picture went out and nothing was lost since

	sawB           bool
	lowDelay       bool // a whole GOP came without a B slice
	pictures       int  // since the key picture
	recoveryPoints int

	order orderState
}

type storedSPS struct {
	unit     []byte
	lowDelay []byte // made when first needed
	info     *SPS
}

type storedPPS struct {
	unit []byte
	info *PPS
}

// settledGOP is how many pictures without a B slice make it certain that a stream has none.
const settledGOP = 8

// Learn takes a parameter set that came by another way than the stream, such as SDP or an MP4 header.
func (a *Assembler) Learn(unit []byte) error {
	var err error
	switch TypeOf(unit) {
	case UnitSPS:
		_, err = a.learnSPS(unit)
	case UnitPPS:
		_, err = a.learnPPS(unit)
	default:
		err = fmt.Errorf("h264: parameter set: %w", nal.ErrCorrupt)
	}
	return err
}

func (a *Assembler) learnSPS(unit []byte) (changed bool, err error) {
	s, err := ParseSPS(unit)
	if err != nil {
		return false, err
	}
	if old := a.sps[s.ID]; old != nil && bytes.Equal(old.unit, unit) {
		return false, nil
	}
	a.sps[s.ID] = &storedSPS{unit: bytes.Clone(unit), info: s}
	return true, nil
}

func (a *Assembler) learnPPS(unit []byte) (changed bool, err error) {
	p, err := ParsePPS(unit)
	if err != nil {
		return false, err
	}
	if old := a.pps[p.ID]; old != nil && bytes.Equal(old.unit, unit) {
		return false, nil
	}
	a.pps[p.ID] = &storedPPS{unit: bytes.Clone(unit), info: p}
	return true, nil
}

// Interrupt says that data was lost: only a key picture goes on from here.
func (a *Assembler) Interrupt() { a.playing = false }

// SPS returns what the stream's active sequence parameter set says, nil before the first key picture.
func (a *Assembler) SPS() *SPS {
	if a.active == nil {
		return nil
	}
	return a.active.info
}

// HasB reports whether a B slice was seen.
func (a *Assembler) HasB() bool { return a.sawB }

// RecoveryPoints counts the recovery point messages seen in place of IDR pictures.
func (a *Assembler) RecoveryPoints() int { return a.recoveryPoints }

// Assemble makes an access unit of the NAL units of one picture (or of the two fields of one frame), in decoding order. Captured
// is left zero. The result shares no memory with units. Errors wrap those of package nal; after any but ErrNoPicture the
// assembler waits for the next key picture.
func (a *Assembler) Assemble(units [][]byte) (codec.AccessUnit, error) {
	au, err := a.assemble(units)
	if err != nil {
		if err != nal.ErrNoPicture {
			a.playing = false
		}
		return codec.AccessUnit{}, fmt.Errorf("h264: %w", err)
	}
	return au, nil
}

func (a *Assembler) assemble(units [][]byte) (codec.AccessUnit, error) {
	if len(units) > maxUnits {
		return codec.AccessUnit{}, nal.ErrTooMany
	}
	var (
		first   SliceHeader
		slices  int
		size    int
		changed [][]byte // parameter sets that the decoder does not have yet
	)
	for _, u := range units {
		switch t := TypeOf(u); {
		case t == UnitSPS:
			// Units that cannot be read are left out: if a picture needs them, it is refused for that.
			a.learnSPS(u)
		case t == UnitPPS:
			if c, err := a.learnPPS(u); err == nil && c {
				changed = append(changed, u)
				size += len(u) + nal.StartCodeLen
			}
		case t == UnitSEI:
			if RecoveryPoint(u) {
				a.recoveryPoints++
			}
		case t.picture():
			h, err := ParseSlice(u)
			if err != nil {
				return codec.AccessUnit{}, err
			}
			if slices == 0 {
				first = h
			}
			if h.IDR && !first.IDR {
				return codec.AccessUnit{}, nal.ErrCorrupt
			}
			if h.Kind == SliceB {
				a.sawB = true
			}
			slices++
			size += len(u) + nal.StartCodeLen
		}
	}
	if slices == 0 {
		return codec.AccessUnit{}, nal.ErrNoPicture
	}
	pps := a.pps[first.PPS]
	if pps == nil || a.sps[pps.info.SPS] == nil {
		return codec.AccessUnit{}, nal.ErrParameters
	}
	sps := a.sps[pps.info.SPS]
	if !first.IDR {
		if !a.playing {
			return codec.AccessUnit{}, nal.ErrWaiting
		}
		// A new SPS takes effect at an IDR picture only (7.4.1.2.1): until then the active one stays.
		if pps.info.SPS != a.active.info.ID {
			return codec.AccessUnit{}, nal.ErrCorrupt
		}
		sps = a.active
	}
	if first.FirstMacroblock != 0 || size > codec.MaxAccessUnit-64<<10 {
		if first.FirstMacroblock == 0 {
			return codec.AccessUnit{}, nal.ErrTooLarge
		}
		return codec.AccessUnit{}, nal.ErrCorrupt
	}
	if err := a.order.next(&first, sps.info, pps.info); err != nil {
		return codec.AccessUnit{}, err
	}
	data := make([]byte, 0, size+256)
	if first.IDR {
		a.startGOP(sps)
		data = a.appendParameters(data, sps, pps)
	} else {
		for _, u := range changed {
			data = nal.Append(data, u)
		}
	}
	a.pictures++
	for _, u := range units {
		if TypeOf(u).picture() {
			data = nal.Append(data, u)
		}
	}
	return codec.AccessUnit{Data: data, Key: first.IDR, Config: a.config}, nil
}

func (a *Assembler) startGOP(sps *storedSPS) {
	if a.active != nil && a.active.info.ProfileIDC != sps.info.ProfileIDC {
		a.sawB, a.lowDelay = false, false // another encoder setting: learn again
	} else if a.playing && a.pictures >= settledGOP {
		a.lowDelay = true
	}
	a.lowDelay = a.lowDelay && !a.sawB
	a.pictures = 0
	a.active, a.config, a.playing = sps, sps.info.Config(), true
}

// maxParameters bounds the parameter sets before a key picture. Beyond it only the picture's own go out and
// those with the lowest numbers.
const maxParameters = 32 << 10

// appendParameters appends the active SPS and all PPS that refer to it: later pictures of the GOP may use another than the first.
func (a *Assembler) appendParameters(data []byte, sps *storedSPS, pps *storedPPS) []byte {
	unit := sps.unit
	if a.lowDelay || sps.info.Reorders() == ReorderNone {
		if sps.lowDelay == nil {
			sps.lowDelay = WithoutReordering(sps.unit)
		}
		unit = sps.lowDelay
	}
	data = nal.Append(data, unit)
	data = nal.Append(data, pps.unit)
	for _, p := range a.pps {
		if p != nil && p != pps && p.info.SPS == sps.info.ID && len(data)+len(p.unit) < maxParameters {
			data = nal.Append(data, p.unit)
		}
	}
	return data
}
