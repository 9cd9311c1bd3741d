package grant_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

func TestCompare(t *testing.T) {
	at := func(extra ...byte) *grant.Log {
		h := newHome(t)
		for _, fill := range extra {
			h.append(h.next(grant.Add, device(t, fill), h.owner.Signer(), nil))
		}
		return h.log
	}
	for name, c := range map[string]struct {
		mine, theirs  *grant.Log
		at            uint64
		lost, instead int
		want          error
	}{
		"same":                 {at(3, 4), at(3, 4), 0, 0, 0, nil},
		"grown":                {at(3), at(3, 4, 5), 0, 0, 0, nil},
		"nothing seen before":  {grant.NewLog(agentID), at(3), 0, 0, 0, nil},
		"one lost":             {at(3, 4), at(3), 2, 1, 0, grant.ErrRollback},
		"all lost":             {at(3, 4), grant.NewLog(agentID), 0, 3, 0, grant.ErrRollback},
		"last is another":      {at(3, 4), at(3, 5), 2, 1, 1, grant.ErrFork},
		"another, and longer":  {at(3, 4), at(5, 4, 6), 1, 2, 3, grant.ErrFork},
		"another, and shorter": {at(3, 4, 5), at(6), 1, 3, 1, grant.ErrFork},
	} {
		d := grant.Compare(c.mine, c.theirs)
		if err := d.Err(); !errors.Is(err, c.want) || (d == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
			continue
		}
		if d == nil {
			continue
		}
		if d.At != c.at || len(d.Lost) != c.lost || len(d.Other) != c.instead || d.Lost[0].Seq != c.at || len(d.Other) > 0 && d.Other[0].Seq != c.at {
			t.Errorf("%s: differs at %d, %d lost, %d instead", name, d.At, len(d.Lost), len(d.Other))
		}
		// What Includes says of the state alone agrees, wherever that can know.
		if err := c.theirs.Includes(uint64(c.mine.Len()), c.mine.Head()); err == nil {
			t.Errorf("%s: Includes sees nothing", name)
		}
	}
	// What was lost can be given back: it is signed still.
	mine, theirs := at(3, 4), at(3)
	for _, e := range grant.Compare(mine, theirs).Lost {
		if err := theirs.Append(e); err != nil {
			t.Error(err)
		}
	}
	if theirs.Head() != mine.Head() {
		t.Error("the log is not whole again")
	}
}

func TestAckMessageIsBound(t *testing.T) {
	base := grant.AckMessage(identity.AgentID{1}, identity.HomeID{2}, 3, grant.Hash{4})
	for name, other := range map[string][]byte{
		"agent":  grant.AckMessage(identity.AgentID{9}, identity.HomeID{2}, 3, grant.Hash{4}),
		"home":   grant.AckMessage(identity.AgentID{1}, identity.HomeID{9}, 3, grant.Hash{4}),
		"length": grant.AckMessage(identity.AgentID{1}, identity.HomeID{2}, 9, grant.Hash{4}),
		"head":   grant.AckMessage(identity.AgentID{1}, identity.HomeID{2}, 3, grant.Hash{9}),
	} {
		if string(other) == string(base) {
			t.Errorf("another %s makes no difference", name)
		}
	}
}

// An entry is good in the log of one agent alone, but for entry 0, by which R names the first owner for all of them.
func TestEntriesAreBoundToTheirAgent(t *testing.T) {
	h := newHome(t)
	other := grant.NewLog(identity.AgentID{0xb0})
	if err := other.AppendBytes(h.genesis); err != nil {
		t.Fatalf("entry 0: %v", err)
	}
	invited := device(t, 7)
	e := h.next(grant.Add, device(t, 3), h.owner.Signer(), nil)
	if err := other.Append(e); !errors.Is(err, grant.ErrSignature) {
		t.Errorf("add: %v", err)
	}
	if err := other.Append(h.next(grant.Invite, invited, h.root.Signer(), invite)); !errors.Is(err, grant.ErrSignature) {
		t.Errorf("invite: %v", err)
	}
	h.append(e)
	if _, err := grant.Parse(mustMarshal(t, h.log), other.Agent()); !errors.Is(err, grant.ErrSignature) {
		t.Errorf("the whole log: %v", err)
	}
	// Not even the note that all was checked helps: it is the agent's own.
	if _, err := grant.ParseChecked(mustMarshal(t, h.log), other.Agent(), 1, h.log.Entries(0)[0].Hash()); !errors.Is(err, grant.ErrSignature) {
		t.Errorf("the whole log, partly checked: %v", err)
	}
	if err := e.Sign(h.owner.Signer(), other.Agent()); err != nil {
		t.Fatal(err)
	}
	if err := other.Append(e); err != nil {
		t.Errorf("signed for the other agent: %v", err)
	}
}

// R may have a session to recover, and is never a device of the home.
func TestRoot(t *testing.T) {
	h := newHome(t)
	r := asDevice(t, h.root)
	if grant.NewLog(agentID).IsRoot(r.Public()) || grant.NewLog(agentID).IsRoot(identity.DevicePublic{}) {
		t.Error("an empty log has a root")
	}
	if !h.log.IsRoot(r.Public()) || h.log.IsRoot(h.owner.Public()) || h.log.IsRoot(identity.DevicePublic{}) {
		t.Error("R is not told from others")
	}
	if _, err := h.log.Admitted(r.Public(), now); !errors.Is(err, grant.ErrNotMember) {
		t.Errorf("R is admitted: %v", err)
	}
	for name, e := range map[string]grant.Entry{
		"added":   h.next(grant.Add, r, h.owner.Signer(), owner),
		"by R":    h.next(grant.Add, r, h.root.Signer(), owner),
		"granted": h.next(grant.Grant, r, h.owner.Signer(), nil),
		"revoked": h.next(grant.Revoke, r, h.owner.Signer(), nil),
	} {
		if err := h.log.Append(e); !errors.Is(err, grant.ErrSubject) {
			t.Errorf("R %s: %v", name, err)
		}
	}
	// R's own home with itself as the owner device is none either.
	genesis, err := grant.Genesis(h.root, r.Public(), "R", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := grant.NewLog(agentID).AppendBytes(genesis); !errors.Is(err, grant.ErrSubject) {
		t.Errorf("R as first owner: %v", err)
	}
}

// Even R leaves no home without an owner, and even in a log without room can bring one back.
func TestRecovery(t *testing.T) {
	h := newHome(t)
	lost, fresh := h.owner, device(t, 3)
	if err := h.log.Append(h.next(grant.Revoke, lost, h.root.Signer(), nil)); !errors.Is(err, grant.ErrLastOwner) {
		t.Errorf("the last owner, by R: %v", err)
	}
	if err := h.log.Append(h.next(grant.Grant, lost, h.root.Signer(), nil)); !errors.Is(err, grant.ErrLastOwner) {
		t.Errorf("the last owner down, by R: %v", err)
	}
	h.fill()
	if err := h.log.Append(h.next(grant.Add, fresh, h.owner.Signer(), owner)); !errors.Is(err, grant.ErrFull) {
		t.Errorf("an owner in a full log: %v", err)
	}
	// Who has not R's key does not get its places by naming it.
	forged := h.next(grant.Add, fresh, h.owner.Signer(), owner)
	forged.Issuer = [32]byte(h.root.Public().Bytes())
	if err := h.log.Append(forged); !errors.Is(err, grant.ErrSignature) {
		t.Errorf("in R's name: %v", err)
	}
	h.append(h.next(grant.Add, fresh, h.root.Signer(), owner))
	h.append(h.next(grant.Revoke, lost, h.root.Signer(), nil))
	if got := h.log.Owners(); len(got) != 1 || !got[0].Equal(fresh.Public()) {
		t.Errorf("owners %v", got)
	}
}

// fill appends until only the reserved places are left.
func (h *home) fill() {
	h.t.Helper()
	kind, many := grant.Add, cameras(grant.MaxCameras)
	for i := range 2000 {
		e := h.next(kind, device(h.t, 200), h.owner.Signer(), func(e *grant.Entry) { e.Cameras, e.Name = many, fmt.Sprint("n", i) })
		switch err := h.log.Append(e); {
		case err == nil:
			kind = grant.Grant
		case !errors.Is(err, grant.ErrFull):
			h.t.Fatal(err)
		case len(many) == 0:
			return
		default:
			many = many[:len(many)/2] // smaller ones may fit yet
		}
	}
	h.t.Fatal("the log never fills")
}

// Whatever is tried in whatever order, the log keeps its promises: there is always an owner, nobody is in by an invitation that was not
// open, and what was read back is what was written.
func TestLogKeepsItsPromises(t *testing.T) {
	renewed := 0
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { renewed += randomLife(t, rand.New(rand.NewPCG(seed, 1))) })
	}
	if renewed == 0 {
		t.Error("no guest was renewed by an invitation")
	}
}

func randomLife(t *testing.T, r *rand.Rand) (renewed int) {
	h := newHome(t)
	h.t = t
	people := []identity.DeviceKey{h.owner}
	for fill := byte(30); fill < 36; fill++ {
		people = append(people, device(t, fill))
	}
	var keys []identity.DeviceKey
	for fill := byte(40); fill < 52; fill++ {
		keys = append(keys, device(t, fill))
	}
	signers := append(append([]identity.DeviceKey{asDevice(t, h.root)}, people...), keys...)
	subjects := append(append([]identity.DeviceKey{}, people...), keys...)
	taken := 0
	for range 200 {
		issuer, subject := signers[r.IntN(len(signers))], subjects[r.IntN(len(subjects))]
		if owners := h.log.Owners(); r.IntN(2) == 0 { // else nearly all is refused for its issuer
			chosen := owners[r.IntN(len(owners))]
			issuer = signers[slices.IndexFunc(signers, func(p identity.DeviceKey) bool { return p.Public().Equal(chosen) })]
		}
		kind := grant.Kind(1 + r.IntN(4))
		open := openInvites(h.log)
		member, was := h.log.Member(issuer.Public())
		before, _ := h.log.Member(subject.Public())
		e := h.next(kind, subject, issuer.Signer(), func(e *grant.Entry) {
			if kind != grant.Revoke {
				[]func(*grant.Entry){owner, guest, func(*grant.Entry) {}}[r.IntN(3)](e)
			}
			if kind == grant.Invite {
				e.RedeemBefore = now.Add(time.Hour)
			}
		})
		if i, ok := h.log.Invitation(issuer.Public()); ok && r.IntN(4) > 0 {
			e.Terms = i.Entry.Terms
			if err := e.Sign(issuer.Signer(), agentID); kind != grant.Revoke && err != nil {
				t.Fatal(err)
			}
		}
		if h.log.Append(e) != nil {
			continue
		}
		taken++
		wasOwner := was && !member.Revoked && member.Role == grant.Owner
		if !wasOwner && !h.log.IsRoot(issuer.Public()) && (kind != grant.Add && kind != grant.Grant || !open[issuer.Public()]) {
			t.Fatalf("entry %d, kind %d, is by nobody who may", e.Seq, kind)
		}
		if !wasOwner && !h.log.IsRoot(issuer.Public()) && kind == grant.Grant {
			renewed++
			if before.Role == grant.Owner || before.Expires.IsZero() {
				t.Fatalf("entry %d takes by an invitation what was for good", e.Seq)
			}
		}
		if len(h.log.Owners()) == 0 {
			t.Fatalf("entry %d leaves nobody as owner", e.Seq)
		}
		if i, ok := h.log.Invitation(issuer.Public()); ok && i.State != grant.InviteUsed {
			t.Fatalf("entry %d leaves its invitation open", e.Seq)
		}
		for key := range openInvites(h.log) {
			i, _ := h.log.Invitation(key)
			by, err := identity.DevicePublicFromBytes(i.Entry.Issuer[:])
			if m, ok := h.log.Member(by); err != nil || !h.log.IsRoot(by) && (!ok || m.Revoked || m.Role != grant.Owner) {
				t.Fatalf("entry %d leaves an invitation open whose issuer is no owner", e.Seq)
			}
		}
	}
	if taken < 20 {
		t.Errorf("only %d entries were taken", taken)
	}
	again, err := grant.Parse(mustMarshal(t, h.log), agentID)
	if err != nil || again.Head() != h.log.Head() {
		t.Fatal(err)
	}
	sameState(t, again, h.log)
	checked, err := grant.ParseChecked(mustMarshal(t, h.log), agentID, uint64(h.log.Len()), h.log.Head())
	if err != nil {
		t.Fatal(err)
	}
	sameState(t, checked, h.log)
	return renewed
}

func openInvites(l *grant.Log) map[identity.DevicePublic]bool {
	open := map[identity.DevicePublic]bool{}
	for _, i := range l.Invites() {
		if i.State == grant.InviteOpen {
			open[i.Key] = true
		}
	}
	return open
}
