package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxLine bounds a line that is typed or pasted: a phrase or a link is far shorter.
const maxLine = 8 << 10

var errNoInput = errors.New("there is nobody to answer: run this in a terminal, or give the answer on standard input")

// input is what a person types, or a script in that place. It reads byte by byte, so that nothing of what follows is taken with a line.
type input struct {
	reader   io.Reader
	terminal *os.File // nil: a pipe or a file
	reading  chan reading
}

type reading struct {
	line string
	err  error
}

func newInput(r io.Reader) *input {
	in := &input{reader: r}
	if f, ok := r.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		in.terminal = f
	}
	return in
}

// line waits for a line. A read of standard input cannot be taken back: when ctx ends first, its goroutine stays until the process ends,
// and the line goes to the next call.
func (in *input) line(ctx context.Context) (string, error) {
	return in.read(ctx, func() (string, error) { return readLine(in.reader) })
}

// secret waits for a line that a terminal does not show.
func (in *input) secret(ctx context.Context) (string, error) {
	if in.terminal == nil {
		return in.line(ctx)
	}
	fd := int(in.terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("the terminal cannot be made to hide what is typed: %w", err)
	}
	text, err := in.read(ctx, func() (string, error) {
		b, err := term.ReadPassword(fd)
		return string(b), err
	})
	if ctx.Err() != nil {
		return "", errors.Join(ctx.Err(), term.Restore(fd, before)) // the shell must not stay mute
	}
	return text, err
}

func (in *input) read(ctx context.Context, read func() (string, error)) (string, error) {
	if in.reading == nil {
		in.reading = make(chan reading, 1)
		go func(result chan<- reading) {
			line, err := read()
			result <- reading{line, err}
		}(in.reading)
	}
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-in.reading:
		in.reading = nil
		if errors.Is(r.err, io.EOF) {
			return "", errNoInput
		}
		return r.line, r.err
	}
}

// readLine returns a line without its end; io.EOF if there is none.
func readLine(r io.Reader) (string, error) {
	var line []byte
	for b := make([]byte, 1); ; {
		n, err := r.Read(b)
		switch {
		case n == 1 && b[0] == '\n':
			return strings.TrimSuffix(string(line), "\r"), nil
		case n == 1 && len(line) == maxLine:
			return "", fmt.Errorf("a line of more than %d characters: nothing here is so long", maxLine)
		case n == 1:
			line = append(line, b[0])
		case errors.Is(err, io.EOF) && len(line) > 0:
			return string(line), nil
		case err != nil:
			return "", err
		}
	}
}

// ask prompts on standard error, so that what is asked for on standard output stays alone there.
func (e *environment) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(e.stderr, question+" ")
	answer, err := e.stdin.line(ctx)
	return strings.TrimSpace(answer), err
}

// agrees asks a question that only y or yes answers with true.
func (e *environment) agrees(ctx context.Context, question string) (bool, error) {
	answer, err := e.ask(ctx, question+" [y/N]")
	answer = strings.ToLower(answer)
	return answer == "y" || answer == "yes", err
}

// isTerminal tells whether somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
