package adversary

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// Options bound a search.
type Options struct {
	Moves    int // the length of the longest sequence
	Clocks   ClockPlan
	Weakness Weakness // of all viewers
}

// Result says what a search has looked at.
type Result struct {
	States   int // different ones, found by hash
	Moves    int // tried in them
	Viewers  int // different conditions that a viewer came into
	Steps    int // of real receivers: frames opened or refused, messages taken, pictures looked at
	Sessions int // TLS sessions set up to hand them something
	// Broken is the shortest sequence of moves that broke a promise, with the promise; empty if there is none.
	Broken string
}

// node is a condition that a viewer can be in, and how to get there. Real receivers are made again by going there; one that is left
// unchanged by what it was given stands ready for the next try.
type node struct {
	viewer int
	path   []input
	ready  *receiver
	next   map[input]uint32
}

// input is something that happens to a viewer.
type input struct {
	what       event
	frame      frameID
	opened     uint8 // welcome: in which tick the session was opened
	life, step uint8 // of the agent when it spoke
}

type event uint8

const (
	gotFrame event = iota
	gotWelcome
	gotEpoch
	gotRefusal
	sessionOver
	timePassed
)

// searcher holds what has been found.
type searcher struct {
	options  Options
	world    *world
	sessions sessions
	result   Result

	nodes  []*node
	byMark map[mark]uint32
	broken []string // by node

	seen   map[hash]struct{}
	hasher *hasher
	layer  []found // the states found last
	parent []step  // how each state of the layers before the last was found
	last   bool    // nothing is expanded any more
	list   []move  // of moves
}

type mark struct {
	viewer int
	print  [sha256.Size]byte
}

type found struct {
	state state
	at    int32 // in parent
}

type step struct {
	parent int32 // or below 0, ^number of the start
	move   move
}

// starts are where sequences begin, each with the moves that lead there.
var starts = []struct {
	name  string
	moves []move
}{
	{"cold", nil},
	{"with pictures running", warm},
	{"after nothing came for nine seconds", append(warm[:len(warm):len(warm)], move{kind: wait}, move{kind: wait}, move{kind: wait})},
	{"after a restart of home 0", append(warm[:len(warm):len(warm)], move{kind: wait}, move{kind: restartAgent, a: 0}, move{kind: deliverNote, a: owner})},
}

var warm = []move{
	{kind: deliverNote, a: owner},
	{kind: deliver, a: owner},
	{kind: deliverNote, a: guest},
	{kind: deliver, a: guest},
	{kind: deliverNote, a: neighbor},
	{kind: deliver, a: neighbor},
}

// Search tries every sequence of moves up to the length given, from a cold start, from running pictures, from a long silence and from a
// restart. It returns an error only if it could not be carried out, or if a session took what was not meant for it.
func Search(ctx context.Context, o Options) (Result, error) {
	w, err := newWorld(o.Clocks)
	if err != nil {
		return Result{}, err
	}
	s := &searcher{
		options: o, world: w, sessions: sessions{world: w, known: map[trial]bool{}},
		byMark: map[mark]uint32{}, seen: map[hash]struct{}{}, hasher: newHasher(),
	}
	cold := state{}
	for v := range viewers {
		cold.nodes[v] = s.node(v, nil, newReceiver(w, v, o.Weakness))
		s.connect(&cold, v)
		s.publish(&cold, homeOf(v), v)
	}
	for i, start := range starts {
		st := cold
		for _, m := range start.moves {
			if st, err = s.apply(st, m); err != nil {
				return Result{}, err
			}
		}
		s.add(&st, int32(^i), move{})
	}
	for n := range o.Moves {
		s.last = n == o.Moves-1
		if err := s.expand(ctx); err != nil {
			return Result{}, err
		}
		if s.result.Broken != "" {
			break
		}
	}
	s.result.States, s.result.Viewers, s.result.Sessions = len(s.seen), len(s.nodes), s.sessions.tried
	return s.result, nil
}

// expand tries every move in the states found last.
func (s *searcher) expand(ctx context.Context) error {
	layer := s.layer
	s.layer = nil
	for _, f := range layer {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, m := range s.moves(&f.state) {
			s.result.Moves++
			to, err := s.apply(f.state, m)
			if err != nil {
				return fmt.Errorf("%w; %s", err, s.trace(f.at, m))
			}
			s.add(&to, f.at, m)
		}
		if s.result.Broken != "" {
			return nil
		}
	}
	return nil
}

// add notes a state if it is new, and whether a promise is broken in it.
func (s *searcher) add(to *state, from int32, m move) {
	h := s.hasher.hash(to)
	if _, ok := s.seen[h]; ok {
		return
	}
	s.seen[h] = struct{}{}
	for v, n := range to.nodes {
		if s.broken[n] != "" && s.result.Broken == "" {
			s.result.Broken = fmt.Sprintf("viewer %d: %s; %s", v, s.broken[n], s.trace(from, m))
		}
	}
	if !s.last {
		s.parent = append(s.parent, step{from, m})
		s.layer = append(s.layer, found{*to, int32(len(s.parent) - 1)})
	}
}

// trace tells the moves that led to a state, and one more.
func (s *searcher) trace(at int32, last move) string {
	moves := []string{last.String()}
	for ; at >= 0; at = s.parent[at].parent {
		if s.parent[at].parent >= 0 {
			moves = append(moves, s.parent[at].move.String())
		}
	}
	slices.Reverse(moves)
	return starts[^at].name + ": " + strings.Join(moves, "; ")
}

// node returns the number of the condition that a receiver is in.
func (s *searcher) node(viewer int, path []input, r *receiver) uint32 {
	m := mark{viewer, fingerprint(r)}
	if n, ok := s.byMark[m]; ok {
		if s.nodes[n].ready == nil {
			s.nodes[n].ready = r
		}
		return n
	}
	n := uint32(len(s.nodes))
	s.byMark[m] = n
	s.nodes = append(s.nodes, &node{viewer: viewer, path: path, ready: r, next: map[input]uint32{}})
	s.broken = append(s.broken, r.broken)
	return n
}

// become returns what a viewer becomes by an input. It is tried on a real receiver the first time.
func (s *searcher) become(at uint32, in input) uint32 {
	n := s.nodes[at]
	if to, ok := n.next[in]; ok {
		return to
	}
	r := n.ready
	n.ready = nil
	if r == nil {
		r = newReceiver(s.world, n.viewer, s.options.Weakness)
		for _, earlier := range n.path {
			r.take(earlier)
			s.result.Steps++
		}
	}
	r.take(in)
	s.result.Steps++
	path := append(n.path[:len(n.path):len(n.path)], in)
	to := s.node(n.viewer, path, r)
	n.next[in] = to
	return to
}

func (r *receiver) take(in input) {
	switch in.what {
	case gotFrame:
		r.frame(in.frame)
	case gotWelcome:
		r.welcome(int(in.opened), int(in.life), epochOf(in.step))
	case gotEpoch:
		r.epoch(int(in.life), epochOf(in.step))
	case gotRefusal:
		r.refuse()
	case sessionOver:
		r.end()
	case timePassed:
		r.wait()
	}
}

// epochOf returns which epoch of its life an agent is in.
func epochOf(step uint8) int {
	if step >= revokeStep {
		return 1
	}
	return 0
}
