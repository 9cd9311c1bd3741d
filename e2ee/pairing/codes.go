package pairing

import (
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	// DefaultTTL is how long a claim link is good.
	DefaultTTL = 10 * time.Minute
	// MaxTries is how many wrong proofs close a code.
	MaxTries = 5
	// MaxOpen is how many codes may be open at a time; issuing one more closes the oldest.
	MaxOpen = 8
	// Remember is how long a code is remembered after its end, so that who comes late learns why the link does not work.
	Remember = 24 * time.Hour

	maxRemembered = 64
)

// What Verify refuses, each a sentence for the person with the link.
var (
	ErrUsed    = errors.New("pairing: this link was used already; print a new one at the agent")
	ErrExpired = errors.New("pairing: this link has expired; print a new one at the agent")
	ErrWrong   = errors.New("pairing: the link's secret is wrong; copy the link again, or print a new one at the agent")
	ErrClosed  = errors.New("pairing: this link was tried too often with a wrong secret; print a new one at the agent")
	ErrUnknown = errors.New("pairing: the agent does not know this link; print a new one at the agent")
)

// Codes are an agent's claim codes. It is safe for concurrent use.
type Codes struct {
	agent  identity.AgentPublic
	random io.Reader

	mu    sync.Mutex
	codes []*code // in the order of issue
}

type code struct {
	knock   [sha256.Size]byte
	secret  Secret // zero once the code has ended
	expires time.Time
	wrong   int
	end     error // nil while open
}

// NewCodes returns the codes of an agent: none. random is what secrets are made of; nil stands for crypto/rand.
func NewCodes(agent identity.AgentPublic, random io.Reader) *Codes {
	return &Codes{agent: agent, random: random}
}

// Issue opens a new code that is good for ttl from now on.
func (c *Codes) Issue(now time.Time, ttl time.Duration) (Secret, error) {
	secret, err := NewSecret(c.random)
	if err != nil {
		return Secret{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	open := 0
	for _, code := range slices.Backward(c.codes) {
		if code.end == nil {
			if open++; open >= MaxOpen {
				code.finish(ErrExpired)
			}
		}
	}
	c.codes = append(c.codes, &code{
		knock:   identity.KnockHash(c.agent.ID(), secret.Token()),
		secret:  secret,
		expires: now.Add(ttl),
	})
	if over := len(c.codes) - maxRemembered; over > 0 {
		c.codes = slices.Delete(c.codes, 0, over)
	}
	return secret, nil
}

// Knocks returns the knock hashes to give to the server: those of the open codes and of the remembered ones, whose holders are to learn
// why they come too late.
func (c *Codes) Knocks(now time.Time) [][sha256.Size]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	hashes := make([][sha256.Size]byte, len(c.codes))
	for i, code := range c.codes {
		hashes[i] = code.knock
	}
	return hashes
}

// Known reports whether a knock hash is that of a code, open or remembered: whether an unknown device that came with it may enter a
// session to claim, and nothing else.
func (c *Codes) Known(now time.Time, knock [sha256.Size]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	return c.find(knock) != nil
}

// Open reports whether a knock hash is that of a code that can still be used.
func (c *Codes) Open(now time.Time, knock [sha256.Size]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	code := c.find(knock)
	return code != nil && code.end == nil
}

// Verify checks the claimant's proof against the code that the knock hash names, uses the code up, and returns the agent's own proof.
// exporter and viewer are those of the session. It returns ErrUnknown, ErrUsed, ErrExpired, ErrClosed or ErrWrong.
func (c *Codes) Verify(now time.Time, knock [sha256.Size]byte, proof, exporter []byte, viewer identity.DevicePublic) (Proof, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(now)
	code := c.find(knock)
	switch {
	case code == nil:
		return Proof{}, ErrUnknown
	case code.end != nil:
		return Proof{}, code.end
	case !VerifyViewerProof(proof, code.secret, exporter, viewer, c.agent):
		if code.wrong++; code.wrong >= MaxTries {
			code.finish(ErrClosed)
			return Proof{}, ErrClosed
		}
		return Proof{}, ErrWrong
	}
	answer := AgentProof(code.secret, exporter, viewer, c.agent)
	code.finish(ErrUsed)
	return answer, nil
}

func (c *Codes) find(knock [sha256.Size]byte) *code {
	for _, code := range c.codes {
		if code.knock == knock {
			return code
		}
	}
	return nil
}

// tidy ends what has expired and forgets what ended long ago.
func (c *Codes) tidy(now time.Time) {
	for _, code := range c.codes {
		if code.end == nil && !now.Before(code.expires) {
			code.finish(ErrExpired)
		}
	}
	c.codes = slices.DeleteFunc(c.codes, func(code *code) bool {
		return code.end != nil && now.Sub(code.expires) > Remember
	})
}

func (c *code) finish(why error) { c.end, c.secret = why, Secret{} }
