//go:build js

package page

import "syscall/js"

// text is an element whose text is written only when it changes.
type text struct {
	node js.Value
	now  string
}

func (t *text) set(s string) {
	if s != t.now {
		t.now = s
		t.node.Set("textContent", s)
	}
}

// attributes are an element's attributes, written only when they change.
type attributes struct {
	node js.Value
	now  map[string]string
}

// set writes the attribute; an empty value removes it.
func (a *attributes) set(name, value string) {
	if a.now[name] == value {
		return
	}
	if a.now == nil {
		a.now = map[string]string{}
	}
	a.now[name] = value
	if value == "" {
		a.node.Call("removeAttribute", name)
		return
	}
	a.node.Call("setAttribute", name, value)
}
