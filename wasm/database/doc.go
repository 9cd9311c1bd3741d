//go:build js

// Package database keeps records in the browser's IndexedDB (W3C Indexed Database API 3.0), each on the disk before a call returns. It
// imports wasm/promise only.
package database
