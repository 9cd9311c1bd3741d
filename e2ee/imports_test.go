//go:build !js

package e2ee_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// What each package may import itself; of ours, e2ee/… alone. Package test/imports looks at what they reach through others.
var permitted = map[string][]string{
	"identity": {
		"bytes", "crypto", "crypto/ed25519", "crypto/hkdf", "crypto/rand", "crypto/sha256", "crypto/subtle", "encoding/base32", "encoding/base64",
		"encoding/hex", "errors", "fmt", "io", "log/slog", "strings", "github.com/tyler-smith/go-bip39",
	},
	"sframe": {
		"crypto/aes", "crypto/cipher", "crypto/hkdf", "crypto/hmac", "crypto/sha256", "crypto/sha512", "encoding/binary", "errors", "fmt", "hash",
		"io", "log/slog", "math/bits", "slices", "golang.org/x/crypto/chacha20poly1305",
	},
	"seal": {
		"crypto/ed25519", "crypto/hkdf", "crypto/rand", "crypto/sha256", "encoding/binary", "errors", "fmt", "io", "log/slog", "slices", "sync",
		"time", "codec", "e2ee/identity", "e2ee/sframe",
	},
	"session": {
		"context", "crypto/ed25519", "crypto/tls", "crypto/x509", "encoding/binary", "errors", "fmt", "io", "math/big", "net", "sync",
		"sync/atomic", "time", "e2ee/identity",
	},
	"pairing": {
		"crypto/hkdf", "crypto/hmac", "crypto/rand", "crypto/sha256", "crypto/subtle", "encoding/base32", "encoding/base64", "encoding/binary",
		"errors", "fmt", "io", "log/slog", "slices", "strings", "sync", "time", "e2ee/identity",
	},
	"grant": {
		"crypto/ed25519", "crypto/sha256", "encoding/binary", "errors", "fmt", "slices", "strings", "time", "unicode", "unicode/utf8",
		"e2ee/identity",
	},
}

func TestImports(t *testing.T) {
	const module = "github.com/sealcam/sealcam/"
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(fields[0], module+"e2ee/")
		allowed, ok := permitted[name]
		if !ok {
			if fields[0] != module+"e2ee" {
				t.Errorf("package %s is not in the list", name)
			}
			continue
		}
		seen++
		for _, path := range fields[1:] {
			if !slices.Contains(allowed, strings.TrimPrefix(path, module)) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
	if seen != len(permitted) {
		t.Errorf("%d of %d packages found", seen, len(permitted))
	}
}
