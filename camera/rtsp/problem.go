package rtsp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
)

// Problem says why a camera gives no pictures.
type Problem uint8

// The problems that have an advice of their own.
const (
	Password     Problem = iota + 1 // the camera refuses user name or password
	NoPassword                      // the camera wants a password, and the address has none
	NotFound                        // no stream at the address's path
	UnknownHost                     // the host's name has no address
	Refused                         // the host refuses connections to the port
	Unreachable                     // no way to the host, or no answer from it
	NotRTSP                         // something else answers at the port
	Certificate                     // rtsps with a certificate that nobody trusts
	Redirected                      // the camera sends us to another host
	Busy                            // too many clients
	Transport                       // the camera does not serve this transport (TCP or UDP)
	NoVideo                         // the stream has no video track
	UnknownCodec                    // video that no browser plays
	Silent                          // connected, but no data
	Garbage                         // data that are no pictures
	NoKey                           // pictures, but none to start with
	Lagging                         // pictures come late and later
	Lost                            // the connection ended
	Rejected                        // another RTSP error
)

var problems = map[Problem]struct{ text, advice string }{
	Password:     {"401 unauthorized", "The camera refuses the user name or the password. Correct them in the camera's address; cameras often have an RTSP or ONVIF user of their own."},
	NoPassword:   {"401 unauthorized, no credentials given", "The camera asks for a user name and a password. Add them to its address: rtsp://user:password@…"},
	NotFound:     {"404 not found", "The camera has no stream at this path. Look up the RTSP path in its settings or its manual, and correct the address."},
	UnknownHost:  {"host name not found", "The camera's host name is not known on this network. Check its spelling, or use the camera's IP address."},
	Refused:      {"connection refused", "The camera refuses the connection. Switch RTSP on in its settings, and check the port (mostly 554)."},
	Unreachable:  {"host unreachable", "The camera does not answer. Check that it has power and network, and that its IP address is still the one in the configuration."},
	NotRTSP:      {"no RTSP answer", "The address answers, but not with RTSP. Check the port (mostly 554); if it is right, restart the camera."},
	Certificate:  {"certificate not trusted", "The camera's certificate is not trusted. Use its rtsp:// address inside your own network, or install a certificate that this machine trusts."},
	Redirected:   {"redirected to another host", "The camera points to another address. Use that address directly."},
	Busy:         {"camera is busy", "The camera serves as many clients as it can. Close other viewers or recorders of it, or raise its limit."},
	Transport:    {"transport not supported", "The camera does not offer this transport. Set transport to the other one, \"tcp\" or \"udp\"."},
	NoVideo:      {"no video track", "The stream has no video. Use the address of the camera's video stream."},
	UnknownCodec: {"video codec not supported", "No browser plays this camera's video codec. Set the camera to H.264."},
	Silent:       {"no data", "The camera accepts the connection but sends no video. Restart it; over UDP, check the firewall or set transport to \"tcp\"."},
	Garbage:      {"broken pictures", "What the camera sends is no usable video. Set it to plain H.264 (smart codecs off), and check the network if that does not help."},
	NoKey:        {"no key picture", "Waiting for a picture to start with. Set the camera's I-frame (key frame) interval to 1 or 2 seconds."},
	Lagging:      {"pictures come late", "The camera's pictures come ever later: the network is too slow for them. Lower the camera's bit rate, or improve its connection."},
	Lost:         {"connection lost", "The connection to the camera ended. It is being made again; if this goes on, check the camera's power and network."},
	Rejected:     {"request rejected", "The camera rejects the request for its stream. Check the address, and that the camera's firmware is up to date."},
}

// String returns the problem in a few words for logs.
func (p Problem) String() string { return problems[p].text }

// Advice returns one sentence or two for the owner: what is wrong and what to do. They hold nothing of the address.
func (p Problem) Advice() string { return problems[p].advice }

// Lasting reports a problem that only the owner can mend.
func (p Problem) Lasting() bool {
	switch p {
	case Password, NoPassword, NotFound, Certificate, NoVideo, UnknownCodec:
		return true
	}
	return false
}

// Error is a problem with what is safe to say about its cause.
type Error struct {
	Problem Problem
	Detail  string // such as the codec's name; may be empty
}

// Error returns the problem and its detail.
func (e *Error) Error() string {
	if e.Detail == "" {
		return "rtsp: " + e.Problem.String()
	}
	return "rtsp: " + e.Problem.String() + ": " + e.Detail
}

// Advice returns the problem's advice.
func (e *Error) Advice() string { return e.Problem.Advice() }

// explain turns an error of gortsplib or of the network into one that is safe to show. The original is not wrapped: its text may
// repeat the address or what the camera wrote.
func explain(err error, hasPassword bool) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var status liberrors.ErrClientBadStatusCode
	if errors.As(err, &status) {
		return explainStatus(status.Code, hasPassword)
	}
	var dns *net.DNSError
	var operation *net.OpError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.As(err, &verify), errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid):
		return &Error{Problem: Certificate}
	case errors.As(err, &record):
		return &Error{Problem: NotRTSP, Detail: "no TLS"}
	case errors.As(err, &dns):
		return &Error{Problem: UnknownHost}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &Error{Problem: Refused}
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return &Error{Problem: Unreachable, Detail: "no route"}
	case errors.As(err, &operation) && operation.Op == "dial", errors.Is(err, context.DeadlineExceeded):
		return &Error{Problem: Unreachable, Detail: "timeout"}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &Error{Problem: Lost, Detail: "timeout"}
	}
	return explainLibrary(err)
}

func explainStatus(code base.StatusCode, hasPassword bool) *Error {
	switch {
	case code == base.StatusUnauthorized && hasPassword, code == base.StatusForbidden:
		return &Error{Problem: Password}
	case code == base.StatusUnauthorized:
		return &Error{Problem: NoPassword}
	case code == base.StatusNotFound:
		return &Error{Problem: NotFound}
	case code == base.StatusUnsupportedTransport:
		return &Error{Problem: Transport}
	case code == base.StatusNotEnoughBandwidth, code == base.StatusServiceUnavailable:
		return &Error{Problem: Busy}
	case code >= 300 && code < 400:
		return &Error{Problem: Redirected}
	}
	return &Error{Problem: Rejected, Detail: statusText(code)}
}

// statusText names a status by its number: the camera's own words are not repeated.
func statusText(code base.StatusCode) string {
	digits := []byte("status 000")
	n := min(int(code), 999)
	digits[7], digits[8], digits[9] = byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10)
	if text, ok := base.StatusMessages[code]; ok {
		return string(digits) + " " + text
	}
	return string(digits)
}

func explainLibrary(err error) *Error {
	var (
		sdp        liberrors.ErrClientSDPInvalid
		noType     liberrors.ErrClientContentTypeMissing
		otherType  liberrors.ErrClientContentTypeUnsupported
		tcpSilent  liberrors.ErrClientTCPTimeout
		udpSilent  liberrors.ErrClientUDPTimeout
		wantsTCP   liberrors.ErrClientServerRequestedTCP
		wantsUDP   liberrors.ErrClientServerRequestedUDP
		noPorts    liberrors.ErrClientServerPortsNotProvided
		noAnswer   liberrors.ErrClientRequestTimedOut
		authMethod liberrors.ErrClientAuthSetup
	)
	switch {
	case errors.As(err, &tcpSilent), errors.As(err, &udpSilent):
		return &Error{Problem: Silent}
	case errors.As(err, &wantsTCP), errors.As(err, &wantsUDP), errors.As(err, &noPorts):
		return &Error{Problem: Transport}
	case errors.As(err, &sdp), errors.As(err, &noType), errors.As(err, &otherType):
		return &Error{Problem: Rejected, Detail: "unreadable stream description"}
	case errors.As(err, &authMethod):
		return &Error{Problem: Password, Detail: "unknown method of authentication"}
	case errors.As(err, &noAnswer):
		return &Error{Problem: NotRTSP, Detail: "no answer"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &Error{Problem: Lost}
	}
	return &Error{Problem: Lost, Detail: "protocol error"}
}
