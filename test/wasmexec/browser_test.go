//go:build e2e

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// program is run in the page; its first argument says what to do.
const program = `package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	switch os.Args[1] {
	case "print":
		fmt.Print(strings.Repeat("out ", 3))
		fmt.Fprint(os.Stderr, "err")
		fmt.Println(os.Getenv("TEST_WORD"), os.Args[2:])
	case "long":
		for i := range 2000 {
			fmt.Println("line", i)
		}
	case "exit":
		os.Exit(7)
	case "panic":
		panic("on purpose")
	}
}
`

func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for file, text := range map[string]string{"main.go": program, "go.mod": "module program\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wasm := filepath.Join(dir, "program.wasm")
	cmd := exec.Command("go", "build", "-o", wasm, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return wasm
}

func TestProgramInChromium(t *testing.T) {
	t.Setenv("TEST_WORD", "word")
	wasm := build(t)
	var long strings.Builder
	for i := range 2000 {
		long.WriteString("line " + strconv.Itoa(i) + "\n")
	}
	for _, c := range []struct {
		args   []string
		code   int
		stdout string
		stderr string // a part
	}{
		{[]string{"print", "a b", "c"}, 0, "out out out word [a b c]\n", "err"},
		{[]string{"long"}, 0, long.String(), ""},
		{[]string{"exit"}, 7, "", ""},
		{[]string{"panic"}, 2, "", "panic: on purpose"},
	} {
		t.Run(c.args[0], func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code, err := run(t.Context(), append([]string{wasm}, c.args...), &stdout, &stderr)
			if err != nil {
				t.Fatal(err)
			}
			if code != c.code || stdout.String() != c.stdout || !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("code %d, stdout %.200q, stderr %.200q; want %d, %.200q, %q", code, &stdout, &stderr, c.code, c.stdout, c.stderr)
			}
		})
	}
}

func TestMissingProgram(t *testing.T) {
	var stderr bytes.Buffer
	code, err := run(t.Context(), []string{filepath.Join(t.TempDir(), "none.wasm")}, &stderr, &stderr)
	if err == nil && code == 0 {
		t.Error("a missing program ended with code 0")
	}
}
