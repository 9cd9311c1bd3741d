package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Reset makes the agent of a state folder a new one, for an owner who lost every device and the phrase: key, cameras, log, journal and
// all that goes with them are moved into a folder reset-<time> in it, of mode 0700, whose path is returned; also names further files
// of the folder that go with them. At its next start the agent has another key, no owner, and prints a claim link. No agent may run.
//
// Whoever may run this has the agent's disk, and with it its key: it gives away nothing that was not theirs to take. It returns an
// empty path if there was nothing to move.
func Reset(dir string, now time.Time, also ...string) (moved string, err error) {
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("cannot open the state folder %s: %w; name the right one with -state", dir, errors.Unwrap(err))
	}
	lock, err := lockFolder(filepath.Join(dir, lockFile))
	if err != nil {
		return "", fmt.Errorf("an agent uses the state folder %s: stop it first", dir)
	}
	defer lock.Close()
	names, err := ownFiles(dir, also)
	if err != nil || len(names) == 0 {
		return "", err
	}
	if moved, err = newFolder(filepath.Join(dir, "reset-"+now.UTC().Format("20060102-150405"))); err != nil {
		return "", err
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(moved, name)); err != nil {
			return moved, fmt.Errorf("the reset is not complete, run it again: %w", err)
		}
	}
	return moved, errors.Join(syncFolder(moved), syncFolder(dir))
}

// ownFiles lists what of a folder is the store's: the key first, since without it no other file is of use to an agent that starts
// after a reset was interrupted.
func ownFiles(dir string, also []string) ([]string, error) {
	var names []string
	for _, name := range append([]string{keyFile, logName, checkpointFile, camerasFile, journalFile, seenFile, clockFile}, also...) {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			names = append(names, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		aside, err := filepath.Glob(filepath.Join(dir, name+".*"))
		if err != nil {
			return nil, err
		}
		for _, path := range aside {
			rest := strings.TrimPrefix(filepath.Base(path), name)
			if strings.HasPrefix(rest, ".damaged") || rest == ".torn" {
				names = append(names, filepath.Base(path))
			}
		}
	}
	return names, nil
}

// newFolder makes a folder of this name, or of name-2, name-3, … if it is there already.
func newFolder(path string) (string, error) {
	for n := 1; ; n++ {
		to := path
		if n > 1 {
			to = fmt.Sprintf("%s-%d", path, n)
		}
		err := os.Mkdir(to, 0o700)
		if err == nil || !errors.Is(err, fs.ErrExist) || n == maxAside {
			return to, err
		}
	}
}
