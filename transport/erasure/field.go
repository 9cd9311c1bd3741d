package erasure

// GF(2^8): logarithms to the base 2, and powers of 2, twice in a row so that sums of logarithms need no modulo.
var (
	logarithm [256]uint16
	power     [510]byte
)

func init() {
	const polynomial = 0x11d
	x := 1
	for i := range 255 {
		power[i], power[i+255] = byte(x), byte(x)
		logarithm[x] = uint16(i)
		if x <<= 1; x > 255 {
			x ^= polynomial
		}
	}
}

func multiply(a, b byte) byte {
	if a == 0 || b == 0 {
		return 0
	}
	return power[logarithm[a]+logarithm[b]]
}

// inverse is of a number that is not 0.
func inverse(a byte) byte { return power[255-logarithm[a]] }

// addProduct adds factor times each byte of src to dst. They are equally long.
func addProduct(dst, src []byte, factor byte) {
	switch factor {
	case 0:
	case 1:
		for i, b := range src {
			dst[i] ^= b
		}
	default:
		var products [256]byte
		l := logarithm[factor]
		for b := 1; b < 256; b++ {
			products[b] = power[l+logarithm[b]]
		}
		for i, b := range src {
			dst[i] ^= products[b]
		}
	}
}
