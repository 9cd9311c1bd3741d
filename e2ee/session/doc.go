// Package session joins a viewer and an agent with TLS 1.3 (RFC 8446) inside any byte pipe, usually one that the server carries and
// can read, change and cut.
//
// Both ends show a self-signed Ed25519 certificate (RFC 8410) whose raw key alone counts: the viewer knows the agent's id
// beforehand, the agent asks its admit function. One version, one key exchange (X25519MLKEM768, so that what is recorded today stays
// closed to a quantum computer), one application protocol, no tickets, no resumption; every one of them is checked again after
// crypto/tls has agreed to it.
//
// In TLS 1.3 the client is through its handshake before the server has seen the client's certificate, so its success says nothing
// about being let in. Here the agent therefore sends a verdict first, after the device has proven its key, and [Client] returns only
// with a good one.
//
// [PairClient] and [PairServer] join two devices in the same way under another ALPN name, for the moment in which one lets the other in.
//
// Over it run messages of at most [MaxMessage] bytes, each with its length in front. The package imports e2ee/identity and the
// standard library (net for net.Conn alone) and leaves no goroutine behind. Byte formats: docs/PROTOCOL.md, "Session".
package session
