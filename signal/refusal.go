package signal

import (
	"errors"
	"fmt"
)

// Code says why the server ends a connection.
type Code byte

// The codes of a [Refusal].
const (
	CodeBadLogin     Code = 1 // signature, key, domain or origin do not fit
	CodeTooMany      Code = 2 // connections, pipes, topics or subscriptions
	CodeTooFast      Code = 3 // connections or knocks in a time
	CodeTooLarge     Code = 4 // a message
	CodeProtocol     Code = 5 // an envelope that the table does not allow there
	CodeShuttingDown Code = 6 // the server is going; another may come in its place
	CodeReplaced     Code = 7 // the same agent key logged in again elsewhere
	CodeClock        Code = 8 // the login's expiry lies too far from the server's time
	CodeTooSlow      Code = 9 // the client does not read what it is sent
)

// Refusal ends a connection. As an error it says, in a sentence for the user, why and what to do.
type Refusal struct{ Code Code }

// Error implements error.
func (e *Refusal) Error() string {
	switch e.Code {
	case CodeBadLogin:
		return "the server refused the login: open the page under the address that the server is meant to have"
	case CodeTooMany:
		return "the server has too many connections from here: close other pages or programs that use it, then try again"
	case CodeTooFast:
		return "the server was asked too often: wait a minute, then try again"
	case CodeTooLarge:
		return "the server refused a message that was too large: update this program and the server to the same version"
	case CodeProtocol:
		return "the server did not understand this program: update both to the same version"
	case CodeShuttingDown:
		return "the server is restarting: the connection comes back by itself"
	case CodeReplaced:
		return "the same agent is running somewhere else: stop one of the two"
	case CodeClock:
		return "this device's clock is wrong: set date and time, then try again"
	case CodeTooSlow:
		return "this connection is too slow for what was asked: watch fewer cameras at once"
	}
	return fmt.Sprintf("the server ended the connection (code %d)", byte(e.Code))
}

// Temporary says whether the same client may succeed later without anybody doing something.
func (e *Refusal) Temporary() bool {
	switch e.Code {
	case CodeTooMany, CodeTooFast, CodeShuttingDown, CodeTooSlow:
		return true
	}
	return false
}

// What Dial and a Client's methods return, wrapped; besides [*Refusal].
var (
	// ErrUnreachable says that no connection came about.
	ErrUnreachable = errors.New("the server cannot be reached: check the network and the address")
	// ErrNotSealcam says that what answered is no Sealcam server, or one of another version.
	ErrNotSealcam = errors.New("what answers at this address is no Sealcam server of this version")
	// ErrSilent says that the server went silent.
	ErrSilent = errors.New("the server does not answer any more")
	// ErrLost says that the connection ended without a reason given.
	ErrLost = errors.New("the connection to the server was lost")
	// ErrClosed says that the client was closed by its owner.
	ErrClosed = errors.New("signal: client closed")
	// ErrUnavailable answers a knock: no such agent, not connected, or a wrong token; the server does not tell which.
	ErrUnavailable = errors.New("the camera's agent is not available")
)
