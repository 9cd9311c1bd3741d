// Package pairing makes a browser the owner of an agent: the link that the agent prints, and the proofs by which both ends show that
// they know its secret.
//
// The link stands in a URL fragment, which browsers do not send to the server, and names the agent by its id, so that the session is
// pinned before the first byte. The proofs are bound to the TLS exporter (RFC 8446 §7.5, as RFC 9266 does for channel binding) and to
// both public keys, so that they are worth nothing in another session. The secret has 128 random bits, so nothing can be guessed
// offline and no PAKE is needed.
//
// The package imports e2ee/identity and the standard library, does no I/O, reads no clock and starts no goroutine. Secrets print as
// "[redacted]"; [Link.String] alone, which is made to be printed, shows one. Byte formats: docs/PROTOCOL.md, "Pairing".
package pairing
