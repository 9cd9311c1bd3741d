package kiosk

// stride is how far the pictures go at a time, in CSS pixels: little enough not to be noticed.
const stride = 2

// Wander returns where the pictures lie after a number of moves, in CSS pixels from their middle, at most amplitude to each side. Row by
// row and back they rest everywhere within it for the same time, and each move is of stride pixels in one direction.
func Wander(move, amplitude int) (x, y int) {
	side := amplitude/stride*2 + 1
	if side <= 1 {
		return 0, 0
	}
	n := side * side
	// Back on the same way, and from the middle, where it starts.
	at := (move + n/2) % (2*n - 2)
	if at >= n {
		at = 2*n - 2 - at
	}
	row, column := at/side, at%side
	if row%2 == 1 {
		column = side - 1 - column
	}
	return (column - side/2) * stride, (row - side/2) * stride
}
