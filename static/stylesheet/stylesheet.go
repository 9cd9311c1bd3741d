// Package stylesheet reads the page's style sheet, which lies in parts: app.css names them in lines of their own, @import "style/NAME.css";,
// and each stands in its line's place in what browsers get, so that a page needs one request for all.
//
// It imports the standard library only. static/pack packs what it reads; tests of the page use it as it is.
package stylesheet

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
)

// Name is the style sheet's, Parts the folder of what it imports.
const (
	Name  = "app.css"
	Parts = "style"
)

var imported = regexp.MustCompile(`(?m)^@import "([^"]+)";\n`)

// Read puts the parts into their places. Every file in the folder of parts must be named, and once.
func Read(static fs.FS) ([]byte, error) {
	sheet, err := fs.ReadFile(static, Name)
	if err != nil {
		return nil, err
	}
	left, err := parts(static)
	if err != nil {
		return nil, err
	}
	var failed error
	sheet = imported.ReplaceAllFunc(sheet, func(line []byte) []byte {
		name := string(imported.FindSubmatch(line)[1])
		if !left[name] {
			failed = fmt.Errorf("%s imports %s, which is not there or was imported before", Name, name)
			return nil
		}
		delete(left, name)
		part, err := fs.ReadFile(static, name)
		if err != nil {
			failed = err
		}
		return part
	})
	if failed != nil {
		return nil, failed
	}
	for name := range left {
		return nil, fmt.Errorf("%s does not import %s", Name, name)
	}
	// One that stands elsewhere, or in a part, would be a request of its own, or nothing at all.
	if bytes.Contains(sheet, []byte("@import")) {
		return nil, fmt.Errorf("%s has an @import that is no line of its own, or stands in a part", Name)
	}
	return sheet, nil
}

// parts returns the files that are to be imported; none if there is no folder of them.
func parts(static fs.FS) (map[string]bool, error) {
	names, err := fs.Glob(static, path.Join(Parts, "*"))
	if err != nil {
		return nil, err
	}
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return all, nil
}
