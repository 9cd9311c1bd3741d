//go:build js

package diagnostics

import (
	"github.com/sealcam/sealcam/viewer/diagnosis"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dom"
)

// section is a heading and its rows, of which only what differs is written.
type section struct {
	node, title, list dom.Node
	terms, values     []dom.Node
}

func newSection() *section {
	s := &section{node: dom.Make("section"), title: dom.Make("h3"), list: dom.Make("dl")}
	s.title.SetAttr("dir", "auto")
	s.node.Add(s.title, s.list)
	return s
}

func (s *section) write(title string, rows []diagnosis.Row) {
	s.title.SetText(title)
	for len(s.terms) < len(rows) {
		term, value := dom.Make("dt"), dom.Make("dd")
		value.SetAttr("translate", "no")
		s.list.Add(term, value)
		s.terms, s.values = append(s.terms, term), append(s.values, value)
	}
	for i := range s.terms {
		used := i < len(rows)
		s.terms[i].Show(used)
		s.values[i].Show(used)
		if used {
			s.terms[i].SetText(words.Say(rows[i].What))
			s.values[i].SetText(rows[i].Value)
		}
	}
}
