package h264

// pocState carries what clause 8.2.1 remembers of earlier pictures.
type pocState struct {
	prevMsb, prevLsb int32
	prevFrameNum     int32
	prevOffset       int32 // prevFrameNumOffset
	offset           int32 // FrameNumOffset of the current picture
	msb              int32
}

// decode derives the order counts of the fields of h (clause 8.2.1) into f.
func (p *pocState) decode(h *sliceHeader, f *frame) {
	s := h.sps
	var top, bottom int32
	switch s.pocType {
	case 0:
		prevMsb, prevLsb := p.prevMsb, p.prevLsb
		if h.idr {
			prevMsb, prevLsb = 0, 0
		}
		maxLsb := int32(1) << s.log2MaxPOCLsb
		p.msb = prevMsb
		if h.pocLsb < prevLsb && prevLsb-h.pocLsb >= maxLsb/2 {
			p.msb += maxLsb
		} else if h.pocLsb > prevLsb && h.pocLsb-prevLsb > maxLsb/2 {
			p.msb -= maxLsb
		}
		top = p.msb + h.pocLsb
		bottom = top
		if h.structure == wholeFrame {
			bottom += h.deltaPOCBottom
		}
	default:
		maxNum := int32(1) << s.log2MaxFrameNum
		p.offset = p.prevOffset
		if h.idr {
			p.offset = 0
		} else if p.prevFrameNum > h.frameNum {
			p.offset += maxNum
		}
		abs := p.offset + h.frameNum
		if s.pocType == 2 {
			if !h.idr {
				top = 2 * abs
				if h.refIDC == 0 {
					top--
				}
			}
			bottom = top
			break
		}
		cycle := int32(len(s.offsetRefFrame))
		if cycle == 0 {
			abs = 0
		}
		if h.refIDC == 0 && abs > 0 {
			abs--
		}
		expected := int32(0)
		if abs > 0 {
			n := (abs - 1) / cycle
			expected = n * s.expectedDeltaCycle
			for i := int32(0); i <= (abs-1)%cycle; i++ {
				expected += s.offsetRefFrame[i]
			}
		}
		if h.refIDC == 0 {
			expected += s.offsetNonRef
		}
		if h.structure == wholeFrame {
			top = expected + h.deltaPOC[0]
			bottom = top + s.offsetTopToBottom + h.deltaPOC[1]
		} else {
			top = expected + h.deltaPOC[0]
			bottom = expected + s.offsetTopToBottom + h.deltaPOC[0]
		}
	}
	if h.structure&topField != 0 {
		f.poc[0] = top
	}
	if h.structure&bottomField != 0 {
		f.poc[1] = bottom
	}
}

// after updates the state once the picture h is decoded and marked; reset tells of memory_management_control_operation 5.
func (p *pocState) after(h *sliceHeader, f *frame, reset bool) {
	p.prevFrameNum = h.frameNum
	p.prevOffset = p.offset
	if h.refIDC != 0 {
		p.prevMsb, p.prevLsb = p.msb, h.pocLsb
	}
	if reset {
		p.prevFrameNum, p.prevOffset = 0, 0
		p.prevMsb, p.prevLsb = 0, 0
		if h.structure != bottomField {
			p.prevLsb = f.poc[0] // tempPicOrderCnt was taken off by the caller
		}
	}
}
