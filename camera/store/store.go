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
	folder  Folder // nil: everything is gone when the process ends
	key     identity.AgentKey
	agent   identity.AgentID
	journal *Journal

	mu       sync.Mutex
	warnings []string
	cameras  map[string]string // name to id in hex
	entries  [][]byte
	log      File
	logEnd   int64
	failed   error // of the log's disk; nothing is appended after it
	seen     map[identity.DeviceID]int64
	seenNew  bool // seen is not on the disk yet
	mark     time.Time
	closed   bool
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
	d, err := openDisk(dir)
	if err != nil {
		return nil, err
	}
	return OpenFolder(d)
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
	if s.folder != nil && !s.closed {
		errs = append(errs, s.folder.Close())
	}
	s.log, s.closed = nil, true
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

// path is where a file lies, for sentences; empty if it lies nowhere.
func (s *Store) path(file string) string {
	if s.folder == nil {
		return ""
	}
	return s.folder.Path(file)
}

// without keeps a damaged file aside and notes what that means for the owner.
func (s *Store) without(file, consequence string, damage error) error {
	aside, err := s.folder.SetAside(file)
	if err != nil {
		return fmt.Errorf("%s is damaged and cannot be kept aside: move it away: %w", s.path(file), err)
	}
	s.warnings = append(s.warnings, fmt.Sprintf("%s %v: it is kept as %s; %s", s.path(file), damage, aside, consequence))
	return nil
}

func (s *Store) loadKey() error {
	seed, err := s.folder.Read(keyFile, 64)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if s.key, err = identity.GenerateAgent(rand.Reader); err == nil {
			err = s.folder.Replace(keyFile, s.key.Seed())
		}
	case err == nil:
		if s.key, err = identity.AgentFromSeed(seed); err != nil {
			err = damagedKey(s.path(keyFile))
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
