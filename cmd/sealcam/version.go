package main

import (
	"io/fs"
	"path"
	"runtime/debug"
	"strings"
)

// version is what git describe says of the tree that build.sh builds, which sets it: a tag, or the commit.
var version string

// versionText says which program this is, and what the client in it calls itself in the reports that its users copy.
func versionText(client fs.FS) string {
	info, _ := debug.ReadBuildInfo()
	text := "sealcam " + named(version, info)
	if names, err := fs.Glob(client, "sealcam.*.wasm"); err == nil && len(names) == 1 {
		text += "\nclient " + strings.Split(path.Base(names[0]), ".")[1]
	}
	return text
}

// named returns the version that build.sh set, or else the one that go noted, as go install does; "dev" if there is neither.
func named(set string, info *debug.BuildInfo) string {
	switch {
	case set != "":
		return set
	case info != nil && info.Main.Version != "" && info.Main.Version != "(devel)":
		return info.Main.Version
	}
	return "dev"
}
