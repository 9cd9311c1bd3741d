package h264

import (
	"errors"
	"fmt"
)

// Errors of Decode. After any of them the decoder goes on with the next access unit.
var (
	// ErrDamaged is what a *DamageError wraps: something of the stream was missing or could not be parsed.
	ErrDamaged = errors.New("h264: damaged stream")
	// ErrTooLarge means that a picture or its references exceed the decoder's Options.
	ErrTooLarge = errors.New("h264: the pictures are larger than this decoder is set to accept")
	// ErrUnsupported means that the stream uses a feature outside the profiles that are decoded.
	ErrUnsupported = errors.New("h264: unsupported stream")

	errSyntax = errors.New("h264: invalid syntax")
)

// DamageError says what an access unit lost. It wraps ErrDamaged.
type DamageError struct {
	Macroblocks int   // not decoded, and taken from an earlier picture instead
	References  int   // reference pictures that were missing
	Slices      int   // slices dropped whole or in part
	Cause       error // the first cause, or nil
}

func (e *DamageError) Error() string {
	s := fmt.Sprintf("h264: damaged stream: %d macroblocks, %d references and %d slices lost", e.Macroblocks, e.References, e.Slices)
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap lets errors.Is find ErrDamaged.
func (e *DamageError) Unwrap() error { return ErrDamaged }

func unsupported(what string) error { return fmt.Errorf("%w: %s", ErrUnsupported, what) }
