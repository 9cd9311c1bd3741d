package grant_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

var now = time.Unix(1_700_000_000, 0).UTC()

// agentID is the agent's whose log is written.
var agentID = identity.AgentID{0xa9}

// home is a log and the keys behind it.
type home struct {
	t       testing.TB
	root    identity.RootKey
	owner   identity.DeviceKey
	log     *grant.Log
	genesis []byte
}

func seeded(fill byte) []byte { return bytes.Repeat([]byte{fill}, identity.SeedSize) }

func device(t testing.TB, fill byte) identity.DeviceKey {
	t.Helper()
	k, err := identity.DeviceFromSeed(seeded(fill))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newHome(t testing.TB) *home {
	t.Helper()
	root, err := identity.RootFromSeed(seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	h := &home{t: t, root: root, owner: device(t, 2), log: grant.NewLog(agentID)}
	if h.genesis, err = grant.Genesis(root, h.owner.Public(), "phone", now); err != nil {
		t.Fatal(err)
	}
	if err := h.log.AppendBytes(h.genesis); err != nil {
		t.Fatal(err)
	}
	return h
}

// next returns a good entry about subject, signed by issuer after change.
func (h *home) next(kind grant.Kind, subject identity.DeviceKey, issuer identity.Signer, change func(*grant.Entry)) grant.Entry {
	h.t.Helper()
	e := h.log.Next(kind, subject.Public())
	e.Issued = now
	if kind != grant.Revoke {
		e.Name, e.Role, e.Rights = "tablet", grant.Viewer, grant.Live
	}
	if change != nil {
		change(&e)
	}
	if err := e.Sign(issuer, agentID); err != nil {
		h.t.Fatal(err)
	}
	return e
}

func (h *home) append(e grant.Entry) {
	h.t.Helper()
	if err := h.log.Append(e); err != nil {
		h.t.Fatal(err)
	}
}

func owner(e *grant.Entry) { e.Role, e.Rights = grant.Owner, grant.AllRights }

func invite(e *grant.Entry) { e.Kind, e.RedeemBefore = grant.Invite, now.Add(24*time.Hour) }

func guest(e *grant.Entry) {
	e.Role, e.NotBefore, e.Expires = grant.Guest, now, now.Add(24*time.Hour)
}

func cameras(n int) []identity.CameraID {
	ids := make([]identity.CameraID, n)
	for i := range ids {
		binary.BigEndian.PutUint32(ids[i][:], uint32(i+1))
	}
	return ids
}

func TestGenesis(t *testing.T) {
	h := newHome(t)
	if h.log.Len() != 1 || h.log.Home() != h.root.Public().ID() || !h.log.Root().Equal(h.root.Public()) {
		t.Errorf("%d entries of %v", h.log.Len(), h.log.Home())
	}
	if got := h.log.Owners(); len(got) != 1 || !got[0].Equal(h.owner.Public()) {
		t.Errorf("owners %v", got)
	}
	if err := h.log.Allowed(h.owner.Public(), cameras(1)[0], grant.AllRights, now); err != nil {
		t.Error(err)
	}

	for name, change := range map[string]func(*grant.Entry){
		"no owner":        func(e *grant.Entry) { e.Role, e.Rights = grant.Viewer, grant.Live },
		"not an addition": func(e *grant.Entry) { e.Kind = grant.Grant },
		"later number":    func(e *grant.Entry) { e.Seq = 1 },
		"predecessor":     func(e *grant.Entry) { e.Prev[0] = 1 },
		"another home":    func(e *grant.Entry) { e.Home[0] ^= 1 },
	} {
		e, err := grant.ParseEntry(h.genesis)
		if err != nil {
			t.Fatal(err)
		}
		change(&e)
		if err := e.Sign(h.root.Signer(), agentID); err != nil {
			t.Fatal(err)
		}
		if err := grant.NewLog(agentID).Append(e); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	// Somebody else's root cannot found this home.
	e, err := grant.ParseEntry(h.genesis)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Sign(h.owner.Signer(), agentID); err != nil {
		t.Fatal(err)
	}
	if err := grant.NewLog(agentID).Append(e); !errors.Is(err, grant.ErrChain) {
		t.Errorf("signed by another: %v", err)
	}
}

func TestRules(t *testing.T) {
	tablet, second, stranger := device(t, 3), device(t, 4), device(t, 5)
	for name, c := range map[string]struct {
		entry func(*home) grant.Entry
		want  error
	}{
		"add":              {func(h *home) grant.Entry { return h.next(grant.Add, second, h.owner.Signer(), nil) }, nil},
		"add owner":        {func(h *home) grant.Entry { return h.next(grant.Add, second, h.owner.Signer(), owner) }, nil},
		"add guest":        {func(h *home) grant.Entry { return h.next(grant.Add, second, h.owner.Signer(), guest) }, nil},
		"add by R":         {func(h *home) grant.Entry { return h.next(grant.Add, second, h.root.Signer(), owner) }, nil},
		"change":           {func(h *home) grant.Entry { return h.next(grant.Grant, tablet, h.owner.Signer(), nil) }, nil},
		"make an owner":    {func(h *home) grant.Entry { return h.next(grant.Grant, tablet, h.owner.Signer(), owner) }, nil},
		"revoke":           {func(h *home) grant.Entry { return h.next(grant.Revoke, tablet, h.owner.Signer(), nil) }, nil},
		"by a viewer":      {func(h *home) grant.Entry { return h.next(grant.Add, second, tablet.Signer(), nil) }, grant.ErrIssuer},
		"by a stranger":    {func(h *home) grant.Entry { return h.next(grant.Add, second, stranger.Signer(), nil) }, grant.ErrIssuer},
		"by itself":        {func(h *home) grant.Entry { return h.next(grant.Add, second, second.Signer(), owner) }, grant.ErrIssuer},
		"viewer's own":     {func(h *home) grant.Entry { return h.next(grant.Grant, tablet, tablet.Signer(), owner) }, grant.ErrIssuer},
		"add a member":     {func(h *home) grant.Entry { return h.next(grant.Add, tablet, h.owner.Signer(), nil) }, grant.ErrSubject},
		"change stranger":  {func(h *home) grant.Entry { return h.next(grant.Grant, stranger, h.owner.Signer(), nil) }, grant.ErrSubject},
		"revoke stranger":  {func(h *home) grant.Entry { return h.next(grant.Revoke, stranger, h.owner.Signer(), nil) }, grant.ErrSubject},
		"last owner":       {func(h *home) grant.Entry { return h.next(grant.Revoke, h.owner, h.owner.Signer(), nil) }, grant.ErrLastOwner},
		"last owner, by R": {func(h *home) grant.Entry { return h.next(grant.Revoke, h.owner, h.root.Signer(), nil) }, grant.ErrLastOwner},
		"last owner down":  {func(h *home) grant.Entry { return h.next(grant.Grant, h.owner, h.owner.Signer(), nil) }, grant.ErrLastOwner},
		"number too low": {func(h *home) grant.Entry {
			return h.next(grant.Add, second, h.owner.Signer(), func(e *grant.Entry) { e.Seq-- })
		}, grant.ErrChain},
		"number too high": {func(h *home) grant.Entry {
			return h.next(grant.Add, second, h.owner.Signer(), func(e *grant.Entry) { e.Seq++ })
		}, grant.ErrChain},
		"other past": {func(h *home) grant.Entry {
			return h.next(grant.Add, second, h.owner.Signer(), func(e *grant.Entry) { e.Prev[9] ^= 1 })
		}, grant.ErrChain},
		"other home": {func(h *home) grant.Entry {
			return h.next(grant.Add, second, h.owner.Signer(), func(e *grant.Entry) { e.Home[9] ^= 1 })
		}, grant.ErrChain},
		"genesis again": {func(h *home) grant.Entry {
			e, err := grant.ParseEntry(h.genesis)
			if err != nil {
				h.t.Fatal(err)
			}
			return e
		}, grant.ErrChain},
		"signature changed": {func(h *home) grant.Entry {
			e := h.next(grant.Add, second, h.owner.Signer(), nil)
			e.Sig[0] ^= 1
			return e
		}, grant.ErrSignature},
		"rights changed": {func(h *home) grant.Entry {
			e := h.next(grant.Add, second, h.owner.Signer(), nil)
			e.Rights |= grant.Talk
			return e
		}, grant.ErrSignature},
		"subject changed": {func(h *home) grant.Entry {
			e := h.next(grant.Add, second, h.owner.Signer(), nil)
			e.Subject = stranger.Public()
			return e
		}, grant.ErrSignature},
		"issuer changed": {func(h *home) grant.Entry {
			e := h.next(grant.Add, second, stranger.Signer(), nil)
			e.Issuer = [32]byte(h.owner.Public().Bytes())
			return e
		}, grant.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.t = t
			h.append(h.next(grant.Add, tablet, h.owner.Signer(), nil))
			length, head, members := h.log.Len(), h.log.Head(), h.log.Members()
			e := c.entry(h)
			if err := h.log.Check(e); !errors.Is(err, c.want) || h.log.Head() != head || h.log.Len() != length {
				t.Errorf("Check: %v, want %v", err, c.want)
			}
			if err := h.log.Append(e); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if c.want == nil {
				if h.log.Len() != length+1 || h.log.Head() != e.Hash() {
					t.Error("the log did not grow")
				}
				return
			}
			if h.log.Len() != length || h.log.Head() != head || len(h.log.Members()) != len(members) {
				t.Error("the log has changed all the same")
			}
		})
	}
}

func TestOwnersComeAndGo(t *testing.T) {
	h := newHome(t)
	second, third := device(t, 3), device(t, 4)
	h.append(h.next(grant.Add, second, h.owner.Signer(), owner))
	h.append(h.next(grant.Revoke, h.owner, second.Signer(), nil))
	if got := h.log.Owners(); len(got) != 1 || !got[0].Equal(second.Public()) {
		t.Errorf("owners %v", got)
	}
	// Who was an owner signs no more.
	if err := h.log.Append(h.next(grant.Add, third, h.owner.Signer(), nil)); !errors.Is(err, grant.ErrIssuer) {
		t.Errorf("by a revoked owner: %v", err)
	}
	if err := h.log.Append(h.next(grant.Revoke, second, second.Signer(), nil)); !errors.Is(err, grant.ErrLastOwner) {
		t.Errorf("the last owner: %v", err)
	}
	// R helps when a device is lost, and the revoked may come back.
	h.append(h.next(grant.Add, h.owner, h.root.Signer(), owner))
	h.append(h.next(grant.Grant, second, h.owner.Signer(), nil))
	if err := h.log.Append(h.next(grant.Add, third, second.Signer(), nil)); !errors.Is(err, grant.ErrIssuer) {
		t.Errorf("by one who is a viewer now: %v", err)
	}
	if m := h.log.Members(); len(m) != 2 || m[1].Role != grant.Viewer {
		t.Errorf("members %v", m)
	}
}

func TestAccess(t *testing.T) {
	h := newHome(t)
	ids := cameras(3)
	visitor, old := device(t, 3), device(t, 4)
	begin, end := now.Add(time.Hour), now.Add(2*time.Hour)
	h.append(h.next(grant.Add, visitor, h.owner.Signer(), func(e *grant.Entry) {
		e.Role, e.Rights, e.Cameras, e.NotBefore, e.Expires = grant.Guest, grant.Live|grant.Talk, ids[:2], begin, end
	}))
	h.append(h.next(grant.Add, old, h.owner.Signer(), nil))
	h.append(h.next(grant.Revoke, old, h.owner.Signer(), nil))
	for name, c := range map[string]struct {
		device identity.DeviceKey
		camera identity.CameraID
		rights grant.Rights
		now    time.Time
		want   error
	}{
		"owner":             {h.owner, ids[2], grant.AllRights, now, nil},
		"guest":             {visitor, ids[0], grant.Live, begin, nil},
		"both rights":       {visitor, ids[1], grant.Live | grant.Talk, begin, nil},
		"to the last":       {visitor, ids[1], grant.Live, end.Add(-1), nil},
		"too early":         {visitor, ids[0], grant.Live, begin.Add(-1), grant.ErrNotYet},
		"too late":          {visitor, ids[0], grant.Live, end, grant.ErrExpired},
		"other camera":      {visitor, ids[2], grant.Live, begin, grant.ErrCamera},
		"other right":       {visitor, ids[0], grant.Move, begin, grant.ErrRight},
		"one right of two":  {visitor, ids[0], grant.Live | grant.Move, begin, grant.ErrRight},
		"no right":          {visitor, ids[0], 0, begin, grant.ErrRight},
		"right of nobody's": {h.owner, ids[0], 1 << 15, now, grant.ErrRight},
		"revoked":           {old, ids[0], grant.Live, now, grant.ErrRevoked},
		"stranger":          {device(t, 9), ids[0], grant.Live, now, grant.ErrNotMember},
		"no key":            {identity.DeviceKey{}, ids[0], grant.Live, now, grant.ErrNotMember},
	} {
		err := h.log.Allowed(c.device.Public(), c.camera, c.rights, c.now)
		if !errors.Is(err, c.want) || (err != nil) != errors.Is(err, grant.ErrDenied) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if got := h.log.Devices(now); len(got) != 1 {
		t.Errorf("%d devices now", len(got))
	}
	if got := h.log.Devices(begin); !slices.Contains(got, visitor.Public()) || slices.Contains(got, old.Public()) {
		t.Errorf("devices later: %v", got)
	}
	if _, err := grant.NewLog(agentID).Admitted(h.owner.Public(), now); !errors.Is(err, grant.ErrNotMember) {
		t.Errorf("an empty log admits: %v", err)
	}
}

func TestIncludes(t *testing.T) {
	h := newHome(t)
	h.append(h.next(grant.Add, device(t, 3), h.owner.Signer(), nil))
	length, head := uint64(h.log.Len()), h.log.Head()
	short, err := grant.Parse(mustMarshal(t, h.log)[:1+4+len(h.genesis)], agentID)
	if err != nil {
		t.Fatal(err)
	}
	fork := newHome(t)
	fork.append(fork.next(grant.Add, device(t, 4), fork.owner.Signer(), nil))
	h.append(h.next(grant.Add, device(t, 5), h.owner.Signer(), nil))
	for name, c := range map[string]struct {
		log    *grant.Log
		length uint64
		head   grant.Hash
		want   error
	}{
		"grown":             {h.log, length, head, nil},
		"from the start":    {h.log, 0, grant.Hash{}, nil},
		"itself":            {h.log, uint64(h.log.Len()), h.log.Head(), nil},
		"shorter":           {short, length, head, grant.ErrRollback},
		"emptied":           {grant.NewLog(agentID), length, head, grant.ErrRollback},
		"other past":        {fork.log, length, head, grant.ErrFork},
		"hash of nothing":   {h.log, length, grant.Hash{}, grant.ErrFork},
		"nothing with hash": {h.log, 0, head, grant.ErrFork},
		"far beyond":        {h.log, 1<<64 - 1, head, grant.ErrRollback},
	} {
		if err := c.log.Includes(c.length, c.head); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func mustMarshal(t testing.TB, l *grant.Log) []byte {
	t.Helper()
	b, err := l.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVerifySignature(t *testing.T) {
	h := newHome(t)
	e := h.next(grant.Invite, device(t, 3), h.owner.Signer(), invite)
	if !e.VerifySignature(agentID) || e.VerifySignature(identity.AgentID{}) {
		t.Error("the signature is not the one for this agent's log")
	}
	for name, change := range map[string]func(*grant.Entry){
		"terms":     func(e *grant.Entry) { e.Rights |= grant.Move },
		"subject":   func(e *grant.Entry) { e.Subject = h.owner.Public() },
		"date":      func(e *grant.Entry) { e.Issued = e.Issued.Add(time.Second) },
		"time":      func(e *grant.Entry) { e.RedeemBefore = e.RedeemBefore.Add(time.Second) },
		"signature": func(e *grant.Entry) { e.Sig[9] ^= 1 },
		"issuer":    func(e *grant.Entry) { e.Issuer[9] ^= 1 },
		"no issuer": func(e *grant.Entry) { e.Issuer = [32]byte{} },
	} {
		bad := e
		change(&bad)
		if bad.VerifySignature(agentID) {
			t.Errorf("with another %s it is good still", name)
		}
	}
	genesis, err := grant.ParseEntry(h.genesis)
	if err != nil || !genesis.VerifySignature(agentID) || !genesis.VerifySignature(identity.AgentID{1}) {
		t.Errorf("entry 0 is not good for every agent (%v)", err)
	}
}

// Nobody but the log may change what it was given or gave.
func TestLogOwnsItsEntries(t *testing.T) {
	h := newHome(t)
	ids := cameras(2)
	h.append(h.next(grant.Add, device(t, 3), h.owner.Signer(), func(e *grant.Entry) { e.Cameras = ids }))
	ids[0] = cameras(3)[2]
	entries := h.log.Entries(0)
	entries[0].Name = "changed"
	if err := h.log.Allowed(device(t, 3).Public(), cameras(3)[2], grant.Live, now); !errors.Is(err, grant.ErrCamera) {
		t.Errorf("a camera was slipped in: %v", err)
	}
	if h.log.Entries(0)[0].Name != "phone" || h.log.Entries(2) != nil || len(h.log.Entries(1)) != 1 {
		t.Error("entries are shared or cut wrongly")
	}
}
