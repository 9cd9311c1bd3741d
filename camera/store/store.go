// Package store keeps what the agent must not lose: its signing key, the ids of its cameras and the grant log. Files have mode
// 0600, and an entry of the log is on the disk before Append returns. Epoch keys and pictures never come here.
package store

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// Bounds of the files, checked before they are read.
const (
	MaxEntry   = 16 << 10 // bytes of one log entry
	maxLog     = 256 << 20
	maxCameras = 1 << 20
)

const (
	keyFile     = "agent.key"
	camerasFile = "cameras.json"
	logFile     = "grants.log"
	lockFile    = "lock"
)

// Store is an agent's memory. Its methods may be called from several goroutines.
type Store struct {
	dir string // empty: everything is gone when the process ends
	key identity.AgentKey

	mu      sync.Mutex
	cameras map[string]string // name to id in hex
	entries [][]byte
	log     *os.File
	lock    *os.File
}

// Memory returns a Store that keeps nothing on the disk.
func Memory() (*Store, error) {
	key, err := identity.GenerateAgent(rand.Reader)
	if err != nil {
		return nil, err
	}
	return &Store{key: key, cameras: map[string]string{}}, nil
}

// Open opens the folder dir, making it and the agent's key the first time. Its errors are sentences for the agent's owner.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the state folder %s: %w; choose another with -state", dir, errors.Unwrap(err))
	}
	lock, err := lockFolder(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, fmt.Errorf("another agent uses the state folder %s: stop it, or choose another folder with -state", dir)
	}
	s := &Store{dir: dir, cameras: map[string]string{}, lock: lock}
	for _, load := range []func() error{s.loadKey, s.loadCameras, s.loadLog} {
		if err := load(); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Close releases the folder.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, f := range []*os.File{s.log, s.lock} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	s.log, s.lock = nil, nil
	return errors.Join(errs...)
}

// Key returns the agent's signing key.
func (s *Store) Key() identity.AgentKey { return s.key }

// Camera returns the id of the camera with this name, made at its first use.
func (s *Store) Camera(name string) (identity.CameraID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text, ok := s.cameras[name]; ok {
		return identity.ParseCameraID(text)
	}
	id, err := identity.NewCameraID(rand.Reader)
	if err != nil {
		return id, err
	}
	s.cameras[name] = id.String()
	if s.dir == "" {
		return id, nil
	}
	data, err := json.MarshalIndent(s.cameras, "", "\t")
	if err != nil {
		return id, err
	}
	return id, replaceFile(filepath.Join(s.dir, camerasFile), append(data, '\n'))
}

// Entries returns the grant log's entries, oldest first. They must not be changed.
func (s *Store) Entries() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries[:len(s.entries):len(s.entries)]
}

// Append adds an entry to the grant log; it is on the disk when Append returns without error.
func (s *Store) Append(entry []byte) error {
	if len(entry) == 0 || len(entry) > MaxEntry {
		return fmt.Errorf("store: a log entry of %d bytes", len(entry))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir != "" {
		if s.log == nil {
			return errors.New("store: closed")
		}
		end, err := s.log.Seek(0, io.SeekEnd)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		record := append(binary.BigEndian.AppendUint32(nil, uint32(len(entry))), entry...)
		if _, err = s.log.Write(record); err == nil {
			err = s.log.Sync()
		}
		if err != nil {
			// What was not acknowledged must not come back at the next start.
			return errors.Join(fmt.Errorf("store: %w", err), s.log.Truncate(end))
		}
	}
	s.entries = append(s.entries, append([]byte(nil), entry...))
	return nil
}

func (s *Store) loadKey() error {
	path := filepath.Join(s.dir, keyFile)
	seed, err := readFile(path, 64)
	if errors.Is(err, fs.ErrNotExist) {
		if s.key, err = identity.GenerateAgent(rand.Reader); err != nil {
			return err
		}
		return replaceFile(path, s.key.Seed())
	}
	if err != nil {
		return err
	}
	if s.key, err = identity.AgentFromSeed(seed); err != nil {
		return fmt.Errorf("%s is damaged: put back a copy of it, or move the folder away and claim the agent anew", path)
	}
	return nil
}

func (s *Store) loadCameras() error {
	path := filepath.Join(s.dir, camerasFile)
	data, err := readFile(path, maxCameras)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &s.cameras); err != nil || s.cameras == nil {
		return fmt.Errorf("%s is damaged: put back a copy of it, or remove it (grants for single cameras must then be given anew)", path)
	}
	for name, text := range s.cameras {
		if _, err := identity.ParseCameraID(text); err != nil {
			return fmt.Errorf("%s: the id of camera %q is damaged: put back a copy of the file, or remove that line", path, name)
		}
	}
	return nil
}

// loadLog reads the records. A torn last record was never acknowledged: it is copied aside and cut off.
func (s *Store) loadLog() error {
	path := filepath.Join(s.dir, logFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("cannot open the grant log %s: %w", path, errors.Unwrap(err))
	}
	s.log = f
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() > maxLog {
		return fmt.Errorf("%s has %d bytes, which is no grant log: put back a copy of it", path, info.Size())
	}
	data, err := io.ReadAll(io.LimitReader(f, maxLog))
	if err != nil {
		return fmt.Errorf("cannot read the grant log %s: %w", path, err)
	}
	whole := 0
	for len(data)-whole >= 4 {
		n := int(binary.BigEndian.Uint32(data[whole:]))
		if n == 0 || n > MaxEntry {
			return fmt.Errorf("%s is damaged at byte %d: put back a copy of it; nothing of it was used", path, whole)
		}
		if len(data)-whole-4 < n {
			break
		}
		s.entries = append(s.entries, data[whole+4:whole+4+n])
		whole += 4 + n
	}
	if whole == len(data) {
		return nil
	}
	if err := replaceFile(path+".torn", data); err != nil {
		return err
	}
	if err := f.Truncate(int64(whole)); err != nil {
		return fmt.Errorf("cannot mend the grant log %s: %w", path, err)
	}
	return f.Sync()
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
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
