package pair

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
)

// meet runs the display's half of one meeting. It owns pipe.
func (s *Screen) meet(ctx context.Context, pipe net.Conn) (viewer.Home, error) {
	conn, err := session.PairServer(ctx, pipe, s.cfg.Self)
	if err != nil {
		return viewer.Home{}, meetingError(err)
	}
	l := newLine(conn)
	defer l.close()
	defer l.leave()
	home, err := s.agree(ctx, l)
	if err == nil {
		return home, nil // the session's proper end tells the owner's device that all is well
	}
	why := control.PairFailed
	switch {
	case errors.Is(err, ErrDiffer):
		why = control.PairDigits
	case errors.Is(err, ErrTime), errors.Is(err, ErrCancelled), ctx.Err() != nil:
		why = control.PairCancelled
	}
	l.refuse(why)
	return viewer.Home{}, err
}

// agree is what is said in a meeting: commit, nonce, reveal, then what the people say.
func (s *Screen) agree(ctx context.Context, l *line) (viewer.Home, error) {
	commit, err := receive[*control.PairCommit](ctx, l, messageTime)
	if err != nil {
		return viewer.Home{}, err
	}
	if commit.Version != control.Version {
		return viewer.Home{}, fmt.Errorf("%w: version %d", ErrCheated, commit.Version)
	}
	own, err := pairing.NewNonce(nil)
	if err != nil {
		return viewer.Home{}, err
	}
	if err := l.send(&control.PairNonce{Nonce: own, Name: s.name()}); err != nil {
		return viewer.Home{}, meetingError(err)
	}
	reveal, err := receive[*control.PairReveal](ctx, l, messageTime)
	if err != nil {
		return viewer.Home{}, err
	}
	theirs := pairing.Nonce(reveal.Nonce)
	if !theirs.Opens(commit.Commitment) {
		return viewer.Home{}, fmt.Errorf("%w: it revealed another nonce than it had committed to", ErrCheated)
	}
	text, err := digits(l.conn, theirs, own)
	if err != nil {
		return viewer.Home{}, meetingError(err)
	}
	if err := s.compare(ctx, l, text); err != nil {
		return viewer.Home{}, err
	}
	s.show(View{
		State: Waiting, Digits: text, Until: time.Now().Add(ChooseTime),
		Sentence: words.Say("Now choose on the other device which cameras this screen shows."),
	})
	approved, err := receive[*control.PairApproved](ctx, l, ChooseTime)
	if err != nil {
		return viewer.Home{}, err
	}
	return viewer.Home{
		Agent: identity.AgentID(approved.Agent), Name: readable(approved.AgentName, control.MaxName), ID: identity.HomeID(approved.Home),
		Knock: approved.Knock, Ephemeral: approved.Ephemeral,
	}, nil
}

// compare shows the digits and waits for the person's answer. It returns nil once they agreed and the other device knows.
func (s *Screen) compare(ctx context.Context, l *line, text string) error {
	answer := s.ask(text)
	defer s.unask()
	t := time.NewTimer(CompareTime)
	defer t.Stop()
	s.show(View{
		State: Comparing, Digits: text, Until: time.Now().Add(CompareTime),
		Sentence: words.Say("Does the other device show the same digits? Then press OK here. If they differ, do not."),
	})
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return ErrTime
	case m, ok := <-l.in:
		if !ok {
			return l.ended()
		}
		if m, ok := m.(*control.PairRefused); ok {
			return refusal(m.Reason)
		}
		return fmt.Errorf("%w: it went on before the person here had agreed", ErrCheated)
	case same := <-answer:
		if !same {
			return ErrDiffer
		}
		if err := l.send(&control.PairConfirmed{}); err != nil {
			return meetingError(err)
		}
		return nil
	}
}
