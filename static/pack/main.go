// Command pack makes the page's files as the server serves them: each under a name with its content's hash, compressed beforehand,
// with the names written into the files that refer to it.
//
//	go run ./static/pack -wasm build/client.wasm -scanner build/scanner.wasm -camera build/camera.wasm [-wasm-exec FILE] [-src static] [-out static/dist] [-quality fast|best]
//
// In the sources {{asset "NAME"}} stands for a file's url, and {{assets}}, in index.html, for a JSON object of all of them with their
// sizes in bytes, before compression. In app.webmanifest, of which there is one for each language, {{say "SENTENCE"}} and {{language}}
// stand for what they say. The client is called sealcam.wasm, the reader of QR codes
// scanner.wasm, the page's camera camera.wasm, Go's loader wasm_exec.js, the sentences of a language (package static/catalogue)
// words-LANGUAGE.json. The parts of app.css are put together (package static/stylesheet). The same input gives the same output.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(args []string, report io.Writer) error {
	flags := flag.NewFlagSet("pack", flag.ContinueOnError)
	flags.SetOutput(report)
	wasm := flags.String("wasm", "", "the client, a WASM `file`")
	scanner := flags.String("scanner", "", "the reader of QR codes, a WASM `file`")
	camera := flags.String("camera", "", "the page's camera, a WASM `file`")
	loader := flags.String("wasm-exec", "", "Go's wasm_exec.js `file` (default: that of the Go in use)")
	src := flags.String("src", "static", "`folder` with index.html, style sheets, scripts and icons")
	out := flags.String("out", filepath.Join("static", "dist"), "`folder` to write to; files of before are removed")
	quality := flags.String("quality", "fast", "how hard to compress: fast or best")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected %q", flags.Arg(0))
	case *wasm == "":
		return errors.New("-wasm FILE is missing")
	case *scanner == "":
		return errors.New("-scanner FILE is missing")
	case *camera == "":
		return errors.New("-camera FILE is missing")
	}
	if *loader == "" {
		var err error
		if *loader, err = findLoader(); err != nil {
			return err
		}
	}
	level, ok := levels[*quality]
	if !ok {
		return fmt.Errorf("-quality is fast or best, not %q", *quality)
	}
	sources, err := readSources(*src, map[string]string{"sealcam.wasm": *wasm, "scanner.wasm": *scanner, "camera.wasm": *camera, "wasm_exec.js": *loader})
	if err != nil {
		return err
	}
	assets, err := expand(sources)
	if err != nil {
		return err
	}
	sizes, err := write(*out, assets, level)
	if err != nil {
		return err
	}
	for _, s := range sizes {
		fmt.Fprintln(report, s)
	}
	return nil
}

// findLoader asks the go command, since wasm_exec.js must be of the release that built the client.
func findLoader() (string, error) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("asking go for its GOROOT (or give -wasm-exec): %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec.js"), nil
}
