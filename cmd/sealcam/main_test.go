package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rsc.io/qr"

	"github.com/sealcam/sealcam/e2ee/pairing"
)

// What a user does wrong is answered by one line that says what to do, and by an exit code.
func TestWrongCalls(t *testing.T) {
	busy, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	port := fmt.Sprint(busy.Addr().(*net.TCPAddr).Port)
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const card = "[[camera]]\nname = \"a\"\ntestcard = true\n"
	tests := []struct {
		name string
		args []string
		says []string
	}{
		{"demo, port in use", []string{"demo", "--port", port}, []string{port, "in use"}},
		{"server, port in use", []string{"server", "-listen", "localhost:" + port, "-udp", ""}, []string{port, "in use"}},
		{"demo, wrong address", []string{"demo", "http://camera"}, []string{"rtsp://user:password@host/path"}},
		{"agent, no file", []string{"agent", "-config", filepath.Join(dir, "none.toml")}, []string{"none.toml", "-config"}},
		{"agent, unknown key", []string{"agent", "-config", file("key.toml", card+"passwort = \"hunter2\"\n")}, []string{"line 4", "camera.passwort"}},
		{"agent, no server", []string{"agent", "-config", file("server.toml", card)}, []string{"-server"}},
		{"agent, missing film", []string{"agent", "-config", file("film.toml", "server = \"http://localhost:1\"\n[[camera]]\nname = \"a\"\nfile = \"/none.mp4\"\n"), "-state", filepath.Join(dir, "s")}, []string{`camera "a"`, "none.mp4"}},
		{"server, no certificate", []string{"server", "-listen", "localhost:0", "-udp", "", "-cert", "/none.pem", "-key", "/none.key"}, []string{"none.pem"}},
		{"server, everybody may embed it", []string{"server", "-listen", "localhost:0", "-udp", "", "-frame-ancestors", "*"}, []string{"https://dashboard.example"}},
		{"demo, everybody may embed it", []string{"demo", "-port", "0", "-frame-ancestors", "https://*"}, []string{"https://dashboard.example"}},
		{"unknown flag", []string{"demo", "--colour"}, []string{"--colour"}},
		{"unknown command", []string{"dmeo"}, []string{"dmeo"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), test.args, strings.NewReader(""), &stdout, &stderr); code == 0 {
				t.Error("exit code 0")
			}
			for _, words := range test.says {
				if !strings.Contains(stderr.String(), words) {
					t.Errorf("says %q, want %q in it", stderr.String(), words)
				}
			}
			if strings.Contains(stderr.String(), "hunter2") {
				t.Error("repeats a password")
			}
		})
	}
}

func TestLongFlags(t *testing.T) {
	got := strings.Join(longFlags([]string{"server", "-listen", ":1", "--udp", "-h", "--", "-x1"}), " ")
	if want := "server --listen :1 --udp -h -- -x1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPrintLink(t *testing.T) {
	secret, err := pairing.NewSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	link := pairing.Link{Server: "http://localhost:8477", Secret: secret}
	var b bytes.Buffer
	printLink(&b, link, time.Date(2026, 1, 1, 12, 34, 0, 0, time.UTC))
	lines := strings.Split(b.String(), "\n")
	if !strings.Contains(b.String(), "12:34") || strings.TrimSpace(lines[3]) != link.String() {
		t.Errorf("printed:\n%s", b.String())
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("colours though this is no terminal")
	}
	code, err := qr.Encode(link.String(), qr.L)
	if err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(drawCode(code, true), "\n"); rows != (code.Size+8+1)/2 {
		t.Errorf("the code has %d rows of characters for %d modules and the quiet zone", rows, code.Size)
	}
}
