package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// Bounds of the access journal.
const (
	MaxVisits = 10_000 // older ones are forgotten
	// A device that comes back to a camera within this time goes on with its last visit, so that a page that is resized, or a guest
	// who wants to push others out of the journal, adds nothing.
	sameVisit = time.Minute
	// The file is written anew once it holds this many records for each visit.
	maxRecords = 3 * MaxVisits
)

const (
	journalFile   = "journal.log"
	journalHeader = "sealcam journal v1\n"
	visitSize     = 8 + identity.PublicKeySize + 16 + 8 + 8 + 4
	maxUnix       = 253402300799 // the last second of the year 9999
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Visit says that a device watched a camera.
type Visit struct {
	Number uint64 // from 1, one more each time
	Device [identity.PublicKeySize]byte
	Camera identity.CameraID
	Began  time.Time // whole seconds
	Ended  time.Time // zero: still there
}

// Journal is who watched which camera when, newest MaxVisits visits. A visit is lost if the machine loses power right after it began:
// unlike the grant log the journal is not forced to the disk, for it decides nothing. It is safe for concurrent use.
type Journal struct {
	mu      sync.Mutex
	folder  Folder // nil: nothing is written
	header  []byte
	file    File
	end     int64 // of the last whole record in file
	records int
	visits  []Visit // oldest first, numbered without gaps
	guests  map[visitor]*presence
	sweepAt int // of so many guests those are forgotten who left
}

type visitor struct {
	device [identity.PublicKeySize]byte
	camera identity.CameraID
}

// presence is the last visit of a device to a camera.
type presence struct {
	number uint64
	open   int // sessions of the device that watch the camera now
	ended  time.Time
}

func newJournal(visits []Visit) *Journal {
	return &Journal{visits: visits, guests: map[visitor]*presence{}}
}

// Begin notes that a device began to watch a camera. An error says that it could not be written down; the journal in memory has it.
func (j *Journal) Begin(device [identity.PublicKeySize]byte, camera identity.CameraID, now time.Time) error {
	now = wholeSecond(now)
	j.mu.Lock()
	defer j.mu.Unlock()
	who := visitor{device, camera}
	p := j.guests[who]
	if p != nil && p.open > 0 {
		p.open++
		return nil
	}
	if p != nil && now.Sub(p.ended) <= sameVisit {
		if v := j.find(p.number); v != nil {
			v.Ended, p.open = time.Time{}, 1
			return j.write(*v)
		}
	}
	j.sweep(now)
	v := Visit{Number: 1, Device: device, Camera: camera, Began: now}
	if n := len(j.visits); n > 0 {
		v.Number = j.visits[n-1].Number + 1
	}
	j.visits = append(j.visits, v)
	if over := len(j.visits) - MaxVisits; over > 0 {
		j.visits = j.visits[over:]
	}
	j.guests[who] = &presence{number: v.Number, open: 1}
	return j.write(v)
}

// End notes that a device ceased to watch a camera.
func (j *Journal) End(device [identity.PublicKeySize]byte, camera identity.CameraID, now time.Time) error {
	now = wholeSecond(now)
	j.mu.Lock()
	defer j.mu.Unlock()
	p := j.guests[visitor{device, camera}]
	if p == nil || p.open == 0 {
		return nil
	}
	if p.open--; p.open > 0 {
		return nil
	}
	p.ended = now
	v := j.find(p.number)
	if v == nil {
		return nil // it lasted so long that 10,000 others came after it
	}
	v.Ended = now
	if now.Before(v.Began) { // the clock was set back meanwhile
		v.Ended = v.Began
	}
	return j.write(*v)
}

// Visits returns at most limit visits with numbers below before (zero: the newest), newest first, and whether there are no older ones.
func (j *Journal) Visits(before uint64, limit int) (visits []Visit, end bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	rest := j.visits
	if before != 0 && len(rest) > 0 {
		first := rest[0].Number
		rest = rest[:min(max(before, first)-first, uint64(len(rest)))]
	}
	from := max(len(rest)-max(limit, 0), 0)
	visits = slices.Clone(rest[from:])
	slices.Reverse(visits)
	return visits, from == 0
}

// latest returns the latest time in the journal.
func (j *Journal) latest() (t time.Time) {
	for _, v := range j.visits {
		for _, at := range []time.Time{v.Began, v.Ended} {
			if at.After(t) {
				t = at
			}
		}
	}
	return t
}

func (j *Journal) find(number uint64) *Visit {
	if len(j.visits) == 0 || number < j.visits[0].Number {
		return nil
	}
	i := number - j.visits[0].Number
	if i >= uint64(len(j.visits)) {
		return nil
	}
	return &j.visits[i]
}

// sweep forgets, now and then, who left too long ago to come back to the same visit.
func (j *Journal) sweep(now time.Time) {
	if len(j.guests) < j.sweepAt {
		return
	}
	for who, p := range j.guests {
		if p.open == 0 && now.Sub(p.ended) > sameVisit {
			delete(j.guests, who)
		}
	}
	j.sweepAt = max(2*len(j.guests), 256)
}

// write adds a record to the file. Callers hold mu.
func (j *Journal) write(v Visit) error {
	if j.file == nil {
		return nil
	}
	if j.records >= maxRecords {
		return j.rewrite()
	}
	record := appendVisit(nil, v)
	if _, err := j.file.Write(record); err != nil {
		// Half a record would make the next start take the whole file for damaged.
		if cut := j.file.Truncate(j.end); cut != nil {
			err = errors.Join(err, cut, j.file.Close())
			j.file = nil
		}
		return fmt.Errorf("store: journal: %w", err)
	}
	j.end += int64(len(record))
	j.records++
	return nil
}

// rewrite replaces the file by one with a record for each visit.
func (j *Journal) rewrite() error {
	b := slices.Clone(j.header)
	for _, v := range j.visits {
		b = appendVisit(b, v)
	}
	if err := j.folder.Replace(journalFile, b); err != nil {
		return fmt.Errorf("store: journal: %w", err)
	}
	f, err := j.folder.Extend(journalFile)
	if err != nil {
		return fmt.Errorf("store: journal: %w", err)
	}
	if j.file != nil {
		j.file.Close()
	}
	j.file, j.end, j.records = f, int64(len(b)), len(j.visits)
	return nil
}

func (j *Journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	err := errors.Join(j.file.Sync(), j.file.Close())
	j.file = nil
	return err
}

// CloseVisits ends the visits that a crash left open, at the time at which the agent was known to run last.
func (j *Journal) CloseVisits(at time.Time) error {
	at = wholeSecond(at)
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	for i := range j.visits {
		v := &j.visits[i]
		p := j.guests[visitor{v.Device, v.Camera}]
		if !v.Ended.IsZero() || p != nil && p.number == v.Number {
			continue
		}
		if v.Ended = at; at.Before(v.Began) {
			v.Ended = v.Began
		}
		errs = append(errs, j.write(*v))
	}
	return errors.Join(errs...)
}

func (s *Store) loadJournal() error {
	header := appendHeader(nil, journalHeader, s.agent)
	data, err := s.folder.Read(journalFile, int64(len(header)+2*maxRecords*visitSize))
	var visits []Visit
	if err == nil {
		visits, err = parseJournal(data, s.agent)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		if err := s.without(journalFile, "a new access journal was begun", err); err != nil {
			return err
		}
		visits = nil
	}
	s.journal = newJournal(visits)
	s.journal.folder, s.journal.header = s.folder, header
	return s.journal.rewrite()
}

// A record is number(8) ‖ device(32) ‖ camera(16) ‖ began(8) ‖ ended(8) ‖ CRC-32C of all that(4), integers big-endian, times in Unix
// seconds. A second record with the number of a visit says how that visit went on.
func appendVisit(b []byte, v Visit) []byte {
	start := len(b)
	b = binary.BigEndian.AppendUint64(b, v.Number)
	b = append(b, v.Device[:]...)
	b = append(b, v.Camera[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(v.Began.Unix()))
	ended := uint64(0)
	if !v.Ended.IsZero() {
		ended = uint64(v.Ended.Unix())
	}
	b = binary.BigEndian.AppendUint64(b, ended)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// parseJournal reads a journal file. A torn record at its end is left out.
func parseJournal(b []byte, agent identity.AgentID) ([]Visit, error) {
	rest, err := checkHeader(b, journalHeader, agent)
	if err != nil {
		return nil, err
	}
	var visits []Visit
	for ; len(rest) >= visitSize; rest = rest[visitSize:] {
		at := len(b) - len(rest)
		v, ok := parseVisit(rest[:visitSize])
		if !ok {
			return nil, damagedError{at}
		}
		if len(visits) == 0 || v.Number == visits[len(visits)-1].Number+1 {
			visits = append(visits, v)
			continue
		}
		i := v.Number - visits[0].Number // wraps around for numbers that are too low
		if i >= uint64(len(visits)) {
			return nil, damagedError{at}
		}
		if old := visits[i]; old.Device != v.Device || old.Camera != v.Camera || !old.Began.Equal(v.Began) {
			return nil, damagedError{at}
		}
		visits[i] = v
	}
	return visits[max(len(visits)-MaxVisits, 0):], nil
}

func parseVisit(b []byte) (v Visit, ok bool) {
	body := b[:visitSize-4]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(b[visitSize-4:]) {
		return v, false
	}
	v.Number = binary.BigEndian.Uint64(body)
	copy(v.Device[:], body[8:])
	copy(v.Camera[:], body[40:])
	began, ended := binary.BigEndian.Uint64(body[56:]), binary.BigEndian.Uint64(body[64:])
	if v.Number == 0 || v.Number >= 1<<63 || began == 0 || began > maxUnix || ended != 0 && (ended < began || ended > maxUnix) {
		return v, false
	}
	v.Began = time.Unix(int64(began), 0).UTC()
	if ended != 0 {
		v.Ended = time.Unix(int64(ended), 0).UTC()
	}
	return v, true
}

// wholeSecond brings a time into the range that a record can hold.
func wholeSecond(t time.Time) time.Time {
	return time.Unix(min(max(t.Unix(), 1), maxUnix), 0).UTC()
}
