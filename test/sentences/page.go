package sentences

import (
	"os"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// attributes are those that words.js translates; untouched are the elements that it leaves alone.
var (
	attributes = []string{"aria-label", "title", "placeholder", "alt"}
	untouched  = []string{"script", "style", "noscript", "svg"}
)

// name is the program's, which is the same in every language.
const name = "Sealcam"

// InPage returns the sentences of a page, as static/words.js finds them: the text of each element that has text of its own, with the
// elements in it as <b>text</b>, and attributes that are read to people.
func InPage(file string) ([]Sentence, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	root, err := html.Parse(f)
	if err != nil {
		return nil, err
	}
	var found []Sentence
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		says := false
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			says = says || c.Type == html.TextNode && strings.ContainsFunc(c.Data, unicode.IsLetter)
		}
		if says && key(n) == name {
			return
		}
		if says {
			found = append(found, Sentence{key(n), false, file})
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type != html.ElementNode || slices.Contains(untouched, c.Data) || attribute(c, "translate") == "no" {
				continue
			}
			for _, a := range attributes {
				if text := attribute(c, a); strings.ContainsFunc(text, unicode.IsLetter) {
					found = append(found, Sentence{text, false, file})
				}
			}
			walk(c)
		}
	}
	walk(root)
	return found, nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// key is what names the sentence that an element holds.
func key(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			b.WriteString(c.Data)
		case html.ElementNode:
			b.WriteString("<" + c.Data + ">" + text(c) + "</" + c.Data + ">")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(text(c))
	}
	return b.String()
}
