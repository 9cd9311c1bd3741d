package pair

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/session"
	"github.com/sealcam/sealcam/signal"
)

// Times of a meeting.
const (
	// CompareTime is how long the people have to compare the digits.
	CompareTime = 2 * time.Minute
	// ChooseTime is how long the owner has to choose cameras and approve, once the digits were found to be the same.
	ChooseTime = 5 * time.Minute

	messageTime = 10 * time.Second // for what programs say
	knockTime   = 10 * time.Second

	// maxWaiting bounds the messages that were not looked at. An honest end never has more than two under way.
	maxWaiting = 4
)

// DialFunc connects to the server: as a viewer with the device's own key, or as an agent with a code's.
type DialFunc func(ctx context.Context, role signal.Role, self identity.Signer) (*signal.Client, error)

// line is an established session of a meeting, with a goroutine that reads it.
type line struct {
	conn *session.Conn
	in   chan control.Message // closed when reading ended
	quit chan struct{}        // closed when nobody wants what comes any more
	done chan struct{}        // closed when the reader has ended
	err  error                // why reading ended; read it once in is closed
}

func newLine(conn *session.Conn) *line {
	l := &line{conn: conn, in: make(chan control.Message, maxWaiting), quit: make(chan struct{}), done: make(chan struct{})}
	go l.read()
	return l
}

func (l *line) read() {
	defer close(l.done)
	defer close(l.in)
	for {
		b, err := l.conn.ReadMessage()
		if err != nil {
			l.err = err
			return
		}
		m, err := control.Decode(b)
		if err != nil {
			l.err = err
			return
		}
		select {
		case l.in <- m:
		case <-l.quit:
			l.err = io.ErrClosedPipe
			return
		}
	}
}

// leave lets receive return. It must be called once, before close.
func (l *line) leave() { close(l.quit) }

// close ends the session and waits for the reader.
func (l *line) close() {
	l.conn.Close()
	<-l.done
}

func (l *line) send(m control.Message) error {
	b, err := control.Encode(m)
	if err != nil {
		return err
	}
	if err := l.conn.SetWriteDeadline(time.Now().Add(messageTime)); err != nil {
		return err
	}
	return l.conn.WriteMessage(b)
}

// refuse tells the other end, if it still listens, why this end goes.
func (l *line) refuse(why control.PairReason) { _ = l.send(&control.PairRefused{Reason: why}) }

// ended says why no message came.
func (l *line) ended() error {
	if errors.Is(l.err, io.EOF) {
		return ErrGone
	}
	return meetingError(l.err)
}

// errLeft is what receive returns after leave.
var errLeft = errors.New("pair: left")

// receive waits for a message of one type. A refusal is an error, and so is any other message.
func receive[M control.Message](ctx context.Context, l *line, within time.Duration) (message M, err error) {
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return message, ctx.Err()
	case <-l.quit:
		return message, errLeft
	case <-t.C:
		return message, ErrTime
	case m, ok := <-l.in:
		if !ok {
			return message, l.ended()
		}
		switch m := m.(type) {
		case M:
			return m, nil
		case *control.PairRefused:
			return message, refusal(m.Reason)
		}
		return message, fmt.Errorf("%w: an unexpected message", ErrCheated)
	}
}

// digits are what both ends show.
func digits(conn *session.Conn, approver, display pairing.Nonce) (string, error) {
	exporter, err := conn.Export(pairing.PairExporterLabel, pairing.ExporterSize)
	if err != nil {
		return "", err
	}
	return pairing.Digits(exporter, approver, display), nil
}

// readable makes a name that another device chose fit to be shown: without controls, which a terminal would obey, and without the marks
// that turn the direction of what stands around it (Unicode UAX #9).
func readable(name string, most int) string {
	out := make([]rune, 0, len(name))
	for _, r := range name {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar {
			continue
		}
		out = append(out, r)
	}
	text := string(out)
	for len(text) > most {
		out = out[:len(out)-1]
		text = string(out)
	}
	return text
}
