package hostile

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The package's documentation lists exactly the cases that there are, and exactly the tests of this folder that are cases.
func TestDocumentation(t *testing.T) {
	files := token.NewFileSet()
	doc, err := parser.ParseFile(files, "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var listed, named []string
	for line := range strings.Lines(doc.Doc.Text()) {
		row, ok := strings.CutPrefix(line, "\t")
		if !ok {
			continue
		}
		row = strings.TrimSpace(row)
		if cells := strings.Split(row, " | "); strings.HasPrefix(cells[len(cells)-1], "Test") {
			named = append(named, cells[len(cells)-1])
		} else {
			listed = append(listed, row)
		}
	}
	if got, want := strings.Join(listed, "\n"), strings.TrimSpace(Table(Cases())); got != want {
		t.Errorf("doc.go lists\n%s\nThe cases are\n%s", got, want)
	}

	cases := map[string]bool{}
	paths, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if path == "document_test.go" || path == "server_test.go" {
			continue // about this package itself
		}
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") && f.Name.Name != "TestMain" {
				cases[f.Name.Name] = true
			}
		}
	}
	for _, name := range named {
		if !cases[name] {
			t.Errorf("doc.go names %s, which there is not", name)
		}
		delete(cases, name)
	}
	for name := range cases {
		t.Errorf("doc.go does not name %s", name)
	}
}

// Names are what a test's output is searched by.
func TestCasesAreNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if c.Name == "" || c.Does == "" || seen[c.Name] || strings.Contains(c.Does, "|") {
			t.Errorf("case %q", c.Name)
		}
		seen[c.Name] = true
	}
}
