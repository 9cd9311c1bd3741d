package mp4

// fragmentDefaults are what samples of a fragment have if it does not say otherwise (14496-12, 8.8.3 and 8.8.7).
type fragmentDefaults struct {
	duration, size, flags uint32
}

const nonSync = 0x10000 // sample_is_non_sync_sample (8.8.3.1)

// readFragment reads a moof box that stands at an offset.
func (t *track) readFragment(moof []byte, at int64) error {
	return children(moof, func(kind string, b []byte) error {
		if kind != "traf" {
			return nil
		}
		return t.readTrackFragment(b, at)
	})
}

func (t *track) readTrackFragment(traf []byte, at int64) error {
	defaults := t.defaults
	base, data := at, at
	ours := false
	return children(traf, func(kind string, b []byte) error {
		f := fields{b: b}
		switch kind {
		case "tfhd":
			_, flags := f.full()
			ours = f.u32() == t.id
			if flags&0x1 != 0 {
				base = int64(f.u64())
				data = base
			}
			if flags&0x2 != 0 {
				f.skip(4)
			}
			for i, v := range []*uint32{&defaults.duration, &defaults.size, &defaults.flags} {
				if flags&(8<<i) != 0 {
					*v = f.u32()
				}
			}
		case "tfdt":
			if !ours {
				return nil
			}
			if version, _ := f.full(); version == 1 {
				t.next = int64(f.u64())
			} else {
				t.next = int64(f.u32())
			}
		case "trun":
			if !ours {
				return nil
			}
			var err error
			data, err = t.readRun(&f, base, data, defaults)
			return err
		}
		if f.over {
			return ErrFormat
		}
		return nil
	})
}

// readRun reads a trun box (8.8.8) and returns where its data end.
func (t *track) readRun(f *fields, base, data int64, d fragmentDefaults) (int64, error) {
	version, flags := f.full()
	entry := 0
	for bit := uint32(0x100); bit <= 0x800; bit <<= 1 {
		if flags&bit != 0 {
			entry += 4
		}
	}
	n := int(f.u32())
	if flags&0x1 != 0 {
		data = base + int64(int32(f.u32()))
	}
	first := d.flags
	if flags&0x4 != 0 {
		first = f.u32()
	}
	if f.over || int64(n)*int64(entry) > int64(len(f.b)) {
		return 0, ErrFormat
	}
	if n > maxSamples-len(t.samples) {
		return 0, ErrTooLong
	}
	for i := range n {
		s, sampleFlags := d, d.flags
		if i == 0 {
			sampleFlags = first
		}
		if flags&0x100 != 0 {
			s.duration = f.u32()
		}
		if flags&0x200 != 0 {
			s.size = f.u32()
		}
		if flags&0x400 != 0 {
			sampleFlags = f.u32()
		}
		var shift int64
		if flags&0x800 != 0 {
			shift = int64(int32(f.u32()))
			if version == 0 {
				shift &= 0xffffffff
			}
		}
		t.samples = append(t.samples, Sample{offset: data, size: s.size, Sync: sampleFlags&nonSync == 0})
		t.ticks = append(t.ticks, ticks{t.next, t.next + shift})
		t.next += int64(s.duration)
		if data += int64(s.size); data < 0 || t.next < 0 {
			return 0, ErrFormat
		}
	}
	return data, nil
}
