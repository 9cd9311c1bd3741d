//go:build js

// Package keys keeps what a device must remember in the browser's IndexedDB: its own signing key, what founds its home, and the homes
// that it may enter.
//
// The device key is a WebCrypto Ed25519 key that cannot be exported, where the browser has those (W3C Web Cryptography Level 2); elsewhere
// a seed, encrypted under a WebCrypto key that cannot be exported; and only where there is no WebCrypto, a plain seed. The home's root
// key is such a seed too, but only until its owner has written down the phrase that stands for it: then it is removed from the browser.
//
// Homes of an agent that forgets them when it ends (the demo) are kept in the tab's sessionStorage.
package keys
