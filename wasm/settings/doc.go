//go:build js

// Package settings is the panel of what a person chooses on this device: sections, each a form that takes effect at once. Language and
// Appearance are sections; other parts of the program add their own.
package settings
