// Package static holds the page: its sources here, and what static/pack makes of them and of the WASM client in dist, which goes into
// the binary.
package static

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Client returns the packed files by name, for package server. It holds no index.html if the binary was built without the client.
func Client() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only for a name that is no valid path
	}
	return files
}
