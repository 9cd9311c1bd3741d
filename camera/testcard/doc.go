// Package testcard is a camera without a camera: a test card with a running clock, as JPEG pictures, five a second, in two sizes.
// Whoever looks at it sees at once how old the picture is. It takes little of a processor because only what changed is drawn and
// encoded again.
package testcard
