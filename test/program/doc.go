// Package program runs the binary under test, which the environment variable SEALCAM_BIN names, as processes of their own, and says what
// they use. It is for measurements, which are to see what people run.
package program
