package seal

import "errors"

// ErrOpen is all that the outside learns of a frame that was refused.
var ErrOpen = errors.New("seal: the frame cannot be opened")

// Reason says why a frame was refused, for the owner's own diagnosis. It must not be told to the server or to another peer.
type Reason uint8

// The reasons, in the order in which they are checked.
const (
	NoReason     Reason = iota // the error is not an Opener's
	Truncated                  // shorter than any sealed frame
	TooLarge                   // longer than MaxSealed
	Header                     // SFrame header malformed, or a number beyond MaxFrames
	WrongStream                // another stream than the one it came in
	UnknownEpoch               // its key was never given, or dropped since
	Auth                       // not encrypted under the epoch's key for this camera and stream, or damaged
	Signature                  // encrypted by somebody who holds the key, but not by the agent
	Replay                     // seen before, or too far behind to tell
	Plaintext                  // the agent itself wrote something malformed
	reasonCount
)

var reasonTexts = [reasonCount]string{
	NoReason:     "none",
	Truncated:    "truncated",
	TooLarge:     "too large",
	Header:       "malformed header",
	WrongStream:  "wrong stream",
	UnknownEpoch: "unknown epoch",
	Auth:         "not authentic",
	Signature:    "wrong signature",
	Replay:       "replayed",
	Plaintext:    "malformed content",
}

// String returns the reason in words.
func (r Reason) String() string {
	if r >= reasonCount {
		return "unknown reason"
	}
	return reasonTexts[r]
}

// openError has one text for all reasons.
type openError struct{ reason Reason }

func (*openError) Error() string        { return ErrOpen.Error() }
func (*openError) Is(target error) bool { return target == ErrOpen }

// openErrors are made once, so that a flood of bad frames allocates nothing.
var openErrors = func() (all [reasonCount]*openError) {
	for r := range all {
		all[r] = &openError{Reason(r)}
	}
	return all
}()

// ReasonOf returns the reason in an error of [Opener.Open], and NoReason for any other.
func ReasonOf(err error) Reason {
	var e *openError
	if errors.As(err, &e) {
		return e.reason
	}
	return NoReason
}

// Stats counts what an Opener did.
type Stats struct {
	Opened  uint64
	refused [reasonCount]uint64
}

// Refused returns how many frames were refused for a reason.
func (s Stats) Refused(r Reason) uint64 {
	if r >= reasonCount {
		return 0
	}
	return s.refused[r]
}

// RefusedTotal returns how many frames were refused.
func (s Stats) RefusedTotal() (n uint64) {
	for _, c := range s.refused {
		n += c
	}
	return n
}
