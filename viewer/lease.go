package viewer

import (
	"context"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/internal/pause"
)

// Times of renewing the leases of screens.
const (
	leaseEvery = 6 * time.Hour       // between two looks, while an owner's session lasts
	leaseSeen  = 14 * 24 * time.Hour // a screen that nobody switched on for longer is left to expire
	leaseMost  = 90 * 24 * time.Hour
	// leaseSlack is how far back a renewed lease begins, so that an agent whose clock is a little behind does not shut the screen out.
	leaseSlack = 10 * time.Minute
	// leaseSplit is how far this device's clock and the agent's may differ before neither is trusted with dates.
	leaseSplit = 12 * time.Hour
	leaseRetry = time.Minute
)

// keepLeases renews the leases of screens for as long as the session lasts: those that have less than half their term left.
func (s *agentSession) keepLeases(ctx context.Context) {
	for {
		wait := leaseEvery
		if !s.renewLeases(ctx) {
			wait = leaseRetry
		}
		if !pause.For(ctx, wait) {
			return
		}
	}
}

// renewLeases looks once. It reports whether everything that was due is renewed.
func (s *agentSession) renewLeases(ctx context.Context) bool {
	h := s.h
	if !s.awaitFacts(ctx) {
		return false
	}
	good := true
	for _, screen := range h.dueLeases() {
		device := screen.Device
		pending := Pending{Kind: grant.Grant, Device: device, Terms: renewed(h.v.now(), screen.Terms)}
		_, err := h.carryOut(ctx, pending, func(log *grant.Log) (grant.Entry, error) {
			now := h.v.now()
			m, ok := log.Member(device)
			if !ok || !leaseDue(now, &m) {
				return grant.Entry{}, errMade // another owner's device was first, or wants it otherwise
			}
			return h.v.entry(log, grant.Grant, device, renewed(now, m.Terms)), nil
		})
		if err != nil {
			h.v.log.Info("viewer: a screen's lease was not renewed", "agent", h.id.Fingerprint(), "device", device.ID().Fingerprint(), "error", err)
			good = false
		}
	}
	return good
}

// awaitFacts asks when the devices were last seen, and waits for the answer and for the agent's clock; false if ctx ended.
func (s *agentSession) awaitFacts(ctx context.Context) bool {
	asked := false
	err := s.h.until(ctx, func() (bool, error) {
		if !s.h.inStep() {
			return false, nil
		}
		now := s.h.v.now()
		if !asked {
			asked, s.states.lease = true, true
			s.states.known = nil
			s.states.on = false // so that it is asked for anew
			s.h.askStates(now)
		}
		_, clocked := s.h.clock.Latest(now)
		return clocked && s.states.known != nil, nil
	})
	return err == nil
}

// dueLeases returns the screens whose leases are to be renewed: none if this device and the agent do not agree about the date.
func (h *home) dueLeases() (due []grant.Member) {
	h.v.mu.Lock()
	defer h.v.mu.Unlock()
	now := h.v.now()
	latest, ok := h.clock.Latest(now)
	if !ok || !h.inStep() || h.agent.Wall(latest).Sub(now).Abs() > leaseSplit {
		return nil
	}
	for _, m := range h.mirror.Members() {
		seen := h.session.states.known[m.Device].seen
		if leaseDue(now, &m) && !seen.IsZero() && now.Sub(seen) < leaseSeen {
			due = append(due, m)
		}
	}
	return due
}

// leaseDue reports whether a member is a screen whose lease runs, but not for another half of its term.
func leaseDue(now time.Time, m *grant.Member) bool {
	if m.Role != grant.Display || m.Revoked || m.Expires.IsZero() || now.Before(m.NotBefore) {
		return false
	}
	left := m.Expires.Sub(now)
	return left > 0 && left < leaseTerm(m.Terms)/2
}

// leaseTerm is how long a lease is made for.
func leaseTerm(t grant.Terms) time.Duration { return min(t.Expires.Sub(t.NotBefore), leaseMost) }

// renewed returns the same terms from now on, for as long as they were made for before, up to leaseMost.
func renewed(now time.Time, t grant.Terms) grant.Terms {
	term := leaseTerm(t)
	begin := now.Add(-min(leaseSlack, term/4)).UTC().Truncate(time.Second)
	t.NotBefore, t.Expires = begin, begin.Add(term)
	return t
}
