//go:build js

package dom

import "syscall/js"

// Scope listens to events until Close. The zero value is ready.
type Scope struct{ undo []func() }

// On calls f at each event. f runs on the page's event loop and must not block.
func (s *Scope) On(n Node, event string, f func(event js.Value)) {
	handler := js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(args[0])
		return nil
	})
	n.Call("addEventListener", event, handler)
	s.Defer(func() {
		n.Call("removeEventListener", event, handler)
		handler.Release()
	})
}

// Defer has Close call f.
func (s *Scope) Defer(f func()) { s.undo = append(s.undo, f) }

// Close undoes everything, the last first.
func (s *Scope) Close() {
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
	s.undo = nil
}
