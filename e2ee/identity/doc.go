// Package identity owns the long-term keys of Sealcam and the public ids made from them.
//
// All signing keys are Ed25519 (RFC 8032). An agent, a device and a home root each have a type of their own, so that one cannot
// be passed for another; the compiler, not the reader, tells them apart. An id is a SHA-256 hash of the public key under a label
// of its kind. The text form of an id carries a prefix and a checksum, so that a mistyped id is told from an unknown one.
//
// One key signs in several places. Each message begins with the label of its purpose ("sealcam … v1"), TLS 1.3 puts 64 spaces
// before its own (RFC 8446 §4.4.3), and an X.509 certificate begins with a DER tag, so no signature made for one purpose is
// valid for another.
//
// A home's root key can be written on paper as 24 words (BIP 39).
//
// Private keys and tokens print as "[redacted]" with every fmt verb and in log/slog. The package imports the standard library and
// a list of words, does no I/O and starts no goroutine. Byte formats: docs/PROTOCOL.md, "Keys and ids".
package identity
