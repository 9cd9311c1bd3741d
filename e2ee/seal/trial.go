package seal

import "github.com/sealcam/sealcam/e2ee/identity"

// Verifier checks signatures somewhere else, so that the caller's thread is free meanwhile.
type Verifier interface {
	// Verify begins to find out whether sig is key's Ed25519 signature of message, and keeps neither slice. If it returns true it calls
	// done once, later and from another goroutine; an error says that there is no answer. If it returns false it never calls done. It
	// must not block.
	Verify(key identity.AgentPublic, message, sig []byte, done func(genuine bool, err error)) bool
}

// Trial is a frame that [Opener.Try] has decrypted and whose signature is being checked. Nothing of what is in it can be had before Open.
type Trial struct {
	o      *Opener
	stream Stream
	number uint64 // of the epoch
	in     *openStream
	ctr    uint64
	sealed []byte
	plain  []byte
	reason Reason // why it was refused before its signature was looked at

	// The Opener's mu guards these.
	waiting bool
	verdict verdict
}

// verdict is what a Verifier found; the zero value is none.
type verdict uint8

const (
	undecided verdict = iota
	genuine
	forged
)

// Try begins what [Opener.Open] does and leaves the signature to v. When [Trial.Open] will have the answer, decided is called, from
// another goroutine; never if the Trial is ready at once. It keeps sealed for as long as the Trial lasts.
func (o *Opener) Try(stream Stream, sealed []byte, v Verifier, decided func()) *Trial {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := new(Trial)
	if *t = o.begin(stream, sealed); t.reason != NoReason {
		t.sealed = nil
		return t
	}
	encrypted, sig := split(sealed)
	t.waiting = v.Verify(o.src.Agent, t.in.toSign(encrypted), sig, func(ok bool, err error) {
		t.decide(ok, err)
		decided()
	})
	return t
}

func (t *Trial) decide(ok bool, err error) {
	t.o.mu.Lock()
	defer t.o.mu.Unlock()
	t.waiting = false
	switch {
	case t.verdict != undecided || err != nil:
	case ok:
		t.verdict = genuine
	default:
		t.verdict = forged
	}
}

// Ready reports whether nothing has to be waited for any more.
func (t *Trial) Ready() bool {
	t.o.mu.Lock()
	defer t.o.mu.Unlock()
	return t.reason != NoReason || !t.waiting
}

// Open returns what [Opener.Open] would have. Where the Verifier has given no answer it checks the signature itself.
func (t *Trial) Open() (Opened, error) {
	t.o.mu.Lock()
	defer t.o.mu.Unlock()
	return t.o.finish(t)
}

// split parts a frame of at least minSealed bytes from its signature.
func split(sealed []byte) (encrypted, sig []byte) {
	return sealed[:len(sealed)-signatureSize], sealed[len(sealed)-signatureSize:]
}

// begin does everything before the signature.
func (o *Opener) begin(stream Stream, sealed []byte) Trial {
	t := Trial{o: o, stream: stream, sealed: sealed}
	h, header, reason := parseSealed(sealed)
	if t.reason = reason; reason != NoReason {
		return t
	}
	t.number, t.ctr = h.KID>>streamBits, h.CTR
	if Stream(h.KID&uint64(MaxStream)) != stream {
		t.reason = WrongStream
		return t
	}
	if t.in = o.find(t.number, stream); t.in == nil {
		t.reason = UnknownEpoch
		return t
	}
	encrypted, _ := split(sealed)
	plain, err := t.in.key.Open(make([]byte, 0, len(encrypted)-header-tagSize), encrypted, t.in.aad())
	if err != nil {
		t.reason = Auth
		return t
	}
	t.plain = plain
	return t
}

// finish does the rest.
func (o *Opener) finish(t *Trial) (Opened, error) {
	opened, reason := Opened{}, t.reason
	if reason == NoReason {
		opened, reason = o.prove(t)
	}
	if reason != NoReason {
		o.stats.refused[reason]++
		return Opened{}, openErrors[reason]
	}
	o.stats.Opened++
	return opened, nil
}

func (o *Opener) prove(t *Trial) (Opened, Reason) {
	if o.find(t.number, t.stream) != t.in { // the epoch was dropped meanwhile
		return Opened{}, UnknownEpoch
	}
	if t.verdict == undecided {
		t.verdict = forged
		if encrypted, sig := split(t.sealed); o.src.Agent.Verify(t.in.toSign(encrypted), sig) {
			t.verdict = genuine
		}
	}
	if t.verdict != genuine {
		return Opened{}, Signature
	}
	if !t.in.seen.accept(t.ctr) {
		return Opened{}, Replay
	}
	f, hash, err := parsePlain(t.plain)
	if err != nil {
		return Opened{}, Plaintext
	}
	if !f.suits(t.stream) {
		return Opened{}, Plaintext
	}
	configs := &o.configs[t.stream]
	if f.Key {
		configs.add(hash, f.Config)
	}
	config, known := configs.find(hash)
	return Opened{
		valid: true, frame: f, config: config, configKnown: known, configHash: hash,
		camera: o.src.Camera, stream: t.stream, epoch: t.number,
	}, NoReason
}
