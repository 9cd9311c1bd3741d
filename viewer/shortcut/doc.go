// Package shortcut is the one table of the page's keys: what each does, and how the help sheet names it. The page looks keys up in it and
// nowhere else (wasm/page), and the help sheet shows it (wasm/help), so that both always agree.
//
// Keys are those of KeyboardEvent (W3C UI Events, UI Events KeyboardEvent key and code values). It imports viewer/words and the standard
// library only.
package shortcut
