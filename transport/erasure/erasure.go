package erasure

// Bounds of a block.
const (
	MaxData   = 32 // shards of data
	MaxParity = 6  // shards of parity
)

// coefficient is the matrix: what data shard number column counts in parity shard number row.
func coefficient(row, column int) byte {
	x, y := byte(MaxData+row), byte(column)
	return multiply(inverse(x^y), MaxData^y) // the first row has x = MaxData, and so becomes 1
}

// Encode overwrites parity with the parity of data. It takes up to MaxData and MaxParity shards, all equally long; more panic.
func Encode(parity, data [][]byte) {
	if len(data) > MaxData || len(parity) > MaxParity {
		panic("erasure: too many shards")
	}
	for row, p := range parity {
		clear(p)
		for column, d := range data {
			addProduct(p, d, coefficient(row, column))
		}
	}
}

// Reconstruct makes the shards of data that are missing, which are nil, from the others and the parity, of which some may be missing too. It
// reports false, and changes nothing, if there is too little. All that there is must be equally long, and within the bounds of Encode.
func Reconstruct(data, parity [][]byte) bool {
	var missing, rows []int
	for column, d := range data {
		if d == nil {
			missing = append(missing, column)
		}
	}
	for row, p := range parity {
		if p != nil && len(rows) < len(missing) {
			rows = append(rows, row)
		}
	}
	n := len(missing)
	if n == 0 {
		return true
	}
	if len(rows) < n || len(data) > MaxData || len(parity) > MaxParity {
		return false
	}
	// What the parity says of the missing shards alone.
	sums := make([][]byte, n)
	for i, row := range rows {
		sums[i] = append([]byte(nil), parity[row]...)
		for column, d := range data {
			if d != nil {
				addProduct(sums[i], d, coefficient(row, column))
			}
		}
	}
	inverted := invert(rows, missing)
	for i, column := range missing {
		shard := make([]byte, len(sums[0]))
		for j := range n {
			addProduct(shard, sums[j], inverted[i][j])
		}
		data[column] = shard
	}
	return true
}

// invert returns the inverse of the matrix's part in some rows and columns, by Gauss and Jordan. Each such part has one.
func invert(rows, columns []int) (inverted [MaxParity][MaxParity]byte) {
	var m [MaxParity][MaxParity]byte
	n := len(rows)
	for i, row := range rows {
		for j, column := range columns {
			m[i][j] = coefficient(row, column)
		}
		inverted[i][i] = 1
	}
	for i := range n {
		pivot := i
		for m[pivot][i] == 0 {
			pivot++
		}
		m[i], m[pivot] = m[pivot], m[i]
		inverted[i], inverted[pivot] = inverted[pivot], inverted[i]
		scale := inverse(m[i][i])
		for j := range n {
			m[i][j], inverted[i][j] = multiply(m[i][j], scale), multiply(inverted[i][j], scale)
		}
		for k := range n {
			if factor := m[k][i]; k != i && factor != 0 {
				for j := range n {
					m[k][j] ^= multiply(factor, m[i][j])
					inverted[k][j] ^= multiply(factor, inverted[i][j])
				}
			}
		}
	}
	return inverted
}
