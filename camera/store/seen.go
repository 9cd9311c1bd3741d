package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	seenFile = "lastseen.json"
	maxSeen  = 4096 // devices; the one that was not seen for the longest time is forgotten
)

// Seen notes that a device was there at t. SaveSeen writes it down.
func (s *Store) Seen(d identity.DeviceID, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := t.Unix(); at > s.seen[d] && at <= maxUnix {
		s.seen[d], s.seenNew = at, true
	}
	if len(s.seen) > maxSeen {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(s.seen)), func(a, b identity.DeviceID) int {
			return int(min(max(s.seen[a]-s.seen[b], -1), 1))
		})
		delete(s.seen, oldest)
	}
}

// LastSeen returns when a device was there last, in whole seconds; zero if never.
func (s *Store) LastSeen(d identity.DeviceID) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.seen[d]
	if !ok {
		return time.Time{}
	}
	return time.Unix(at, 0).UTC()
}

// SaveSeen writes what Seen noted since the last time.
func (s *Store) SaveSeen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.folder == nil || !s.seenNew {
		return nil
	}
	words := make(map[string]int64, len(s.seen))
	for d, at := range s.seen {
		words[d.String()] = at
	}
	data, err := json.MarshalIndent(words, "", "\t")
	if err == nil {
		err = s.folder.Replace(seenFile, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("store: last seen: %w", err)
	}
	s.seenNew = false
	return nil
}

func (s *Store) loadSeen() error {
	data, err := s.folder.Read(seenFile, 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		var seen map[identity.DeviceID]int64
		if seen, err = parseSeen(data); err == nil {
			s.seen = seen
			return nil
		}
	}
	return s.without(seenFile, "when devices were last seen is noted anew", errors.New("is damaged"))
}

var errSeen = errors.New("store: not a list of last seen devices")

// parseSeen reads an object of device ids and Unix seconds.
func parseSeen(b []byte) (map[identity.DeviceID]int64, error) {
	var words map[string]int64
	if err := json.Unmarshal(b, &words); err != nil || words == nil || len(words) > maxSeen {
		return nil, errSeen
	}
	seen := make(map[identity.DeviceID]int64, len(words))
	for text, at := range words {
		d, err := identity.ParseDeviceID(text)
		if err != nil || at <= 0 || at > maxUnix {
			return nil, errSeen
		}
		seen[d] = at
	}
	return seen, nil
}
