// Package verify lets the browser check signatures, by WebCrypto (W3C Web Cryptography, "Ed25519"), which works on threads of its own: Go's
// code would take the page's thread for each frame, several times as long as decrypting it does.
package verify
