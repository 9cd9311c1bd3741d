//go:build js

// Package keys keeps what a device must remember in the browser's IndexedDB: its own signing key, the home's root key, and the homes
// that it may enter.
//
// The device key is a WebCrypto Ed25519 key that cannot be exported, where the browser has those (W3C Web Cryptography Level 2);
// elsewhere it is a seed in the database. The home's root key is a seed in the database beside it, in every browser: whoever can
// read this browser's profile can read it. A recovery phrase that replaces the stored seed is not made yet.
//
// Homes of an agent that forgets them when it ends (the demo) are kept in the tab's sessionStorage.
package keys
