package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	c, err := Parse([]byte(`
name = "Cabin"
server = "https://cams.example.org"
[[camera]]
name = "Porch 🦉"
main = "rtsp://u:p@192.0.2.1/1"
sub = "rtsp://u:p@192.0.2.1/2"
transport = "udp"
[[camera]]
name = "Card"
testcard = true
audio = false
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "Cabin" || len(c.Cameras) != 2 || c.Cameras[0].Transport != "udp" || c.Cameras[1].Transport != "tcp" {
		t.Errorf("parsed as %+v", c)
	}
	if !c.Cameras[0].Sound() || c.Cameras[1].Sound() {
		t.Error("sound is on where the file says no, or off where it says nothing")
	}
}

// Each wrong file is answered by a sentence that says where and what to do, and never repeats a password.
func TestParseRefuses(t *testing.T) {
	const ok = "[[camera]]\nname = \"a\"\ntestcard = true\n"
	tests := []struct{ name, file, says string }{
		{"unknown key", "name = \"x\"\n\ncolour = 1\n" + ok, `line 3: unknown key "colour"`},
		{"unknown camera key", ok + "pasword = \"hunter2\"\n", `line 4: unknown key "camera.pasword"`},
		{"not TOML", "name = hunter2\n", "line 1, column"},
		{"audio of no kind", ok + "audio = \"maybe\"\n", "line 4, column"},
		{"wrong kind", ok + "main = 5\n", "line 4, column"},
		{"empty", "", "add a [[camera]] table"},
		{"no name", "[[camera]]\ntestcard = true\n", "camera 1 has no name"},
		{"same name", ok + ok, `two cameras are named "a"`},
		{"no source", "[[camera]]\nname = \"a\"\n", "exactly one of main, file and testcard"},
		{"two sources", ok + "file = \"x\"\n", "exactly one of main, file and testcard"},
		{"sub alone", ok + "sub = \"rtsp://h/\"\n", "sub goes with main"},
		{"address without scheme", "[[camera]]\nname = \"a\"\nmain = \"u:hunter2@host/1\"\n", "rtsp://user:password@host/path"},
		{"transport", ok + "transport = \"sctp\"\n", `"tcp" or "udp"`},
		{"server", "server = \"cams.example.org\"\n" + ok, "https://host"},
		{"server with a password", "server = \"https://u:hunter2@h\"\n" + ok, "https://host"},
		{"too many", strings.Repeat("[[camera]]\n", MaxCameras+1), "at most 64"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse([]byte(test.file))
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("says %q, want %q in it", err, test.says)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("repeats the password: %q", err)
			}
		})
	}
}

func TestReadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sealcam.toml")
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "-config") {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte("x = 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.HasPrefix(err.Error(), path+": line 1") {
		t.Errorf("wrong file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err == nil && (len(c.Cameras) == 0 || len(c.Cameras) > MaxCameras) {
			t.Errorf("accepted %d cameras", len(c.Cameras))
		}
	})
}
