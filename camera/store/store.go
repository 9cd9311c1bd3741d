// Package store keeps what the agent must not lose: its signing key, the ids of its cameras and the grant log; and what it would
// rather not lose: the checkpoint that lets a long log start fast, the access journal, when each device was last seen, and the
// latest time that it knew. Files have mode 0600, and an entry of the log is on the disk before Append returns. Epoch keys and
// pictures never come here.
//
// A file that is damaged, or another agent's, is never used in part. Where it decides who may see what (key, cameras, log) the
// store does not open, and the file stays as it is: an agent that began without it could be claimed by somebody else. Any other
// is kept aside under another name, a sentence of Warnings says so, and the agent goes on without it.
package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	keyFile  = "agent.key"
	lockFile = "lock"
)

// Store is an agent's memory. Its methods may be called from several goroutines.
type Store struct {
	dir     string // empty: everything is gone when the process ends
	key     identity.AgentKey
	agent   identity.AgentID
	journal *Journal

	mu       sync.Mutex
	warnings []string
	cameras  map[string]string // name to id in hex
	entries  [][]byte
	log      logFile
	logEnd   int64
	failed   error // of the log's disk; nothing is appended after it
	seen     map[identity.DeviceID]int64
	seenNew  bool // seen is not on the disk yet
	mark     time.Time
	lock     *os.File
}

// Memory returns a Store that keeps nothing on the disk.
func Memory() (*Store, error) {
	key, err := identity.GenerateAgent(rand.Reader)
	if err != nil {
		return nil, err
	}
	return &Store{
		key: key, agent: key.Public().ID(), journal: newJournal(nil),
		cameras: map[string]string{}, seen: map[identity.DeviceID]int64{},
	}, nil
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
	s := &Store{dir: dir, cameras: map[string]string{}, seen: map[identity.DeviceID]int64{}, lock: lock}
	for _, load := range []func() error{s.loadKey, s.loadCameras, s.loadLog, s.loadJournal, s.loadSeen, s.loadClock} {
		if err := load(); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Close writes what was not on the disk yet and releases the folder.
func (s *Store) Close() error {
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.close())
	}
	errs = append(errs, s.SaveSeen())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	s.log, s.lock = nil, nil
	return errors.Join(errs...)
}

// Key returns the agent's signing key.
func (s *Store) Key() identity.AgentKey { return s.key }

// Journal returns the access journal.
func (s *Store) Journal() *Journal { return s.journal }

// Warnings returns a sentence for each file that was found damaged and could be done without.
func (s *Store) Warnings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.warnings)
}

func (s *Store) path(file string) string { return filepath.Join(s.dir, file) }

// without keeps a damaged file aside and notes what that means for the owner.
func (s *Store) without(path, consequence string, damage error) error {
	aside, err := setAside(path)
	if err != nil {
		return fmt.Errorf("%s is damaged and cannot be kept aside: move it away: %w", path, err)
	}
	s.warnings = append(s.warnings, fmt.Sprintf("%s %v: it is kept as %s; %s", path, damage, filepath.Base(aside), consequence))
	return nil
}

func (s *Store) loadKey() error {
	path := s.path(keyFile)
	seed, err := readFile(path, 64)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if s.key, err = identity.GenerateAgent(rand.Reader); err == nil {
			err = replaceFile(path, s.key.Seed())
		}
	case err == nil:
		if s.key, err = identity.AgentFromSeed(seed); err != nil {
			err = damagedKey(path)
		}
	}
	if err != nil {
		return err
	}
	s.agent = s.key.Public().ID()
	return nil
}

// ReadID returns the id of the agent of a state folder, also while the agent runs. The error wraps fs.ErrNotExist if there is none.
func ReadID(dir string) (identity.AgentID, error) {
	seed, err := readFile(filepath.Join(dir, keyFile), 64)
	if err != nil {
		return identity.AgentID{}, err
	}
	key, err := identity.AgentFromSeed(seed)
	if err != nil {
		return identity.AgentID{}, damagedKey(filepath.Join(dir, keyFile))
	}
	return key.Public().ID(), nil
}

func damagedKey(path string) error {
	return fmt.Errorf("%s is damaged: put back a copy of it, or begin anew with: sealcam agent reset", path)
}
