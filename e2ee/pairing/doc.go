// Package pairing lets a browser in: the links and codes that people pass on, and the proofs by which two ends show that they were not
// met by somebody between them.
//
//   - A claim link makes a browser the owner of an agent. Both prove that they know its secret ([Codes], [ViewerProof], [AgentProof]).
//   - An invite link holds the private key of an invitation that stands in the grant log; package grant has its rules.
//   - A recovery link leads to the form for the 24 words and holds no secret.
//   - A short [Code] brings an owner's device together with a screen that has no keyboard. Six [Digits] that people compare show whether
//     nobody stands between them: the approver commits to its [Nonce] before it knows the screen's, so nobody can search for nonces
//     that give the same digits twice.
//
// Links stand in URL fragments, which browsers do not send to the server, and name the agent by its id, so that a session is pinned before
// the first byte. Proofs and digits are bound to the TLS exporter (RFC 8446 §7.5, as RFC 9266 does for channel binding), so that they are
// worth nothing in another session. A link's secret has 128 random bits, so nothing can be guessed offline and no PAKE is needed.
//
// The package imports e2ee/identity and the standard library, does no I/O, reads no clock and starts no goroutine. Secrets print as
// "[redacted]"; String of links and of Code alone, which are made to be shown, shows one. Byte formats: docs/PROTOCOL.md, "Pairing".
package pairing
