//go:build js

// Package diagnostics is the panel that tells what is going on (viewer/diagnosis), and its report to copy. It looks only while it is open.
package diagnostics
