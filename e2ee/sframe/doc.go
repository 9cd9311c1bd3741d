// Package sframe implements RFC 9605, Secure Frame (SFrame): its header, key schedule and cipher suites, and one suite of our
// own for private use, ChaCha20-Poly1305, which in WebAssembly is four times as fast as AES and runs in constant time there.
//
// It encrypts and nothing more: it keeps no counter and refuses no replay. That is package seal's work, through which all of
// Sealcam's pictures go. It imports the standard library and golang.org/x/crypto, does no I/O and starts no goroutine.
package sframe
