// Package control is the language that viewer and agent speak inside their session: who may watch, which cameras there are, epoch
// keys, clocks, the set-up of the direct path, and how owners lengthen and read the grant log. Two devices speak it too, when one lets the
// other in. One message is a type byte and a CBOR map with small integer keys (RFC 8949,
// deterministic encoding); docs/PROTOCOL.md lists them. The package only encodes and decodes: it imports e2ee types, no network.
//
// Decode is strict: unknown types, unknown or doubled keys, indefinite lengths, trailing bytes and anything over its bound are
// ErrMessage. The bytes come out of an authenticated session, so a failure means a broken or hostile peer and ends the session.
package control
