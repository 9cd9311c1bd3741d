//go:build js

package dom

import "syscall/js"

// Node is an element of the document.
type Node struct{ js.Value }

func document() js.Value { return js.Global().Get("document") }

// ByID returns the element with the id.
func ByID(id string) Node { return Node{document().Call("getElementById", id)} }

// Clone returns a copy of the one element in the template with the id.
func Clone(template string) Node {
	return Node{ByID(template).Get("content").Get("firstElementChild").Call("cloneNode", true)}
}

// Make returns a new element.
func Make(tag string) Node { return Node{document().Call("createElement", tag)} }

// Find returns the first element below n that the CSS selector matches; what it returns is not Truthy if there is none.
func (n Node) Find(selector string) Node { return Node{n.Call("querySelector", selector)} }

// All returns the elements below n that the CSS selector matches.
func (n Node) All(selector string) []Node {
	list := n.Call("querySelectorAll", selector)
	nodes := make([]Node, list.Length())
	for i := range nodes {
		nodes[i] = Node{list.Index(i)}
	}
	return nodes
}

// Part returns the first element below n whose data-part has the name.
func (n Node) Part(name string) Node { return n.Find(`[data-part="` + name + `"]`) }

// Action returns the first element below n whose data-action has the name.
func (n Node) Action(name string) Node { return n.Find(`[data-action="` + name + `"]`) }

// Field returns the form control below n with the name.
func (n Node) Field(name string) Node { return n.Find(`[name="` + name + `"]`) }

// SetText writes the element's text.
func (n Node) SetText(s string) {
	if n.Get("textContent").String() != s {
		n.Set("textContent", s)
	}
}

// SetAttr writes an attribute; an empty value removes it.
func (n Node) SetAttr(name, value string) {
	now := n.Call("getAttribute", name)
	switch {
	case value == "" && !now.IsNull():
		n.Call("removeAttribute", name)
	case value != "" && (now.IsNull() || now.String() != value):
		n.Call("setAttribute", name, value)
	}
}

// Show takes the element's hidden attribute away, or sets it.
func (n Node) Show(on bool) {
	if n.Get("hidden").Truthy() == on {
		n.Set("hidden", !on)
	}
}

// Enable lets a control be used, or not.
func (n Node) Enable(on bool) { n.Set("disabled", !on) }

// Write writes the element's text and shows it; an empty text hides it.
func (n Node) Write(s string) {
	n.SetText(s)
	n.Show(s != "")
}

// Content returns what stands in a form control.
func (n Node) Content() string { return n.Get("value").String() }

// SetContent writes into a form control.
func (n Node) SetContent(s string) { n.Set("value", s) }

// Checked reports whether a box or a radio button is on.
func (n Node) Checked() bool { return n.Get("checked").Truthy() }

// SetChecked turns a box or a radio button on or off.
func (n Node) SetChecked(on bool) { n.Set("checked", on) }

// Add appends elements.
func (n Node) Add(nodes ...Node) {
	for _, c := range nodes {
		n.Call("append", c.Value)
	}
}

// Clear removes everything below the element.
func (n Node) Clear() { n.Call("replaceChildren") }

// Focus moves the focus to the element.
func (n Node) Focus() { n.Call("focus") }

// Order makes nodes the element's children in this order. A child that stands right is not touched: it would lose the focus.
func (n Node) Order(nodes []Node) {
	children := n.Get("children")
	for i, node := range nodes {
		at := children.Index(i)
		if !at.Truthy() {
			n.Call("append", node.Value)
		} else if !at.Equal(node.Value) {
			n.Call("insertBefore", node.Value, at)
		}
	}
	for children.Length() > len(nodes) {
		children.Index(len(nodes)).Call("remove")
	}
}
