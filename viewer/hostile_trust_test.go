package viewer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// An ack counts if it proves that the agent's log ends in exactly the entry that was sent; no other does.
func TestAckMustProve(t *testing.T) {
	for _, c := range []struct {
		name  string
		forge func(a *testAgent, good control.Appended) []control.Message
	}{
		{"signature of another", func(a *testAgent, m control.Appended) []control.Message {
			m.Sig[5] ^= 1
			return []control.Message{&m}
		}},
		{"no signature", func(a *testAgent, m control.Appended) []control.Message {
			m.Sig = [64]byte{}
			return []control.Message{&m}
		}},
		{"another entry", func(a *testAgent, m control.Appended) []control.Message {
			m.Head[0]++
			m.Sig = a.prove(m.Length, m.Head)
			return []control.Message{&m}
		}},
		{"a longer log", func(a *testAgent, m control.Appended) []control.Message {
			m.Length++
			m.Sig = a.prove(m.Length, m.Head)
			return []control.Message{&m}
		}},
		{"replay of the last ack", func(a *testAgent, m control.Appended) []control.Message {
			log := a.clone(a.log.Len() - 1)
			m.Length, m.Head, m.Sig = a.proof(log)
			return []control.Message{&m}
		}},
		{"answer to another request", func(a *testAgent, m control.Appended) []control.Message {
			m.Request += 7
			return []control.Message{&m}
		}},
		{"state of another home", func(a *testAgent, m control.Appended) []control.Message {
			b, _ := a.key.Signer().Sign(grant.AckMessage(a.id, identity.HomeID{1}, m.Length, m.Head))
			m.Sig = [64]byte(b)
			return []control.Message{&m}
		}},
		{"state of another agent", func(a *testAgent, m control.Appended) []control.Message {
			b, _ := a.key.Signer().Sign(grant.AckMessage(identity.AgentID{1}, a.log.Home(), m.Length, m.Head))
			m.Sig = [64]byte(b)
			return []control.Message{&m}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				phone := newDevice(t).Public()
				s.start(Config{Homes: []Home{s.home(a)}})
				defer s.stop()
				if err := s.v.Change(t.Context(), a.id, s.self.Public(), ownerTerms("first")); err != nil {
					t.Fatal(err)
				}
				a.set(func() {
					a.keeper.hostile = func(m control.Message) ([]control.Message, bool) {
						order, ok := m.(*control.Append)
						if !ok {
							return nil, false
						}
						// The entry is not kept: whoever believes the ack believes a lie.
						log := a.clone(a.log.Len())
						if err := log.AppendBytes(order.Entry); err != nil {
							t.Error(err)
						}
						good := control.Appended{Request: order.Request, Knock: [16]byte{1}}
						good.Length, good.Head, good.Sig = uint64(log.Len()), log.Head(), a.prove(uint64(log.Len()), log.Head())
						kept := a.log
						a.log = log
						forged := c.forge(a, good)
						a.log = kept
						return forged, true
					}
				})
				ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
				defer cancel()
				if added, err := s.v.Add(ctx, a.id, phone, viewerTerms("phone")); err == nil || added != (Added{}) {
					t.Fatalf("believed: %+v", added)
				}
				a.set(func() { a.keeper.hostile = nil })
				time.Sleep(time.Minute)
				trust := s.trust(a)
				if trust.device(phone).Name != "" || len(trust.Pending) != 0 {
					t.Errorf("%+v", trust)
				}
				// And the true ack is taken.
				if _, err := s.v.Add(t.Context(), a.id, phone, viewerTerms("phone")); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// What an agent says about its log without being asked, or otherwise than asked, ends the session and leaves the mirror as it was. However
// long it goes on, it is not kept.
func TestHostileLogMessages(t *testing.T) {
	stranger := newDevice(t)
	for _, c := range []struct {
		name string
		say  func(a *testAgent) control.Message // out of the blue
		part func(a *testAgent, from uint64) []control.Message
	}{
		{"part that nobody asked for", func(a *testAgent) control.Message { return a.parts(0)[0] }, nil},
		{"ack that nobody asked for", func(a *testAgent) control.Message {
			m := &control.Appended{Request: 1}
			m.Length, m.Head, m.Sig = a.proof(a.log)
			return m
		}, nil},
		{"refusal that nobody asked for", func(a *testAgent) control.Message {
			return &control.NotAppended{Request: 1, Reason: control.AppendNotNext}
		}, nil},
		{"page of the journal that nobody asked for", func(*testAgent) control.Message { return &control.Journal{} }, nil},
		{"offer of an invitation", func(a *testAgent) control.Message {
			return &control.Redeem{Home: a.log.Home(), Seq: 1, Entry: []byte{1}}
		}, nil},
		{"head with a wrong signature", func(a *testAgent) control.Message {
			return &control.LogHead{Length: 2, Head: [32]byte{1}, Sig: [64]byte{1}}
		}, nil},
		{"terms with a camera of another agent", func(a *testAgent) control.Message {
			return &control.Terms{Role: 1, Rights: 15, Cameras: []control.Camera{{ID: [16]byte{1}, Streams: []seal.Stream{0}, Sig: make([]byte, 64)}}}
		}, nil},
		{"head of a log that is not there", promise, func(a *testAgent, from uint64) []control.Message { return a.parts(from) }},
		{"parts from another place", promise, func(a *testAgent, _ uint64) []control.Message { return a.parts(0) }},
		{"an entry of a stranger", promise, func(a *testAgent, from uint64) []control.Message {
			e := a.log.Next(grant.Add, stranger.Public())
			e.Issued, e.Terms = time.Now().Truncate(time.Second), ownerTerms("evil")
			if err := e.Sign(stranger.Signer(), a.id); err != nil {
				t.Error(err)
			}
			head := [32]byte(e.Hash())
			return []control.Message{&control.LogPart{
				From: from, Length: from + 1, Head: head, Sig: a.prove(from+1, head), Entries: grant.AppendFramed(nil, &e),
			}}
		}},
		{"cut-off entries", promise, func(a *testAgent, from uint64) []control.Message {
			head := [32]byte{9}
			return []control.Message{&control.LogPart{From: from, Length: from + 1, Head: head, Sig: a.prove(from+1, head), Entries: []byte{0, 0, 9, 9, 1}}}
		}},
		{"as much as fits, of nothing", promise, func(a *testAgent, from uint64) []control.Message {
			head := [32]byte{9}
			return []control.Message{&control.LogPart{
				From: from, Length: grant.MaxEntries, Head: head, Sig: a.prove(grant.MaxEntries, head), Entries: make([]byte, control.MaxLogPart),
			}}
		}},
		{"nothing at all", promise, func(*testAgent, uint64) []control.Message { return nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				a := s.agent()
				s.start(Config{Homes: []Home{s.home(a)}})
				defer s.stop()
				s.trust(a)
				a.mu.Lock()
				before := a.hellos
				if c.part != nil {
					a.keeper.hostile = func(m control.Message) ([]control.Message, bool) {
						if wanted, ok := m.(*control.LogWanted); ok {
							return c.part(a, wanted.From), true
						}
						return nil, false
					}
				}
				m := c.say(a)
				a.mu.Unlock()
				for range 3 { // whether it is said once or again and again
					a.tell(m)
				}
				time.Sleep(partWithin + 10*time.Second)
				a.mu.Lock()
				after := a.hellos
				a.keeper.hostile = nil
				a.mu.Unlock()
				if after == before {
					t.Error("the session goes on")
				}
				time.Sleep(time.Minute)
				trust := s.trust(a)
				if len(trust.Devices) != 1 || trust.Alarm != nil {
					t.Errorf("%+v", trust)
				}
			})
		})
	}
}

// promise is the head of a log that is one entry longer than the agent's.
func promise(a *testAgent) control.Message {
	m := &control.LogHead{Length: uint64(a.log.Len()) + 1, Head: [32]byte{9}}
	m.Sig = a.prove(m.Length, m.Head)
	return m
}

// Parts without end come to one: each makes the log longer, and a log has a greatest length. A log that changes all the time is not
// fetched all the time.
func TestEndlessLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		a := s.agent()
		s.start(Config{Homes: []Home{s.home(a)}})
		defer s.stop()
		s.trust(a)
		a.mu.Lock()
		hellos, heads := a.hellos, byte(0)
		a.keeper.hostile = func(m control.Message) ([]control.Message, bool) {
			if _, ok := m.(*control.LogWanted); !ok {
				return nil, false
			}
			// Each answer ends in another head of the same length: a fork, again and again.
			e := a.log.Entries(0)[0]
			heads++
			next := &control.LogHead{Length: 1, Head: [32]byte{heads}}
			next.Sig = a.prove(next.Length, next.Head)
			part := &control.LogPart{Length: 1, Head: a.log.Head(), Sig: a.prove(1, a.log.Head()), Entries: grant.AppendFramed(nil, &e)}
			return []control.Message{part, next}, true
		}
		first := &control.LogHead{Length: 1, Head: [32]byte{0xff}}
		first.Sig = a.prove(1, first.Head)
		a.mu.Unlock()
		a.tell(first)
		synctest.Wait()
		a.mu.Lock()
		wanted := a.keeper.wanted
		a.keeper.hostile = nil
		a.mu.Unlock()
		if wanted > maxWhole+1 {
			t.Errorf("asked %d times", wanted)
		}
		time.Sleep(20 * time.Second)
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.hellos == hellos {
			t.Error("the session goes on")
		}
	})
}

// The acceptance of an agent that takes the device for R, or has no log, is none.
func TestHostileAccept(t *testing.T) {
	agent, err := identity.GenerateAgent(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]*control.Accept{
		"recovery":      {Version: control.Version, LogLength: 1, Recovery: true},
		"no log":        {Version: control.Version, Role: 1, Rights: 15},
		"other version": {Version: control.Version + 1, LogLength: 1, Role: 1, Rights: 15},
	} {
		if err := verifyAccept(m, agent.Public()); err == nil || !errors.Is(err, errAccept) && reasonOf(err) != ReasonVersion {
			t.Errorf("%s: %v", name, err)
		}
	}
}
