//go:build js

// Package save brings what the page made to the person: a PNG file compressed by the browser, a download, the device's own way of
// sharing, the clipboard.
package save
