package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// The log and the journal begin with a line that names the kind and its version, and the agent that wrote them, so that files of
// two agents that were mixed up are told from damaged ones.
const headerSize = len("sealcam grants v1\n") + len(identity.AgentID{})

func appendHeader(b []byte, line string, agent identity.AgentID) []byte {
	return append(append(b, line...), agent[:]...)
}

// What the parsers of this package find; each goes into a sentence behind the file's name.
var (
	errForeign = errors.New("belongs to another agent")
	errKind    = errors.New("is not such a file of this version of Sealcam")
)

type damagedError struct{ at int }

func (e damagedError) Error() string { return fmt.Sprintf("is damaged at byte %d", e.at) }

// checkHeader returns what follows the header.
func checkHeader(b []byte, line string, agent identity.AgentID) ([]byte, error) {
	if len(b) < len(line)+len(agent) || string(b[:len(line)]) != line {
		return nil, errKind
	}
	if identity.AgentID(b[len(line):len(line)+len(agent)]) != agent {
		return nil, errForeign
	}
	return b[len(line)+len(agent):], nil
}

// pathless takes the path out of an error whose sentence names it already.
func pathless(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s is damaged: it has %d bytes; put back a copy of it", path, info.Size())
	}
	return os.ReadFile(path)
}

// replaceFile writes a file so that after a crash either the old or the new one is there, whole.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// maxAside is how many damaged files of one name are kept.
const maxAside = 100

// setAside renames a file to the first of name.damaged, name.damaged.2, … that is free.
func setAside(path string) (string, error) {
	for n := 1; n <= maxAside; n++ {
		to := path + ".damaged"
		if n > 1 {
			to = fmt.Sprintf("%s.%d", to, n)
		}
		if _, err := os.Lstat(to); err == nil {
			continue
		}
		if err := os.Rename(path, to); err != nil {
			return "", err
		}
		return to, syncFolder(filepath.Dir(path))
	}
	return "", fmt.Errorf("there are %d damaged ones already", maxAside)
}
