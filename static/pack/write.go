package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"github.com/andybalholm/brotli"
)

// level is how hard to compress.
type level struct {
	name         string
	brotli, gzip int
}

var levels = map[string]level{
	"fast": {"fast", 4, gzip.DefaultCompression},
	"best": {"best", brotli.BestCompression, gzip.BestCompression},
}

const (
	placeholderFile = ".keep"
	// stateFile says at which quality the folder's files are compressed; it stands there only while all of them are whole.
	stateFile = ".quality"
)

// compressed says whether a kind of file is compressed already.
var compressed = map[string]bool{".png": true, ".ico": true}

// write brings the folder into the state that the assets describe, and returns a line for each file. What is there already under a
// name with its hash, at the same quality, is left alone.
func write(dir string, assets map[string]asset, l level) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	state := filepath.Join(dir, stateFile)
	before, err := os.ReadFile(state)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := os.Remove(state); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	keep, err := removeStale(dir, assets, string(before) == l.name)
	if err != nil {
		return nil, err
	}
	var work sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for _, a := range assets {
		if keep[a.name] {
			continue
		}
		for suffix, form := range forms(a, l) {
			work.Go(func() {
				if err := writeForm(filepath.Join(dir, a.name+suffix), a.content, form, suffix != ""); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failed = errors.Join(failed, err)
				}
			})
		}
	}
	work.Wait()
	if failed != nil {
		return nil, failed
	}
	if err := os.WriteFile(state, []byte(l.name), 0o644); err != nil {
		return nil, err
	}
	return report(dir, assets)
}

// removeStale removes what is not of these assets, and returns which of them are there whole.
func removeStale(dir string, assets map[string]asset, sameQuality bool) (map[string]bool, error) {
	keep := make(map[string]bool)
	wanted := make(map[string]bool)
	for _, a := range assets {
		content, err := os.ReadFile(filepath.Join(dir, a.name))
		if sameQuality && err == nil && bytes.Equal(content, a.content) {
			keep[a.name] = true
			for _, suffix := range []string{"", ".br", ".gz"} {
				wanted[a.name+suffix] = true
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() || e.Name() == placeholderFile || wanted[e.Name()] {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return keep, nil
}

type form func(io.Writer) (io.WriteCloser, error)

// forms returns how to write a file, by suffix.
func forms(a asset, l level) map[string]form {
	f := map[string]form{"": func(w io.Writer) (io.WriteCloser, error) { return plain{w}, nil }}
	if !compressed[path.Ext(a.name)] {
		f[".br"] = func(w io.Writer) (io.WriteCloser, error) {
			return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: l.brotli, LGWin: 24}), nil
		}
		f[".gz"] = func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, l.gzip) }
	}
	return f
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// writeForm writes one file; with smaller, only if it is smaller than the content.
func writeForm(name string, content []byte, f form, smaller bool) error {
	var b bytes.Buffer
	w, err := f(&b)
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if smaller && b.Len() >= len(content) {
		return nil
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}

func report(dir string, assets map[string]asset) (lines []string, err error) {
	for _, a := range assets {
		line := fmt.Sprintf("%-32s %9d", a.name, len(a.content))
		for _, suffix := range []string{".br", ".gz"} {
			info, err := os.Stat(filepath.Join(dir, a.name+suffix))
			if err == nil {
				line += fmt.Sprintf("  %s %d", suffix[1:], info.Size())
			} else if !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines, nil
}
