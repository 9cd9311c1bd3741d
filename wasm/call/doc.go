//go:build js

// Package call has an owner's page show a code with which another device becomes a camera of the same owner: what package viewer/pair calls a
// call, as a view of the dialog.
package call
