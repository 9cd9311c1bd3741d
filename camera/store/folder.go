package store

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// Folder is where a store's files lie: a folder of the disk, or what a browser has in its place. Only one store may use it at a time.
type Folder interface {
	// Read returns a file. The error wraps fs.ErrNotExist if there is none; more than limit bytes are an error.
	Read(name string, limit int64) ([]byte, error)
	// Replace writes a file so that after a crash either the old or the new one is there, whole; the new one once it has returned.
	Replace(name string, data []byte) error
	// Extend opens a file that is there, to write behind its end.
	Extend(name string) (File, error)
	// SetAside gives a file another name, which it returns, so that it stays as it is.
	SetAside(name string) (as string, err error)
	// Path is where a file lies, for sentences.
	Path(name string) string
	// Close lets others use the folder.
	Close() error
}

// File is a file to write behind its end. After Sync what was written outlives a crash; Truncate cuts the file, and writing goes on there.
type File interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

// OpenFolder opens the store in f, making the agent's key the first time. The store closes f, also when it does not open.
func OpenFolder(f Folder) (*Store, error) {
	s := &Store{folder: f, cameras: map[string]string{}, seen: map[identity.DeviceID]int64{}}
	for _, load := range []func() error{s.loadKey, s.loadCameras, s.loadLog, s.loadJournal, s.loadSeen, s.loadClock} {
		if err := load(); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// disk is a Folder of the disk. Its files have mode 0600.
type disk struct {
	dir  string
	lock *os.File
}

func openDisk(dir string) (*disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the state folder %s: %w; choose another with -state", dir, pathless(err))
	}
	lock, err := lockFolder(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, fmt.Errorf("another agent uses the state folder %s: stop it, or choose another folder with -state", dir)
	}
	return &disk{dir, lock}, nil
}

func (d *disk) Path(name string) string { return filepath.Join(d.dir, name) }

func (d *disk) Read(name string, limit int64) ([]byte, error) { return readFile(d.Path(name), limit) }

func (d *disk) Replace(name string, data []byte) error { return replaceFile(d.Path(name), data) }

func (d *disk) Extend(name string) (File, error) {
	f, err := os.OpenFile(d.Path(name), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err // not a nil *os.File in an interface
	}
	return f, nil
}

func (d *disk) SetAside(name string) (string, error) {
	as, err := setAside(d.Path(name))
	return filepath.Base(as), err
}

func (d *disk) Close() error { return d.lock.Close() }
