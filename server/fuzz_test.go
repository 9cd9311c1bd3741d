package server

import (
	"os"
	"strings"
	"testing"
)

func seeded(f *testing.F, name string, least int) {
	f.Helper()
	if seeds, err := os.ReadDir("testdata/fuzz/" + name); err != nil || len(seeds) < least {
		f.Fatalf("%d seeds below testdata/fuzz/%s, want %d (%v)", len(seeds), name, least, err)
	}
}

// FuzzHost looks for a Host header that is let through and would mean more than a host in the Content-Security-Policy.
func FuzzHost(f *testing.F) {
	seeded(f, "FuzzHost", 5)
	f.Fuzz(func(t *testing.T, host string) {
		if validHost(host) && (len(host) > 300 || strings.Trim(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:_-[]") != "") {
			t.Errorf("%q passes for a host", host)
		}
	})
}

// FuzzAcceptEncoding holds choose to what there is and, where the header says nothing against it, to an answer.
func FuzzAcceptEncoding(f *testing.F) {
	seeded(f, "FuzzAcceptEncoding", 5)
	a := asset{size: map[string]int64{"": 3, "br": 1, "gzip": 2}}
	f.Fuzz(func(t *testing.T, header string) {
		encoding, _, ok := choose([]string{header}, a)
		if _, there := a.size[encoding]; ok && !there {
			t.Errorf("%q: %q", header, encoding)
		}
		lower := strings.ToLower(header)
		if encoding != "" && !strings.Contains(lower, encoding) && !strings.Contains(lower, "*") {
			t.Errorf("%q: %q, which it does not name", header, encoding)
		}
		if !ok && !strings.Contains(lower, "identity") && !strings.Contains(lower, "*") {
			t.Errorf("%q: nothing, though the file itself is not refused", header)
		}
	})
}
