package sentences

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/sealcam/sealcam/viewer/words"
)

// Sentence is one that the program says.
type Sentence struct {
	Text   string // English, as the catalogues name it
	Format bool   // it is a format of package fmt
	Where  string // file:line
}

// said are the functions of package viewer/words that name sentences, with the places of those among their arguments.
var said = map[string][]int{"Say": {0}, "Sayf": {0}, "Later": {0}, "Sayn": {1, 2}, "Error": {0}}

// InGo returns the sentences that the Go files below a folder pass to package words as literals, and those that an agent gives as the
// Advice on a camera. Tests are left out.
func InGo(dir string) ([]Sentence, error) {
	var found []Sentence
	err := eachGoFile(dir, func(name string, files *token.FileSet, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			if pair, ok := n.(*ast.KeyValueExpr); ok && isName(pair.Key, "Advice") {
				if text, ok := literal(pair.Value); ok {
					found = append(found, Sentence{text, false, files.Position(pair.Pos()).String()})
				}
			}
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			function := calledInWords(call, f.Name.Name == "words")
			for _, at := range said[function] {
				if at >= len(call.Args) {
					continue
				}
				if text, ok := literal(call.Args[at]); ok {
					if function == "Error" {
						text = words.Whole(text)
					}
					format := function != "Say" && strings.Contains(text, "%")
					found = append(found, Sentence{text, format, files.Position(call.Pos()).String()})
				}
			}
			return true
		})
	})
	return found, err
}

// calledInWords returns the name of the function of package words that is called; empty if it is another one.
func calledInWords(call *ast.CallExpr, inside bool) string {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		if isName(f.X, "words") {
			return f.Sel.Name
		}
	case *ast.Ident:
		if inside {
			return f.Name
		}
	}
	return ""
}

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// eachGoFile parses the program's own files below a folder, tests left out.
func eachGoFile(dir string, f func(name string, files *token.FileSet, file *ast.File)) error {
	files := token.NewFileSet()
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "build" || d.Name() == "domtest") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f(name, files, file)
		return nil
	})
}

// literal returns a text that stands there as one or several literals put together.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return literal(e.X)
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		return constant.StringVal(constant.MakeFromLiteral(e.Value, e.Kind, 0)), true
	case *ast.BinaryExpr:
		left, ok1 := literal(e.X)
		right, ok2 := literal(e.Y)
		return left + right, ok1 && ok2 && e.Op == token.ADD
	}
	return "", false
}
