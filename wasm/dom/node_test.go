//go:build js

package dom_test

import (
	"syscall/js"
	"testing"

	"github.com/sealcam/sealcam/wasm/dom"
)

func items(names ...string) []dom.Node {
	nodes := make([]dom.Node, len(names))
	for i, name := range names {
		nodes[i] = dom.Make("li")
		nodes[i].SetText(name)
	}
	return nodes
}

// A child that stays is the same element, so it keeps the focus.
func TestOrder(t *testing.T) {
	list := dom.Make("ul")
	js.Global().Get("document").Get("body").Call("append", list.Value)
	defer list.Call("remove")
	n := items("a", "b", "c", "d")
	for _, order := range [][]int{{0, 1, 2}, {2, 0}, {3, 2, 1, 0}, {1}, {}, {0, 3}} {
		var nodes []dom.Node
		want := ""
		for _, i := range order {
			nodes = append(nodes, n[i])
			want += n[i].Get("textContent").String()
		}
		list.Order(nodes)
		if got := list.Get("textContent").String(); got != want {
			t.Errorf("%v: %q", order, got)
		}
	}
	n[3].SetAttr("tabindex", "-1")
	n[3].Focus()
	list.Order([]dom.Node{n[0], n[3], n[1]})
	if !js.Global().Get("document").Get("activeElement").Equal(n[3].Value) {
		t.Error("the element that stayed lost the focus")
	}
}

func TestTextIsNoMarkup(t *testing.T) {
	n := dom.Make("p")
	n.SetText(`<img src=x onerror="alert(1)">`)
	if len(n.All("img")) != 0 {
		t.Error("text became markup")
	}
}

func TestScope(t *testing.T) {
	var s dom.Scope
	n := dom.Make("button")
	clicks := 0
	s.On(n, "click", func(js.Value) { clicks++ })
	n.Call("click")
	s.Close()
	n.Call("click")
	if clicks != 1 {
		t.Errorf("%d clicks were heard, want the one before Close", clicks)
	}
}

func TestAttributes(t *testing.T) {
	n := dom.Make("p")
	n.SetAttr("data-a", "1")
	n.SetAttr("data-a", "")
	n.SetAttr("data-b", "")
	if n.Call("hasAttribute", "data-a").Bool() || n.Call("hasAttribute", "data-b").Bool() {
		t.Error("an empty value leaves an attribute")
	}
	n.Write("")
	if !n.Get("hidden").Bool() {
		t.Error("an empty text is shown")
	}
	n.Write("text")
	if n.Get("hidden").Bool() || n.Get("textContent").String() != "text" {
		t.Error("a text is not shown")
	}
}
