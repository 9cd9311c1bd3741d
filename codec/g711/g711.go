package g711

// A-law and µ-law octets as 16-bit samples.
var (
	alaw [256]int16
	ulaw [256]int16
)

func init() {
	for i := range 256 {
		alaw[i] = expandA(byte(i))
		ulaw[i] = expandU(byte(i))
	}
}

// expandA decodes an octet: sign, three bits of segment, four within it. The even bits are inverted on the line (G.711 §3.2.1 note).
func expandA(b byte) int16 {
	b ^= 0x55
	v := int16(b&0x0f)<<4 + 8
	if segment := b >> 4 & 7; segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}

// ulawBias is what moves the segments' ends to powers of two, in units of 16-bit samples.
const ulawBias = 0x84

// expandU decodes an octet, all bits of which are inverted on the line (G.711 table 2).
func expandU(b byte) int16 {
	b = ^b
	v := (int16(b&0x0f)<<3+ulawBias)<<(b>>4&7) - ulawBias
	if b&0x80 != 0 {
		return -v
	}
	return v
}

// DecodeA appends the samples of A-law octets to dst, DecodeU those of µ-law. Full scale is -32768 to 32767.
func DecodeA(dst []int16, octets []byte) []int16 { return decode(dst, octets, &alaw) }

// DecodeU is DecodeA for µ-law.
func DecodeU(dst []int16, octets []byte) []int16 { return decode(dst, octets, &ulaw) }

func decode(dst []int16, octets []byte, table *[256]int16) []int16 {
	for _, b := range octets {
		dst = append(dst, table[b])
	}
	return dst
}

// EncodeU appends the µ-law octets of samples to dst.
func EncodeU(dst []byte, samples []int16) []byte {
	for _, s := range samples {
		v, sign := int(s), byte(0)
		if v < 0 {
			v, sign = -v, 0x80
		}
		v = min(v, 32635) + ulawBias
		segment := 7
		for mask := 0x4000; v&mask == 0; mask >>= 1 {
			segment--
		}
		dst = append(dst, ^(sign | byte(segment)<<4 | byte(v>>(segment+3)&0x0f)))
	}
	return dst
}
