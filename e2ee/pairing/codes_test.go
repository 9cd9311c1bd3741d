package pairing_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
)

var start = time.Unix(1_700_000_000, 0)

func exporter(fill byte) []byte { return bytes.Repeat([]byte{fill}, pairing.ExporterSize) }

func TestProofsAreBound(t *testing.T) {
	secret := testLink(t).Secret
	otherSecret := secret
	otherSecret[15] ^= 1
	agent, device := testAgent(t, 1), testDevice(t, 2)
	viewer := pairing.ViewerProof(secret, exporter(1), device, agent)
	answer := pairing.AgentProof(secret, exporter(1), device, agent)
	if !pairing.VerifyViewerProof(viewer[:], secret, exporter(1), device, agent) || !pairing.VerifyAgentProof(answer[:], secret, exporter(1), device, agent) {
		t.Fatal("the true proofs are refused")
	}
	for name, ok := range map[string]bool{
		"viewer's sent back as agent's": pairing.VerifyAgentProof(viewer[:], secret, exporter(1), device, agent),
		"agent's as viewer's":           pairing.VerifyViewerProof(answer[:], secret, exporter(1), device, agent),
		"other secret":                  pairing.VerifyViewerProof(viewer[:], otherSecret, exporter(1), device, agent),
		"other session":                 pairing.VerifyViewerProof(viewer[:], secret, exporter(2), device, agent),
		"other device":                  pairing.VerifyViewerProof(viewer[:], secret, exporter(1), testDevice(t, 3), agent),
		"other agent":                   pairing.VerifyViewerProof(viewer[:], secret, exporter(1), device, testAgent(t, 3)),
		"short":                         pairing.VerifyViewerProof(viewer[:31], secret, exporter(1), device, agent),
		"empty":                         pairing.VerifyViewerProof(nil, secret, exporter(1), device, agent),
		"agent's, other session":        pairing.VerifyAgentProof(answer[:], secret, exporter(2), device, agent),
	} {
		if ok {
			t.Errorf("%s: accepted", name)
		}
	}
	unbound := pairing.ViewerProof(secret, nil, device, agent)
	if pairing.VerifyViewerProof(unbound[:], secret, nil, device, agent) {
		t.Error("a proof without a session is accepted")
	}
}

// claimant is somebody with a link, in a session.
type claimant struct {
	codes  *pairing.Codes
	agent  identity.AgentPublic
	device identity.DevicePublic
	secret pairing.Secret
}

func newClaimant(t *testing.T, ttl time.Duration) claimant {
	t.Helper()
	agent := testAgent(t, 1)
	codes := pairing.NewCodes(agent, nil)
	secret, err := codes.Issue(start, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return claimant{codes, agent, testDevice(t, 2), secret}
}

func (c claimant) knock() [32]byte { return identity.KnockHash(c.agent.ID(), c.secret.Token()) }

func (c claimant) claim(now time.Time) error {
	proof := pairing.ViewerProof(c.secret, exporter(1), c.device, c.agent)
	answer, err := c.codes.Verify(now, c.knock(), proof[:], exporter(1), c.device)
	if err == nil && !pairing.VerifyAgentProof(answer[:], c.secret, exporter(1), c.device, c.agent) {
		return errors.New("the agent's proof is wrong")
	}
	return err
}

func (c claimant) guess(now time.Time) error {
	wrong := c.secret
	wrong[0] ^= 1
	proof := pairing.ViewerProof(wrong, exporter(1), c.device, c.agent)
	_, err := c.codes.Verify(now, c.knock(), proof[:], exporter(1), c.device)
	return err
}

func (c claimant) open(now time.Time) bool { return c.codes.Open(now, c.knock()) }

func (c claimant) known(now time.Time) bool {
	known := c.codes.Known(now, c.knock())
	if known != slices.Contains(c.codes.Knocks(now), c.knock()) {
		panic("Known and Knocks disagree")
	}
	return known
}

func TestCodeIsGoodOnce(t *testing.T) {
	c := newClaimant(t, pairing.DefaultTTL)
	if !c.known(start) || !c.open(start) {
		t.Error("not known, or not open")
	}
	if err := c.claim(start.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if c.open(start.Add(time.Minute)) {
		t.Error("open after its use")
	}
	for range 2 {
		if err := c.claim(start.Add(time.Minute)); !errors.Is(err, pairing.ErrUsed) {
			t.Errorf("again: %v", err)
		}
	}
	if err := c.guess(start.Add(time.Hour)); !errors.Is(err, pairing.ErrUsed) {
		t.Errorf("an hour later: %v", err)
	}
}

func TestCodeExpires(t *testing.T) {
	c := newClaimant(t, pairing.DefaultTTL)
	if err := c.guess(start.Add(pairing.DefaultTTL - 1)); !errors.Is(err, pairing.ErrWrong) {
		t.Errorf("just before: %v", err)
	}
	if err := c.claim(start.Add(pairing.DefaultTTL)); !errors.Is(err, pairing.ErrExpired) {
		t.Errorf("at the end: %v", err)
	}
	// A clock that is set back does not open it again.
	if err := c.claim(start); !errors.Is(err, pairing.ErrExpired) {
		t.Errorf("after the clock was set back: %v", err)
	}
	end := start.Add(pairing.DefaultTTL + pairing.Remember)
	if !c.known(end) {
		t.Error("forgotten too early")
	}
	if c.known(end.Add(1)) {
		t.Error("never forgotten")
	}
	if err := c.claim(end.Add(1)); !errors.Is(err, pairing.ErrUnknown) {
		t.Errorf("long after: %v", err)
	}
}

func TestGuessingClosesTheCode(t *testing.T) {
	c := newClaimant(t, pairing.DefaultTTL)
	for i := 1; i < pairing.MaxTries; i++ {
		if err := c.guess(start); !errors.Is(err, pairing.ErrWrong) || !c.open(start) {
			t.Errorf("guess %d: %v", i, err)
		}
	}
	if err := c.guess(start); !errors.Is(err, pairing.ErrClosed) {
		t.Errorf("last guess: %v", err)
	}
	if err := c.claim(start); !errors.Is(err, pairing.ErrClosed) || c.open(start) {
		t.Errorf("the right secret afterwards: %v", err)
	}

	c = newClaimant(t, pairing.DefaultTTL)
	for range pairing.MaxTries - 1 {
		_ = c.guess(start)
	}
	if err := c.claim(start); err != nil {
		t.Errorf("the right secret at the last try: %v", err)
	}
}

func TestVerifyRefusesOtherSessionOrDevice(t *testing.T) {
	c := newClaimant(t, pairing.DefaultTTL)
	proof := pairing.ViewerProof(c.secret, exporter(1), c.device, c.agent)
	if _, err := c.codes.Verify(start, c.knock(), proof[:], exporter(2), c.device); !errors.Is(err, pairing.ErrWrong) {
		t.Errorf("other session: %v", err)
	}
	if _, err := c.codes.Verify(start, c.knock(), proof[:], exporter(1), testDevice(t, 9)); !errors.Is(err, pairing.ErrWrong) {
		t.Errorf("other device: %v", err)
	}
	if _, err := c.codes.Verify(start, [32]byte{1}, proof[:], exporter(1), c.device); !errors.Is(err, pairing.ErrUnknown) {
		t.Errorf("other knock: %v", err)
	}
	if err := c.claim(start); err != nil {
		t.Errorf("the true one afterwards: %v", err)
	}
}

func TestCodesAreBounded(t *testing.T) {
	agent := testAgent(t, 1)
	codes := pairing.NewCodes(agent, nil)
	var all []claimant
	for range 100 {
		secret, err := codes.Issue(start, pairing.DefaultTTL)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, claimant{codes, agent, testDevice(t, 2), secret})
	}
	if n := len(codes.Knocks(start)); n != 64 {
		t.Errorf("%d codes are remembered", n)
	}
	if err := all[0].claim(start); !errors.Is(err, pairing.ErrUnknown) {
		t.Errorf("the first: %v", err)
	}
	for i, c := range all[36:] {
		want := error(nil)
		if i < 64-pairing.MaxOpen {
			want = pairing.ErrExpired
		}
		if err := c.claim(start); !errors.Is(err, want) {
			t.Errorf("code %d: %v, want %v", i+36, err, want)
		}
	}
	if _, err := pairing.NewCodes(agent, bytes.NewReader(nil)).Issue(start, time.Minute); err == nil {
		t.Error("a code out of no randomness")
	}
}
