package mp4

// sampleTable is a stbl box (14496-12, 8.5 to 8.7) as it stands in the file.
type sampleTable struct {
	times   []run // stts
	shifts  []run // ctts
	sync    []int // stss, from 1
	hasSync bool
	chunks  []chunkRun
	offsets []int64
	sizes   []uint32
	size    uint32 // of all, if sizes is empty
	count   int
}

type run struct {
	count int
	value int64
}

type chunkRun struct{ first, samples int }

// read reads one box of the table; others are passed over.
func (s *sampleTable) read(kind string, f fields) error {
	switch kind {
	case "stts", "ctts":
		_, _ = f.full()
		n, err := f.entries(8)
		if err != nil {
			return err
		}
		runs := make([]run, n)
		for i := range runs {
			runs[i].count = int(f.u32())
			// Version 0 of ctts says unsigned, but encoders write negative shifts there too; no shift reaches 2³¹.
			runs[i].value = int64(int32(f.u32()))
			if kind == "stts" {
				runs[i].value &= 0xffffffff
			}
		}
		if kind == "stts" {
			s.times = runs
		} else {
			s.shifts = runs
		}
	case "stss":
		f.full()
		n, err := f.entries(4)
		if err != nil {
			return err
		}
		s.hasSync, s.sync = true, make([]int, n)
		for i := range s.sync {
			s.sync[i] = int(f.u32())
		}
	case "stsc":
		f.full()
		n, err := f.entries(12)
		if err != nil {
			return err
		}
		s.chunks = make([]chunkRun, n)
		for i := range s.chunks {
			s.chunks[i] = chunkRun{int(f.u32()), int(f.u32())}
			f.skip(4)
		}
	case "stco", "co64":
		size := 4
		if kind == "co64" {
			size = 8
		}
		f.full()
		n, err := f.entries(size)
		if err != nil {
			return err
		}
		s.offsets = make([]int64, n)
		for i := range s.offsets {
			if size == 4 {
				s.offsets[i] = int64(f.u32())
			} else {
				s.offsets[i] = int64(f.u64())
			}
		}
	case "stsz":
		f.full()
		s.size = f.u32()
		if s.size != 0 {
			s.count = int(f.u32())
			if s.count > maxSamples {
				return ErrTooLong
			}
			break
		}
		n, err := f.entries(4)
		if err != nil {
			return err
		}
		s.count, s.sizes = n, make([]uint32, n)
		for i := range s.sizes {
			s.sizes[i] = f.u32()
		}
	}
	if f.over {
		return ErrFormat
	}
	return nil
}

// samples gives the track its samples. A fragmented file has empty tables here.
func (s *sampleTable) samples(t *track) error {
	t.samples = make([]Sample, s.count)
	t.ticks = make([]ticks, s.count)
	if s.count == 0 {
		return nil
	}
	if err := s.place(t.samples); err != nil {
		return err
	}
	i := 0
	for _, r := range s.times {
		for range min(r.count, s.count-i) {
			t.ticks[i] = ticks{t.next, t.next}
			t.next += r.value
			i++
		}
	}
	if i < s.count {
		return ErrFormat
	}
	i = 0
	for _, r := range s.shifts {
		for range min(r.count, s.count-i) {
			t.ticks[i].show += r.value
			i++
		}
	}
	for i := range t.samples {
		t.samples[i].Sync = !s.hasSync
	}
	for _, n := range s.sync {
		if n < 1 || n > s.count {
			return ErrFormat
		}
		t.samples[n-1].Sync = true
	}
	return nil
}

// place finds the offsets: chunks hold runs of samples one after the other (8.7.4).
func (s *sampleTable) place(samples []Sample) error {
	i := 0
	for n, r := range s.chunks {
		last := len(s.offsets)
		if n+1 < len(s.chunks) {
			last = min(last, s.chunks[n+1].first-1)
		}
		if r.first < 1 || r.samples < 1 || n > 0 && r.first <= s.chunks[n-1].first {
			return ErrFormat
		}
		for c := r.first; c <= last; c++ {
			offset := s.offsets[c-1]
			for range r.samples {
				if i == len(samples) {
					return nil
				}
				size := s.size
				if size == 0 {
					size = s.sizes[i]
				}
				samples[i].offset, samples[i].size = offset, size
				if offset += int64(size); offset < 0 {
					return ErrFormat
				}
				i++
			}
		}
	}
	if i < len(samples) {
		return ErrFormat
	}
	return nil
}
