package viewer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer/words"
)

// What the owner's operations and Recover return, wrapped or not, beside grant.ErrEntry for terms that no entry may have. [Sentence] makes
// them readable.
var (
	ErrNoAgent         = words.Error("viewer: this device knows no such agent; claim it, or ask an owner for an invitation")
	ErrNotOwner        = words.Error("viewer: this device is not an owner here, or no longer; ask an owner to do this, or to make it one")
	ErrLastOwner       = words.Error("viewer: the last owner cannot be taken away; make another device an owner first")
	ErrMember          = words.Error("viewer: this device has been let in already; change what it may see instead")
	ErrNoMember        = words.Error("viewer: this device is not among those that have been let in; somebody may have revoked it meanwhile")
	ErrUnreached       = words.Error("viewer: the agent could not be reached in time, so nothing was changed; check that it runs and has a network, then try again")
	ErrUnconfirmed     = words.Error("viewer: the agent has not confirmed this yet; it stays pending until the agent's list shows what became of it")
	ErrCrowded         = words.Error("viewer: others change the list at the same time, again and again; wait a moment and try again")
	ErrLogFull         = words.Error("viewer: the agent's list is full; only revocations fit still. Reset the agent and claim it anew")
	ErrAgentDisk       = words.Error("viewer: the agent could not keep this on its disk; free some space there, then try again")
	ErrRefusedEntry    = words.Error("viewer: the agent finds this against its rules; update the agent and this program to the same version")
	ErrProof           = words.Error("viewer: the agent's confirmation does not hold, so this is not known to be done; check the agent")
	ErrKnockLost       = words.Error("viewer: the device was let in, but the agent does not say how it is to knock; revoke it and approve it again")
	ErrAlarm           = words.Error("viewer: the agent's list is not the one that this device saw before; look at what differs before anything is changed")
	ErrNothingToRepair = words.Error("viewer: there is nothing to repair")
	ErrForked          = words.Error("viewer: the agent's list was replaced by another, which giving it back cannot mend; reset the agent and claim it anew")
	ErrLost            = words.Error("viewer: the connection to the agent was lost; try again")
	ErrClosed          = words.Error("viewer: the connection was closed; open the page again")
)

// ReasonError is returned by operations on a home whose agent lets this device in no more, or never did.
type ReasonError struct{ Reason Reason }

func (e *ReasonError) Error() string { return "viewer: " + e.Reason.Sentence() }

// Sentence turns an error of an owner's operation or of Recover into a sentence for the user. Errors that it does not know, which may hold
// addresses, become a general one.
func Sentence(err error) string {
	var reason *ReasonError
	if errors.As(err, &reason) {
		return reason.Reason.Sentence()
	}
	if errors.Is(err, grant.ErrEntry) {
		// The rules about terms name what is wrong with them, and nothing else.
		text := err.Error()
		return words.Say(words.Whole(text[strings.LastIndex(text, ": ")+2:]))
	}
	for _, known := range []error{
		ErrNoAgent, ErrNotOwner, ErrLastOwner, ErrMember, ErrNoMember, ErrUnreached, ErrUnconfirmed, ErrCrowded, ErrLogFull, ErrAgentDisk,
		ErrRefusedEntry, ErrProof, ErrKnockLost, ErrAlarm, ErrNothingToRepair, ErrForked, ErrLost, ErrClosed, ErrWrongPhrase, ErrRecoverSilent,
	} {
		if errors.Is(err, known) {
			return words.Explain(known)
		}
	}
	if err == nil {
		return ""
	}
	return words.Say("Something went wrong on the way to the agent. Try again; if this lasts, restart the agent.")
}

// Added is what a device needs that was let in, to come to the agent.
type Added struct {
	Knock [16]byte // token of its first knock
	Home  identity.HomeID
}

// Add lets a device in. Like all that change the list of members it blocks until the agent has proven by its signature that it keeps the
// change, and shows it as pending in [Trust] meanwhile. If ctx ends before anything was sent, nothing was done (ErrUnreached); if after, it
// stays pending until the agent's list shows what became of it (ErrUnconfirmed).
func (v *Viewer) Add(ctx context.Context, agent identity.AgentID, device identity.DevicePublic, terms grant.Terms) (Added, error) {
	h, terms, err := v.begin(agent, terms)
	if err != nil {
		return Added{}, err
	}
	knock, err := h.carryOut(ctx, Pending{Kind: grant.Add, Device: device, Terms: terms}, func(log *grant.Log) (grant.Entry, error) {
		if m, ok := log.Member(device); ok && !m.Revoked {
			return grant.Entry{}, ErrMember
		}
		return v.entry(log, grant.Add, device, terms), nil
	})
	if err != nil {
		return Added{}, err
	}
	if knock == [16]byte{} { // the ack was lost: the log showed it, but not the token
		if knock, err = h.regrant(ctx, device, terms); err != nil {
			return Added{}, err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return Added{Knock: knock, Home: h.known.ID}, nil
}

// regrant gives a member the terms that it has, for the token that comes with the ack.
func (h *home) regrant(ctx context.Context, device identity.DevicePublic, terms grant.Terms) (knock [16]byte, err error) {
	knock, err = h.carryOut(ctx, Pending{Kind: grant.Grant, Device: device, Terms: terms}, func(log *grant.Log) (grant.Entry, error) {
		if m, ok := log.Member(device); !ok || m.Revoked {
			return grant.Entry{}, ErrNoMember
		}
		return h.v.entry(log, grant.Grant, device, terms), nil
	})
	if err == nil && knock == [16]byte{} {
		err = ErrKnockLost
	}
	return knock, err
}

// Change replaces a member's terms, its name among them.
func (v *Viewer) Change(ctx context.Context, agent identity.AgentID, device identity.DevicePublic, terms grant.Terms) error {
	h, terms, err := v.begin(agent, terms)
	if err != nil {
		return err
	}
	_, err = h.carryOut(ctx, Pending{Kind: grant.Grant, Device: device, Terms: terms}, func(log *grant.Log) (grant.Entry, error) {
		m, ok := log.Member(device)
		switch {
		case !ok || m.Revoked:
			return grant.Entry{}, ErrNoMember
		case m.Terms.Equal(terms):
			return grant.Entry{}, errMade
		case m.Role == grant.Owner && terms.Role != grant.Owner && len(log.Owners()) == 1:
			return grant.Entry{}, ErrLastOwner
		}
		return v.entry(log, grant.Grant, device, terms), nil
	})
	return err
}

// Revoke takes a member's access, or an open invitation, back.
func (v *Viewer) Revoke(ctx context.Context, agent identity.AgentID, device identity.DevicePublic) error {
	h := v.home(agent)
	if h == nil {
		return ErrNoAgent
	}
	_, err := h.carryOut(ctx, Pending{Kind: grant.Revoke, Device: device}, func(log *grant.Log) (grant.Entry, error) {
		if err := revocable(log, device); err != nil {
			return grant.Entry{}, err
		}
		return v.entry(log, grant.Revoke, device, grant.Terms{}), nil
	})
	return err
}

// revocable returns errMade if what is to be revoked is so already.
func revocable(log *grant.Log, key identity.DevicePublic) error {
	if i, ok := log.Invitation(key); ok {
		if i.State != grant.InviteOpen {
			return errMade
		}
		return nil
	}
	m, ok := log.Member(key)
	switch {
	case !ok:
		return ErrNoMember
	case m.Revoked:
		return errMade
	case m.Role == grant.Owner && len(log.Owners()) == 1:
		return ErrLastOwner
	}
	return nil
}

// Invite makes an invitation: whoever opens the link with the secret that it returns is let in with the given terms, once, and before
// redeemBefore, which is at most grant.MaxRedeem away.
func (v *Viewer) Invite(ctx context.Context, agent identity.AgentID, terms grant.Terms, redeemBefore time.Time) (pairing.Secret, error) {
	h, terms, err := v.begin(agent, terms)
	if err != nil {
		return pairing.Secret{}, err
	}
	secret, err := pairing.NewSecret(nil)
	if err != nil {
		return pairing.Secret{}, err
	}
	key := secret.InviteKey()
	redeemBefore = redeemBefore.Truncate(time.Second)
	_, err = h.carryOut(ctx, Pending{Kind: grant.Invite, Device: key, Terms: terms}, func(log *grant.Log) (grant.Entry, error) {
		e := v.entry(log, grant.Invite, key, terms)
		e.RedeemBefore = redeemBefore
		return e, nil
	})
	if err != nil {
		return pairing.Secret{}, err
	}
	return secret, nil
}

// begin finds the home of an operation and puts its terms into the form that entries have.
func (v *Viewer) begin(agent identity.AgentID, terms grant.Terms) (*home, grant.Terms, error) {
	terms = tidyTerms(terms)
	h := v.home(agent)
	if h == nil {
		return nil, terms, ErrNoAgent
	}
	if err := terms.Check(); err != nil {
		return nil, terms, fmt.Errorf("viewer: %w", err)
	}
	return h, terms, nil
}

// entry returns the log's next entry, unsigned.
func (v *Viewer) entry(log *grant.Log, kind grant.Kind, subject identity.DevicePublic, terms grant.Terms) grant.Entry {
	e := log.Next(kind, subject)
	e.Issued, e.Terms = v.now().UTC().Truncate(time.Second), terms
	return e
}

// tidyTerms cuts times to whole seconds and orders the cameras, each once.
func tidyTerms(t grant.Terms) grant.Terms {
	t.Name = strings.TrimSpace(t.Name)
	t.NotBefore, t.Expires = t.NotBefore.Truncate(time.Second), t.Expires.Truncate(time.Second)
	t.Cameras = slices.Clone(t.Cameras)
	slices.SortFunc(t.Cameras, func(a, b identity.CameraID) int { return slices.Compare(a[:], b[:]) })
	t.Cameras = slices.Compact(t.Cameras)
	return t
}
