package store

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

const (
	clockFile  = "clock"
	clockWords = "2006-01-02T15:04:05Z\n"
)

// ClockMark returns the latest time that the agent is known to have been at, in whole seconds; zero if it never knew the time.
func (s *Store) ClockMark() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mark
}

// SaveClockMark keeps a later mark; an earlier one is ignored.
func (s *Store) SaveClockMark(t time.Time) error {
	t = t.UTC().Truncate(time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !t.After(s.mark) || t.Year() > 9999 {
		return nil
	}
	s.mark = t
	if s.folder == nil {
		return nil
	}
	if err := s.folder.Replace(clockFile, []byte(t.Format(clockWords))); err != nil {
		return fmt.Errorf("store: clock: %w", err)
	}
	return nil
}

// ClockPath is where the mark lies, for sentences to the owner of an agent whose clock once ran ahead.
func (s *Store) ClockPath() string {
	return s.path(clockFile)
}

// loadClock reads the mark. If it is lost, the other files know times too: it must not be possible to make the agent believe an
// earlier time by damaging one file.
func (s *Store) loadClock() error {
	data, err := s.folder.Read(clockFile, 64)
	if err == nil {
		if s.mark, err = parseClock(data); err == nil {
			return nil
		}
	}
	s.mark = s.journal.latest()
	for _, at := range s.seen {
		if t := time.Unix(at, 0).UTC(); t.After(s.mark) {
			s.mark = t
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.without(clockFile, "the latest time in the other files was taken in its place", errors.New("is damaged"))
}

var errClock = errors.New("store: not a clock mark")

// parseClock reads one line: a time in UTC and whole seconds (RFC 3339).
func parseClock(b []byte) (time.Time, error) {
	t, err := time.Parse(strings.TrimSuffix(clockWords, "\n"), strings.TrimSuffix(string(b), "\n"))
	if err != nil || t.Format(clockWords) != string(b) {
		return time.Time{}, errClock
	}
	return t, nil
}
