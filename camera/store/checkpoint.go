package store

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	checkpointFile   = "grants.checkpoint"
	checkpointHeader = "sealcam checkpoint v1\n"
	checkpointKey    = "sealcam checkpoint key v1"
	checkpointSize   = len(checkpointHeader) + 8 + 32 + sha256.Size
)

// Checkpoint says that the agent checked the first Length entries of its grant log, of which the last has the hash Head. It is
// authenticated under the agent's key, so that nobody else's statement, nor a damaged one, makes the agent trust an entry unchecked.
type Checkpoint struct {
	Length uint64
	Head   [32]byte
}

// Checkpoint returns the last one saved; zero without one. A damaged or foreign one is kept aside and counts as none.
func (s *Store) Checkpoint() (Checkpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == nil {
		return Checkpoint{}, nil
	}
	data, err := s.folder.Read(checkpointFile, 1<<10)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, nil
	}
	var c Checkpoint
	if err == nil {
		c, err = parseCheckpoint(data, s.key)
	}
	if err != nil {
		return Checkpoint{}, s.without(checkpointFile, "all entries of the log are checked anew", errors.New("is damaged or another agent's"))
	}
	return c, nil
}

// SaveCheckpoint replaces the checkpoint.
func (s *Store) SaveCheckpoint(c Checkpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == nil {
		return nil
	}
	if err := s.folder.Replace(checkpointFile, appendCheckpoint(nil, c, s.key)); err != nil {
		return fmt.Errorf("store: checkpoint: %w", err)
	}
	return nil
}

// CheckpointPath is where the checkpoint lies, for sentences to its owner.
func (s *Store) CheckpointPath() string { return s.path(checkpointFile) }

// appendCheckpoint appends header ‖ length(8) ‖ head(32) ‖ HMAC-SHA-256 of all that(32).
func appendCheckpoint(b []byte, c Checkpoint, key identity.AgentKey) []byte {
	start := len(b)
	b = append(b, checkpointHeader...)
	b = binary.BigEndian.AppendUint64(b, c.Length)
	b = append(b, c.Head[:]...)
	return append(b, checkpointMAC(b[start:], key)...)
}

var errCheckpoint = errors.New("store: not a checkpoint of this agent")

func parseCheckpoint(b []byte, key identity.AgentKey) (Checkpoint, error) {
	if len(b) != checkpointSize || string(b[:len(checkpointHeader)]) != checkpointHeader {
		return Checkpoint{}, errCheckpoint
	}
	said, mac := b[:checkpointSize-sha256.Size], b[checkpointSize-sha256.Size:]
	if !hmac.Equal(mac, checkpointMAC(said, key)) {
		return Checkpoint{}, errCheckpoint
	}
	said = said[len(checkpointHeader):]
	return Checkpoint{Length: binary.BigEndian.Uint64(said), Head: [32]byte(said[8:])}, nil
}

func checkpointMAC(b []byte, key identity.AgentKey) []byte {
	k, err := hkdf.Key(sha256.New, key.Seed(), nil, checkpointKey, sha256.Size)
	if err != nil {
		panic(err) // only for an output longer than 255 hashes
	}
	mac := hmac.New(sha256.New, k)
	mac.Write(b)
	return mac.Sum(nil)
}
