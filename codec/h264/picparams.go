package h264

// pps is a picture parameter set (clause 7.3.2.2). It is not changed once parsed, but for its dequantisation tables.
type pps struct {
	raw   []byte
	id    uint32
	spsID uint32

	cabac            bool
	bottomPOCPresent bool // bottom_field_pic_order_in_frame_present_flag
	groups           sliceGroups
	refsDefault      [2]int
	weighted         bool
	weightedBipred   uint32
	qp               int32
	chromaOffset     [2]int32
	deblockControl   bool
	constrainedIntra bool
	redundantPicCnt  bool
	transform8x8     bool
	scaling          scalingLists
	scalingPresent   bool

	scaledFor *sps // the sequence parameter set that the tables below were made with
	dequant4  [6][52][16]int32
	dequant8  [2][52][64]int32
}

// sliceGroups describes flexible macroblock ordering (clause 8.2.2).
type sliceGroups struct {
	count      int // 1: none
	mapType    uint32
	runLength  [8]uint32
	topLeft    [8]uint32
	bottomR    [8]uint32
	direction  bool
	changeRate uint32
	ids        []uint8
}

func parsePPS(nal []byte, r *bitReader, lim *limits) (*pps, error) {
	p := &pps{raw: append([]byte(nil), nal...)}
	p.id, p.spsID = r.ue(), r.ue()
	if p.id > 255 || p.spsID > 31 {
		return nil, errSyntax
	}
	p.cabac = r.flag()
	p.bottomPOCPresent = r.flag()
	n := r.ue()
	if n > 7 {
		return nil, errSyntax
	}
	p.groups.count = int(n) + 1
	if n > 0 {
		if err := p.groups.parse(r, lim); err != nil {
			return nil, err
		}
	}
	r0, r1 := r.ue(), r.ue()
	if r0 > 31 || r1 > 31 {
		return nil, errSyntax
	}
	p.refsDefault = [2]int{int(r0) + 1, int(r1) + 1}
	p.weighted = r.flag()
	p.weightedBipred = r.u(2)
	p.qp = 26 + r.se()
	r.se() // pic_init_qs_minus26
	p.chromaOffset[0] = r.se()
	p.chromaOffset[1] = p.chromaOffset[0]
	p.deblockControl = r.flag()
	p.constrainedIntra = r.flag()
	p.redundantPicCnt = r.flag()
	if r.overrun() || p.qp < 0 || p.qp > 51 || p.weightedBipred == 3 {
		return nil, errSyntax
	}
	if r.moreData() {
		p.transform8x8 = r.flag()
		if r.flag() {
			p.scalingPresent = true
			count := 6
			if p.transform8x8 {
				count = 8
			}
			if err := p.scaling.parse(r, count); err != nil {
				return nil, err
			}
		}
		p.chromaOffset[1] = r.se()
	}
	for _, o := range p.chromaOffset {
		if o < -12 || o > 12 {
			return nil, errSyntax
		}
	}
	if r.overrun() {
		return nil, errSyntax
	}
	return p, nil
}

func (g *sliceGroups) parse(r *bitReader, lim *limits) error {
	g.mapType = r.ue()
	switch g.mapType {
	case 0:
		for i := 0; i < g.count; i++ {
			g.runLength[i] = r.ue() + 1
		}
	case 1:
	case 2:
		for i := 0; i < g.count-1; i++ {
			g.topLeft[i], g.bottomR[i] = r.ue(), r.ue()
		}
	case 3, 4, 5:
		g.direction = r.flag()
		g.changeRate = r.ue() + 1
	case 6:
		n := r.ue() + 1
		if n == 0 || int64(n) > int64(lim.frameMBs) {
			return errSyntax
		}
		w := uint(0)
		for 1<<w < g.count {
			w++
		}
		if r.pos+int(n)*int(w) > r.end {
			return errSyntax
		}
		g.ids = make([]uint8, n)
		for i := range g.ids {
			g.ids[i] = uint8(r.u(w))
		}
	default:
		return errSyntax
	}
	if r.overrun() {
		return errSyntax
	}
	return nil
}
