// Package seal owns the sealed frame: one coded picture, encrypted and signed beside the camera, ciphertext ever after.
//
//	sealed = SFrame header (KID, CTR) ‖ ciphertext ‖ tag(16) ‖ signature(64)
//
// A [Sealer] makes sealed frames of one stream in one epoch; an [Opener] opens those of one camera. What an Opener returns is
// proven to come from that camera, in that stream, to be meant for the holders of that epoch's key, and not to have been seen
// before. It is not yet proven to be recent: that needs a clock, which viewer's gate brings, and [Opened.Captured] serves. Whether
// it can be decoded is [Chain]'s to say.
//
// The signature is there because all viewers of an epoch hold the same key: without it one of them, together with the server,
// could make pictures for the others. It covers the whole ciphertext, since a tag binds nobody who holds the key.
//
// Checking a signature in WebAssembly takes several times as long as decrypting, so a [Verifier] may do it elsewhere; until it has, a
// [Trial] gives nothing away.
//
// Standards: RFC 9605 (SFrame) with ChaCha20-Poly1305 (RFC 8439), Ed25519 (RFC 8032), a replay window after RFC 6479. It imports
// codec, e2ee/identity and e2ee/sframe, does no I/O, reads no clock and starts no goroutine. Byte formats: docs/PROTOCOL.md,
// "Sealed frame".
package seal
