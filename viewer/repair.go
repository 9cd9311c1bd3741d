package viewer

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// Repair gives an agent whose list lacks entries that this device saw the missing ones back. They are signed as they ever were, so nobody
// needs to be asked again. It blocks until the agent has proven that it keeps them. Without an alarm it returns ErrNothingToRepair, and
// ErrForked if the agent's list goes on otherwise, which cannot be mended so.
func (v *Viewer) Repair(ctx context.Context, agent identity.AgentID) error {
	h := v.home(agent)
	if h == nil {
		return ErrNoAgent
	}
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return unsent(ctx)
	}
	failed := 0
	for given := 0; failed < maxTries; given++ {
		if !pace(ctx, given) {
			return unsent(ctx)
		}
		c, err := h.giveBack(ctx)
		if errors.Is(err, errMade) && given > 0 {
			return nil
		}
		if errors.Is(err, errMade) {
			return ErrNothingToRepair
		}
		if err != nil {
			return err
		}
		done, err := h.await(ctx, c)
		if err != nil {
			return err
		}
		if !done {
			failed++
		}
	}
	return ErrCrowded
}

// giveBack sends the first entry that the agent lacks. errMade says that there is none, or no longer.
func (h *home) giveBack(ctx context.Context) (c *change, err error) {
	err = h.until(ctx, func() (bool, error) {
		s := h.session
		switch {
		case h.v.ended:
			return false, ErrClosed
		case h.alarm == nil:
			return false, errMade
		case s == nil, s.over, !s.barred, !s.sync.asked.IsZero(), s.append.change != nil:
			return false, nil
		case !h.alarm.Repairable || h.mirror == nil || s.sync.theirs == nil:
			return false, ErrForked
		}
		theirs := s.sync.theirs
		if theirs.Len() >= h.mirror.Len() {
			h.repaired(s)
			return false, errMade
		}
		entry := h.mirror.Entries(uint64(theirs.Len()))[0]
		encoded, err := entry.MarshalBinary()
		if err != nil {
			return false, fmt.Errorf("viewer: %w", err)
		}
		c = &change{}
		s.send(h.v.now(), c, entry, encoded)
		return true, nil
	})
	if err != nil && errors.Is(err, ctx.Err()) {
		return nil, unsent(ctx)
	}
	return c, err
}

// repaired ends the alarm once the agent has everything again; the next session shows it. The caller holds mu.
func (h *home) repaired(s *agentSession) {
	if grant.Compare(h.mirror, s.sync.theirs) != nil {
		return
	}
	h.alarm = nil
	s.cancel(errRepaired)
	h.notify()
}
