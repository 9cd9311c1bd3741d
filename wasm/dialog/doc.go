//go:build js

// Package dialog is the one dialog of the page, in which forms and lists come one after the other: a stack of views with a title, a way
// back, and a way out. It is a modal HTML dialog, so the browser keeps the focus inside, makes the rest inert and closes it on Escape
// (HTML Living Standard §4.11.4).
//
// Everything that touches views runs under the dialog's lock, one thing at a time: what happens in the page (View.On), what work ends
// with (View.Go), and what comes from outside (Dialog.Do).
package dialog
