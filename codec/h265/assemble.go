package h265

import (
	"bytes"
	"fmt"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/nal"
)

// Assembler turns the NAL units of one stream, picture by picture, into access units that decode anywhere: each key picture (IDR,
// BLA or CRA) starts with its parameter sets, units that no decoder needs are left out, and pictures that cannot be decoded
// because something before them is missing are refused. It holds at most 16 video, 16 sequence and 64 picture parameter sets of
// 4 KiB. The zero value is ready. It is not safe for concurrent use.
type Assembler struct {
	vps [16][]byte
	sps [16]*storedSPS
	pps [64]*storedPPS

	active   *storedSPS
	config   codec.Config
	playing  bool // a key picture went out and nothing was lost since
	skipRASL bool // the last key picture was the first after a loss
	reorders bool
	order    orderState
}

type storedSPS struct {
	unit []byte
	info *SPS
}

type storedPPS struct {
	unit []byte
	info *PPS
}

// Learn takes a parameter set that came by another way than the stream, such as SDP or an MP4 header.
func (a *Assembler) Learn(unit []byte) error {
	_, err := a.learn(unit)
	return err
}

func (a *Assembler) learn(unit []byte) (changed bool, err error) {
	switch TypeOf(unit) {
	case UnitVPS:
		id, err := parseVPSID(unit)
		if err != nil {
			return false, err
		}
		if changed = !bytes.Equal(a.vps[id], unit); changed {
			a.vps[id] = bytes.Clone(unit)
		}
		return changed, nil
	case UnitSPS:
		s, err := ParseSPS(unit)
		if err != nil {
			return false, err
		}
		old := a.sps[s.ID]
		if changed = old == nil || !bytes.Equal(old.unit, unit); changed {
			a.sps[s.ID] = &storedSPS{unit: bytes.Clone(unit), info: s}
		}
		return changed, nil
	case UnitPPS:
		p, err := ParsePPS(unit)
		if err != nil {
			return false, err
		}
		old := a.pps[p.ID]
		if changed = old == nil || !bytes.Equal(old.unit, unit); changed {
			a.pps[p.ID] = &storedPPS{unit: bytes.Clone(unit), info: p}
		}
		return changed, nil
	}
	return false, fmt.Errorf("h265: parameter set: %w", nal.ErrCorrupt)
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

// Reorders reports whether a picture came that is shown before one decoded earlier.
func (a *Assembler) Reorders() bool { return a.reorders }

// Assemble makes an access unit of the NAL units of one picture, in decoding order. Captured is left zero. The result shares no
// memory with units. Errors wrap those of package nal; after any but ErrNoPicture the assembler waits for the next key picture.
func (a *Assembler) Assemble(units [][]byte) (codec.AccessUnit, error) {
	au, err := a.assemble(units)
	if err != nil {
		if err != nal.ErrNoPicture {
			a.playing = false
		}
		return codec.AccessUnit{}, fmt.Errorf("h265: %w", err)
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
		changed [][]byte
	)
	for _, u := range units {
		switch t := TypeOf(u); {
		case t >= UnitVPS && t <= UnitPPS:
			// Units that cannot be read are left out: if a picture needs them, it is refused for that.
			if c, err := a.learn(u); err == nil && c && t == UnitPPS {
				changed = append(changed, u)
				size += len(u) + nal.StartCodeLen
			}
		case t.picture():
			h, err := ParseSlice(u)
			if err != nil {
				return codec.AccessUnit{}, err
			}
			if slices == 0 {
				first = h
			}
			// All segments of a picture have one type (7.4.2.2), and only one is the first.
			if h.Type != first.Type || h.First != (slices == 0) {
				return codec.AccessUnit{}, nal.ErrCorrupt
			}
			slices++
			size += len(u) + nal.StartCodeLen
		}
	}
	if slices == 0 {
		return codec.AccessUnit{}, nal.ErrNoPicture
	}
	if size > codec.MaxAccessUnit-64<<10 {
		return codec.AccessUnit{}, nal.ErrTooLarge
	}
	key := first.Type.irap()
	if !key && !a.playing {
		if a.pps[first.PPS] == nil {
			return codec.AccessUnit{}, nal.ErrParameters
		}
		return codec.AccessUnit{}, nal.ErrWaiting
	}
	if first.Type.rasl() && a.skipRASL {
		return codec.AccessUnit{}, nal.ErrNoPicture // its references are before the key picture (8.1.3)
	}
	sps, pps, err := a.parameters(&first)
	if err != nil {
		return codec.AccessUnit{}, err
	}
	if err := a.follow(&first, sps.info, pps.info); err != nil {
		return codec.AccessUnit{}, err
	}
	data := make([]byte, 0, size+512)
	if key {
		a.skipRASL = !a.playing || first.Type.bla()
		a.active, a.config, a.playing = sps, sps.info.Config(), true
		data = a.appendParameters(data, sps, pps)
	} else {
		for _, u := range changed {
			data = nal.Append(data, u)
		}
	}
	for _, u := range units {
		if TypeOf(u).picture() {
			data = nal.Append(data, u)
		}
	}
	return codec.AccessUnit{Data: data, Key: key, Config: a.config}, nil
}

// parameters finds the sets of a picture. A new SPS takes effect at a key picture only (7.4.2.4.2).
func (a *Assembler) parameters(h *SliceHeader) (*storedSPS, *storedPPS, error) {
	pps := a.pps[h.PPS]
	if pps == nil {
		return nil, nil, nal.ErrParameters
	}
	if !h.Type.irap() {
		if pps.info.SPS != a.active.info.ID {
			return nil, nil, nal.ErrCorrupt
		}
		return a.active, pps, nil
	}
	sps := a.sps[pps.info.SPS]
	if sps == nil || a.vps[sps.info.VPS] == nil {
		return nil, nil, nal.ErrParameters
	}
	return sps, pps, nil
}

// maxParameters bounds the parameter sets before a key picture. Beyond it only the picture's own go out and those with the
// lowest numbers.
const maxParameters = 32 << 10

func (a *Assembler) appendParameters(data []byte, sps *storedSPS, pps *storedPPS) []byte {
	data = nal.Append(data, a.vps[sps.info.VPS])
	data = nal.Append(data, sps.unit)
	data = nal.Append(data, pps.unit)
	for _, p := range a.pps {
		if p != nil && p != pps && p.info.SPS == sps.info.ID && len(data)+len(p.unit) < maxParameters {
			data = nal.Append(data, p.unit)
		}
	}
	return data
}
