//go:build js

// Package folder keeps the state of an agent that runs in a browser: its key, the log of who may watch, and what else camera/store has. The
// files are records in an IndexedDB database of their own, each encrypted under a WebCrypto key that no script can read, and on the disk
// before a call returns. Only one page at a time has it open.
package folder
