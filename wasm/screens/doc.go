//go:build js

// Package screens lets a device without keyboard in. Approver is the owner's half, in the dialog: the code is scanned or typed, six digits
// are compared, and the owner chooses what the screen may show. Waiting is the half of the screen itself, which fills the page.
package screens
