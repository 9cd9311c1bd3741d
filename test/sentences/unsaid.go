package sentences

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// sentence is what a text for people looks like: a capital, and several words.
var sentence = regexp.MustCompile(`^[“„«]?\p{Lu}\S*( \S+){2,}`)

// quiet are calls whose texts no person at the page reads: programmers' errors, logs.
var quiet = map[string]bool{
	"errors.New": true, "fmt.Errorf": true, "panic": true, "slog": true, "Debug": true, "Info": true, "Warn": true, "Error": true,
}

// UnsaidInGo returns texts that look like sentences, in the Go files below a folder, and go through no function of package words.
func UnsaidInGo(dir string) ([]Sentence, error) {
	var found []Sentence
	err := eachGoFile(dir, func(_ string, files *token.FileSet, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.CallExpr:
				if said[calledInWords(n, f.Name.Name == "words")] != nil || quiet[called(n)] {
					return false
				}
			case *ast.BasicLit:
				if text, ok := literal(n); ok && sentence.MatchString(text) {
					found = append(found, Sentence{text, false, files.Position(n.Pos()).String()})
				}
			}
			return true
		})
	})
	return found, err
}

// called names the function that is called: errors.New; of a method, its name alone.
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if isName(f.X, "errors") || isName(f.X, "fmt") {
			return f.X.(*ast.Ident).Name + "." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

var (
	scriptText    = regexp.MustCompile(`'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|` + "`[^`]*`")
	scriptComment = regexp.MustCompile(`(?m)(^|\s)//.*$`)
	scriptQuiet   = regexp.MustCompile(`(\bt\(\s*|\bError\(|console\.\w+\()$`)
)

// UnsaidInScripts is UnsaidInGo for the scripts in a folder.
func UnsaidInScripts(dir string) ([]Sentence, error) {
	var found []Sentence
	err := eachScript(dir, func(name, script string) {
		script = scriptComment.ReplaceAllString(script, "")
		for _, m := range scriptText.FindAllStringIndex(script, -1) {
			text := script[m[0]+1 : m[1]-1]
			if sentence.MatchString(text) && !scriptQuiet.MatchString(strings.TrimRight(script[max(0, m[0]-40):m[0]], "")) {
				found = append(found, Sentence{text, false, name})
			}
		}
	})
	return found, err
}
