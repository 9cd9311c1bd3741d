package adversary

// moves returns every move that is possible in a state. The list is good until the next call.
func (s *searcher) moves(st *state) []move {
	list := s.list[:0]
	add := func(k kind, a, b int) { list = append(list, move{k, uint8(a), uint8(b)}) }
	if st.tick < maxTicks {
		add(wait, 0, 0)
	}
	for h := range homes {
		if st.life[h] == 0 {
			add(restartAgent, h, 0)
		}
	}
	for v := range viewers {
		media, notes, conn := &st.media[v], &st.notes[v], &st.conns[v]
		if media.n > 0 {
			add(deliver, v, 0)
			add(drop, v, 0)
		}
		if notes.n > 0 {
			add(dropNote, v, 0)
		}
		if notes.n > 0 && !conn.dead {
			add(deliverNote, v, 0)
		}
		if !conn.dead {
			add(bounce, v, 0)
			if conn.read > 0 {
				add(replayNote, v, 0)
			}
			if conn.number > 0 {
				add(replayNote, v, 1)
			}
		}
		if conn.number == 0 && s.member(st, v) {
			add(restartConn, v, 0)
		}
		if media.n > 1 {
			add(swap, v, v)
		}
		for w := v + 1; w < viewers; w++ {
			if media.n > 0 && st.media[w].n > 0 {
				add(swap, v, w)
			}
			if notes.n > 0 && st.notes[w].n > 0 {
				add(swapNote, v, w)
			}
		}
		s.received(st, func(id frameID) { add(replay, v, int(id)) })
	}
	s.list = list
	return list
}

// received calls f for every frame that the server has received so far.
func (s *searcher) received(st *state, f func(frameID)) {
	for h := range homes {
		for i, shot := range script {
			if st.life[h] > 0 && shot.step <= st.last[h] {
				f(frameOf(h, 0, i))
			}
			if shot.step <= st.step[h] {
				f(frameOf(h, int(st.life[h]), i))
			}
		}
	}
}

// member reports whether a viewer is still granted anything. The guest is no longer once its agent has come to revokeStep, or has
// started anew.
func (s *searcher) member(st *state, v int) bool {
	return v != guest || st.life[0] == 0 && st.step[0] < revokeStep
}

// apply returns the state after a move.
func (s *searcher) apply(st state, m move) (state, error) {
	v := int(m.a)
	switch m.kind {
	case deliver:
		s.happen(&st, v, input{what: gotFrame, frame: st.media[v].pop()})
	case replay:
		s.happen(&st, v, input{what: gotFrame, frame: frameID(m.b)})
	case drop:
		st.media[v].pop()
	case swap:
		if m.a == m.b {
			q := &st.media[v]
			q.items[0], q.items[1] = q.items[1], q.items[0]
		} else {
			a, b := &st.media[m.a].items[0], &st.media[m.b].items[0]
			*a, *b = *b, *a
		}
	case dropNote:
		st.notes[v].pop()
	case swapNote:
		a, b := &st.notes[m.a].items[0], &st.notes[m.b].items[0]
		*a, *b = *b, *a
	case deliverNote:
		n := st.notes[v].pop()
		older := int(n.viewer) == v && n.connection != st.conns[v].number
		return st, s.hand(&st, v, record{viewer: n.viewer, older: older, message: n.message})
	case replayNote:
		if m.b == 1 {
			return st, s.hand(&st, v, record{viewer: m.a, older: true})
		}
		return st, s.hand(&st, v, record{viewer: m.a, message: st.conns[v].read - 1})
	case bounce:
		return st, s.hand(&st, v, record{viewer: m.a, own: true})
	case restartConn:
		s.reconnect(&st, v)
	case restartAgent:
		s.restart(&st, v)
	case wait:
		s.wait(&st)
	}
	return st, nil
}

// happen lets something happen to a viewer.
func (s *searcher) happen(st *state, v int, in input) { st.nodes[v] = s.become(st.nodes[v], in) }

// hand gives a viewer's session a record, for real, and the viewer the message in it; a record that the session does not take ends it.
func (s *searcher) hand(st *state, v int, r record) error {
	conn := &st.conns[v]
	taken, err := s.sessions.takes(trial{uint8(v), conn.read, r})
	if err != nil {
		return err
	}
	if !taken {
		conn.dead = true
		s.happen(st, v, input{what: sessionOver})
		return nil
	}
	conn.read++
	switch {
	case r.message == 0:
		s.happen(st, v, input{what: gotWelcome, opened: conn.tick, life: conn.life, step: conn.step})
	case v == guest:
		conn.dead = true
		s.happen(st, v, input{what: gotRefusal})
	default:
		s.happen(st, v, input{what: gotEpoch, life: conn.life, step: revokeStep})
	}
	return nil
}

// connect opens a session of a viewer: the agent's welcome is on its way.
func (s *searcher) connect(st *state, v int) {
	h := homeOf(v)
	c := &st.conns[v]
	*c = connection{number: c.number, life: st.life[h], step: st.step[h], tick: st.tick}
	st.notes[v] = queue[note]{}
	st.notes[v].push(note{uint8(v), c.number, 0})
}

// publish puts what an agent publishes in its present step into a viewer's queue.
func (s *searcher) publish(st *state, h, v int) {
	for i, shot := range script {
		if shot.step == st.step[h] && shot.stream == 0 && (shot.epoch == 0 || v != guest) {
			st.media[v].push(frameOf(h, int(st.life[h]), i)) // a full queue drops it, as the server's does
		}
	}
}

// reconnect ends a viewer's session and opens another. The relay sends it the current GOP.
func (s *searcher) reconnect(st *state, v int) {
	h := homeOf(v)
	st.conns[v].number++
	s.connect(st, v)
	st.media[v] = queue[frameID]{}
	newest := uint32(0)
	for _, shot := range script {
		if shot.step <= st.step[h] {
			newest = max(newest, shot.gop)
		}
	}
	for i, shot := range script {
		if shot.step <= st.step[h] && shot.stream == 0 && shot.gop == newest && int(shot.epoch) == epochOf(st.step[h]) {
			st.media[v].push(frameOf(h, int(st.life[h]), i))
		}
	}
	s.happen(st, v, input{what: sessionOver})
}

// restart begins an agent's second life; those of its viewers that are still granted something connect again.
func (s *searcher) restart(st *state, h int) {
	st.last[h], st.life[h], st.step[h] = st.step[h], 1+st.tick, 0
	for v := range viewers {
		switch {
		case homeOf(v) != h:
		case s.member(st, v):
			s.reconnect(st, v)
		default:
			st.conns[v].dead, st.notes[v], st.media[v] = true, queue[note]{}, queue[frameID]{}
			s.happen(st, v, input{what: sessionOver})
		}
	}
}

// wait lets time pass: the agents take the next pictures, and say what there is to say.
func (s *searcher) wait(st *state) {
	st.tick++
	for h := range homes {
		if st.step[h] == lastStep {
			continue
		}
		was := [viewers]bool{}
		for v := range viewers {
			was[v] = s.member(st, v)
		}
		st.step[h]++
		for v := range viewers {
			if homeOf(v) != h || !was[v] {
				continue
			}
			s.publish(st, h, v)
			if st.step[h] == revokeStep && st.conns[v].step < revokeStep && st.conns[v].life == st.life[h] {
				st.notes[v].push(note{uint8(v), st.conns[v].number, 1})
			}
		}
	}
	for v := range viewers {
		s.happen(st, v, input{what: timePassed})
	}
}
