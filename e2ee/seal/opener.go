package seal

import (
	"errors"
	"slices"
	"sync"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/sframe"
)

// MaxEpochs is how many epochs an Opener knows at a time: the current one, and the last ones, whose frames may still be on the way.
const MaxEpochs = 4

var (
	// ErrEpochReused is returned by AddEpoch for a number that is known with another id or key.
	ErrEpochReused = errors.New("seal: the epoch's number was used before with another id or key")
	// ErrEpochOld is returned by AddEpoch for a number below the MaxEpochs that are known, as all are that were dropped.
	ErrEpochOld = errors.New("seal: the epoch is older than those that are known")
)

// Opener opens the sealed frames of one camera. It is safe for concurrent use. It must live as long as the viewer shows that
// camera, across sessions, since with it goes the memory of which frames were seen.
type Opener struct {
	src Source

	mu      sync.Mutex
	epochs  []*openEpoch // ascending by number, at most MaxEpochs
	configs [MaxStream + 1]configMemory
	stats   Stats
}

type openEpoch struct {
	Epoch
	streams [MaxStream + 1]*openStream
}

type openStream struct {
	binding
	seen window
}

// configMemory keeps the configurations of the last two key frames that differ, so that frames of the GOP before a change, arriving
// late, still find theirs.
type configMemory struct {
	hash   [2]codec.ConfigHash
	config [2]codec.Config // zero: none
}

func (m *configMemory) add(h codec.ConfigHash, c codec.Config) {
	if m.hash[0] != h {
		m.hash[1], m.config[1] = m.hash[0], m.config[0]
		m.hash[0], m.config[0] = h, c
	}
}

func (m *configMemory) find(h codec.ConfigHash) (codec.Config, bool) {
	for i, c := range m.config {
		if c != (codec.Config{}) && m.hash[i] == h {
			return c, true
		}
	}
	return codec.Config{}, false
}

// NewOpener returns an Opener that knows no epoch yet. For a source without agent or camera AddEpoch will return ErrSource.
func NewOpener(src Source) *Opener { return &Opener{src: src} }

// AddEpoch makes an epoch known, which must have come inside a session with the agent. Above MaxEpochs the lowest number is dropped
// for good. Adding the same epoch again changes nothing. It returns ErrEpoch, ErrEpochReused, ErrEpochOld or ErrSource.
func (o *Opener) AddEpoch(e Epoch) error {
	if err := o.src.check(); err != nil {
		return err
	}
	if err := e.check(); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	at, found := slices.BinarySearchFunc(o.epochs, e.Number, compareNumber)
	switch {
	case found && o.epochs[at].Epoch == e:
		return nil
	case found:
		return ErrEpochReused
	case at == 0 && len(o.epochs) == MaxEpochs:
		// It would be the next to go, or has gone before: were it allowed back, its replay window would be empty.
		return ErrEpochOld
	}
	o.epochs = slices.Insert(o.epochs, at, &openEpoch{Epoch: e})
	if len(o.epochs) > MaxEpochs {
		o.epochs = slices.Delete(o.epochs, 0, 1)
	}
	return nil
}

func compareNumber(e *openEpoch, number uint64) int {
	switch {
	case e.Number < number:
		return -1
	case e.Number > number:
		return 1
	}
	return 0
}

// Knows reports whether frames of the epoch with that number can be opened.
func (o *Opener) Knows(number uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, found := slices.BinarySearchFunc(o.epochs, number, compareNumber)
	return found
}

// Stats returns the counters.
func (o *Opener) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stats
}

// Peek reads epoch and stream from a header that nothing has authenticated yet: good for deciding where to keep the frame, for
// nothing else. ok is false if Open would refuse the frame whatever epochs it knows.
func Peek(sealed []byte) (epoch uint64, stream Stream, ok bool) {
	h, _, reason := parseSealed(sealed)
	if reason != NoReason {
		return 0, 0, false
	}
	return h.KID >> streamBits, Stream(h.KID & uint64(MaxStream)), true
}

func parseSealed(sealed []byte) (h sframe.Header, n int, reason Reason) {
	switch {
	case len(sealed) < minSealed:
		return h, 0, Truncated
	case len(sealed) > MaxSealed:
		return h, 0, TooLarge
	}
	h, n, err := sframe.ParseHeader(sealed)
	if err != nil || h.CTR >= MaxFrames {
		return h, 0, Header
	}
	return h, n, NoReason
}

// Open opens a frame that came in as one of stream. It checks, in this order: length and header, stream, epoch, encryption,
// signature, replay window, plaintext. A number counts as seen only once the signature was found right.
//
// All refusals are ErrOpen with one text; [ReasonOf] tells them apart. Open keeps no reference to sealed and allocates the plaintext
// alone, which belongs to the result.
func (o *Opener) Open(stream Stream, sealed []byte) (Opened, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.begin(stream, sealed)
	return o.finish(&t)
}

// find returns the state of a stream in a known epoch, made when its first frame comes; nil for another epoch.
func (o *Opener) find(number uint64, stream Stream) *openStream {
	at, found := slices.BinarySearchFunc(o.epochs, number, compareNumber)
	if !found {
		return nil
	}
	e := o.epochs[at]
	if e.streams[stream] == nil {
		b, err := newBinding(o.src, stream, e.Epoch)
		if err != nil {
			return nil
		}
		e.streams[stream] = &openStream{binding: b}
	}
	return e.streams[stream]
}

// Opened is a picture proven to be of a camera. Only an Opener makes one; the zero value is not valid.
type Opened struct {
	valid       bool
	frame       Frame
	config      codec.Config
	configKnown bool
	configHash  codec.ConfigHash
	camera      identity.CameraID
	stream      Stream
	epoch       uint64
}

// Valid reports whether an Opener made the value.
func (o Opened) Valid() bool { return o.valid }

// Key reports whether decoding can start here.
func (o Opened) Key() bool { return o.frame.Key }

// Final reports whether nothing follows in this stream before a new GOP.
func (o Opened) Final() bool { return o.frame.Final }

// GOP returns the number of the group of pictures.
func (o Opened) GOP() uint32 { return o.frame.GOP }

// Index returns the place in the GOP; the key frame has 0.
func (o Opened) Index() uint32 { return o.frame.Index }

// Captured returns when the picture was taken, on the agent's capture clock.
func (o Opened) Captured() codec.Timestamp { return o.frame.Captured }

// Config returns how to decode the picture. For a frame that is no key frame it is that of the opened key frame with the same hash;
// ok is false if there was none among the last.
func (o Opened) Config() (c codec.Config, ok bool) { return o.config, o.configKnown }

// ConfigHash returns the hash of the configuration.
func (o Opened) ConfigHash() codec.ConfigHash { return o.configHash }

// Data returns the access unit, which must not be changed.
func (o Opened) Data() []byte { return o.frame.Data }

// Stream returns the stream that the picture belongs to.
func (o Opened) Stream() Stream { return o.stream }

// Epoch returns the number of the epoch that it was sealed in.
func (o Opened) Epoch() uint64 { return o.epoch }

// Camera returns whose picture it is.
func (o Opened) Camera() identity.CameraID { return o.camera }
