package pair

import (
	"context"
	"errors"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer/words"
)

// What a meeting ends with, each a sentence for a person; [Sentence] writes them out.
var (
	ErrDiffer    = words.Error("the digits differ, so somebody may stand between the two devices: nothing was approved; use another network or server, then try again")
	ErrCancelled = words.Error("it was cancelled on the other device: begin again with the code that the screen shows now")
	ErrFailed    = words.Error("the other device could not go on: begin again with the code that the screen shows now")
	ErrTime      = words.Error("nobody answered in time: begin again with the code that the screen shows now")
	ErrGone      = words.Error("the connection to the other device was lost: begin again with the code that the screen shows now")
	ErrCheated   = words.Error("the other device did not keep to the protocol, so nothing was approved: begin again, and update both to the same version")
	ErrNoScreen  = words.Error("no screen shows this code now: look at it again, type what it shows, and check that both devices use the same server")
	ErrEarly     = words.Error("the person at the screen has not agreed yet: compare the digits and press OK there first")
	// ErrUnsure is returned by Approve when the approval was sent and nothing says that it arrived.
	ErrUnsure = words.Error("the screen was approved, but the connection broke before it said that it knows: if it shows no pictures soon, remove it from the list and begin again")
	// ErrConfig is returned for a configuration that lacks something.
	ErrConfig = errors.New("pair: the configuration lacks Dial or Self")
)

var known = []error{ErrDiffer, ErrCancelled, ErrFailed, ErrTime, ErrCheated, ErrNoScreen, pairing.ErrPin, ErrEarly, ErrUnsure, ErrGone}

// Sentence says what went wrong and what to do. It holds neither addresses nor what the other end said.
func Sentence(err error) string {
	var refusal *signal.Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal):
		return words.Explain(refusal)
	}
	for _, e := range append(known, signal.ErrUnreachable, signal.ErrNotSealcam, signal.ErrSilent, signal.ErrLost) {
		if errors.Is(err, e) {
			return words.Explain(e)
		}
	}
	return words.Explain(ErrGone)
}

// refusal turns what the other end said into an error.
func refusal(r control.PairReason) error {
	switch r {
	case control.PairDigits:
		return ErrDiffer
	case control.PairCancelled:
		return ErrCancelled
	}
	return ErrFailed
}

// meetingError gives what ended a meeting its place among the errors of this package.
func meetingError(err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, control.ErrMessage), errors.Is(err, session.ErrMessage), errors.Is(err, session.ErrParameters):
		return errors.Join(ErrCheated, err)
	}
	for _, e := range known {
		if errors.Is(err, e) {
			return err
		}
	}
	return errors.Join(ErrGone, err)
}
