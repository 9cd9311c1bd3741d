//go:build js

// Package help is the help sheet: a view of the dialog with the keys of viewer/shortcut that do something on this page.
package help
