package main

import (
	"io/fs"
	"runtime/debug"
	"strings"
	"testing"
	"testing/fstest"
)

func TestNamed(t *testing.T) {
	noted := func(version string) *debug.BuildInfo { return &debug.BuildInfo{Main: debug.Module{Version: version}} }
	for _, test := range []struct {
		set  string
		info *debug.BuildInfo
		want string
	}{
		{"v1.2.3", noted("v0.1.0"), "v1.2.3"},
		{"", noted("v1.2.3"), "v1.2.3"},
		{"", noted("(devel)"), "dev"},
		{"", noted(""), "dev"},
		{"", nil, "dev"},
	} {
		if got := named(test.set, test.info); got != test.want {
			t.Errorf("set to %q, noted as %v: %q, want %q", test.set, test.info, got, test.want)
		}
	}
}

func TestVersionNamesTheClient(t *testing.T) {
	for _, test := range []struct {
		client fs.FS
		want   string
	}{
		{fstest.MapFS{"sealcam.0a1b2c3d4e5f.wasm": nil, "camera.c0ffee000000.wasm": nil, "sealcam.0a1b2c3d4e5f.wasm.br": nil}, "\nclient 0a1b2c3d4e5f"},
		{fstest.MapFS{".keep": nil}, ""}, // built without it
	} {
		_, client, found := strings.Cut(versionText(test.client), "\n")
		if want := strings.TrimPrefix(test.want, "\n"); client != want || found != (want != "") {
			t.Errorf("says %q, want %q", client, want)
		}
	}
}
