package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// MaxEntry is how many bytes an entry of the grant log may have.
const MaxEntry = 16 << 10

const (
	logName   = "grants.log"
	logHeader = "sealcam grants v1\n"
	maxLog    = 8 << 20 // bytes of the file; a full log with its frames has about half
	frameSize = 8
)

// Entries returns the grant log's entries, oldest first. They must not be changed.
func (s *Store) Entries() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries[:len(s.entries):len(s.entries)]
}

// LogPath is where the grant log lies, for sentences to its owner; empty if it lies nowhere.
func (s *Store) LogPath() string {
	return s.path(logName)
}

// Append adds an entry to the grant log; it is on the disk when Append returns without error. After an error that leaves open what
// is on the disk nothing can be appended until the folder is opened anew.
func (s *Store) Append(entry []byte) error {
	if len(entry) == 0 || len(entry) > MaxEntry {
		return fmt.Errorf("store: a log entry of %d bytes", len(entry))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder != nil {
		if err := s.write(appendFrame(nil, entry)); err != nil {
			return err
		}
	}
	s.entries = append(s.entries, slices.Clone(entry))
	return nil
}

// write adds a record to the file. Callers hold mu.
func (s *Store) write(record []byte) error {
	if s.log == nil {
		return errors.New("store: closed")
	}
	if s.failed != nil {
		return s.failed
	}
	_, err := s.log.Write(record)
	if err == nil {
		if err = s.log.Sync(); err == nil {
			s.logEnd += int64(len(record))
			return nil
		}
		// What a failed fsync left on the disk nobody knows, and the next one may succeed without having written it.
		s.failed = fmt.Errorf("store: the disk of the state folder failed; replace it, then start the agent again: %w", err)
	}
	// What was not acknowledged must not come back at the next start, let alone half of it.
	if cut := s.log.Truncate(s.logEnd); cut != nil && s.failed == nil {
		s.failed = fmt.Errorf("store: the grant log cannot be mended while the agent runs; start it again: %w", cut)
	}
	return fmt.Errorf("store: %w", err)
}

// A record is length(4) ‖ complement of the length(4) ‖ entry, integers big-endian. The complement tells a damaged length from a
// record that a crash cut off: only the latter may be thrown away.
func appendFrame(b, entry []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(entry)))
	b = binary.BigEndian.AppendUint32(b, ^uint32(len(entry)))
	return append(b, entry...)
}

// parseLog returns the whole records of a log file and where the last one ends: behind it lies nothing, or a torn record.
func parseLog(b []byte, agent identity.AgentID) (entries [][]byte, whole int, err error) {
	rest, err := checkHeader(b, logHeader, agent)
	if err != nil {
		return nil, 0, err
	}
	for whole = len(b) - len(rest); len(rest) >= frameSize; whole = len(b) - len(rest) {
		n := binary.BigEndian.Uint32(rest)
		if n != ^binary.BigEndian.Uint32(rest[4:]) || n == 0 || n > MaxEntry {
			return nil, 0, damagedError{whole}
		}
		if uint64(len(rest)) < frameSize+uint64(n) {
			break
		}
		entries = append(entries, rest[frameSize:frameSize+n:frameSize+n])
		rest = rest[frameSize+n:]
	}
	return entries, whole, nil
}

// loadLog reads the records. A torn last record was never acknowledged: it is copied aside and cut off.
func (s *Store) loadLog() error {
	path := s.path(logName)
	data, err := s.folder.Read(logName, maxLog)
	if errors.Is(err, fs.ErrNotExist) {
		data = appendHeader(nil, logHeader, s.agent)
		err = s.folder.Replace(logName, data)
	}
	if err != nil {
		return fmt.Errorf("cannot read the grant log: %w", err)
	}
	entries, whole, err := parseLog(data, s.agent)
	if err != nil {
		return fmt.Errorf("the grant log %s %w: put back a copy of it, or begin anew with: sealcam agent reset; nothing of it was used", path, err)
	}
	f, err := s.folder.Extend(logName)
	if err != nil {
		return fmt.Errorf("cannot open the grant log %s: %w", path, pathless(err))
	}
	s.log, s.logEnd, s.entries = f, int64(whole), entries
	if whole == len(data) {
		return nil
	}
	if err := s.folder.Replace(logName+".torn", data); err != nil {
		return err
	}
	if err := f.Truncate(int64(whole)); err != nil {
		return fmt.Errorf("cannot mend the grant log %s: %w", path, err)
	}
	s.warnings = append(s.warnings, fmt.Sprintf("%s ended in an entry that was cut off while it was written, and never confirmed: it was taken away, and the file as it was is kept as %s.torn", path, logName))
	return f.Sync()
}
