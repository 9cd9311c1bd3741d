package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"rsc.io/qr"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/pair"
)

type agentJoinCmd struct{}

// Run shows a code, with which an owner lets this command line in.
func (*agentJoinCmd) Run(ctx context.Context, env environment, flags *agentFlags) error {
	console, err := openConsole(flags)
	if err != nil {
		return err
	}
	if err := console.named(); err != nil {
		return err
	}
	home, err := console.join(ctx, env)
	if err != nil {
		return err
	}
	if home.Agent != console.agent {
		return &sentence{"It was let in at another agent than the one in this state folder, so nothing was kept. Approve it again, at the right agent, or name the right folder with -state."}
	}
	console.home = home
	if err := writeConsoleHome(console.state, home); err != nil {
		return err
	}
	var status viewer.HomeStatus
	err = console.visit(ctx, env, viewer.Config{Homes: []viewer.Home{home}}, func(ctx context.Context, v *viewer.Viewer) error {
		status, err = console.session(ctx, v)
		if err == nil && status.Role == grant.Owner {
			_, err = console.trust(ctx, v)
		}
		return err
	})
	if err != nil {
		return err
	}
	if status.Role != grant.Owner {
		return &sentence{fmt.Sprintf("It was let in as a %s, which may change nothing here. In Sealcam make it an owner, under Devices, or run this again and choose owner.", roleNames[status.Role])}
	}
	fmt.Fprintln(env.stdout, "Done: this command line is an owner. sealcam agent devices shows who else is let in.")
	return nil
}

// join is the screen's half of a meeting, on a terminal.
func (c *console) join(ctx context.Context, env environment) (viewer.Home, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	views := newLatest()
	screen := pair.NewScreen(pair.ScreenConfig{
		Server: c.public, Dial: dialer(c.server, env), Self: c.key.Signer(), Name: c.name(), Show: views.put, Log: env.log,
	})
	var asking sync.WaitGroup
	asking.Go(func() { cancel(c.converse(ctx, env, screen, views)) })
	home, err := screen.Run(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	cancel(nil)
	asking.Wait()
	return home, err
}

// converse shows what the screen has to show, and asks about digits. It returns why nobody can be asked, or nil when ctx ended.
func (c *console) converse(ctx context.Context, env environment, screen *pair.Screen, views *latest) error {
	var shown pair.View
	var offered string // the code that stands on the terminal
	for {
		v, ok := views.next(ctx)
		if !ok {
			return nil
		}
		if v.State == shown.State && v.Code == shown.Code && v.Digits == shown.Digits && v.Sentence == shown.Sentence {
			continue
		}
		switch {
		case v.State == pair.Offering && v.Code.String() != offered:
			offered = v.Code.String()
			printOffer(env.stdout, v)
		case v.State == pair.Comparing:
			fmt.Fprintf(env.stderr, "\n    %s\n\n", v.Digits)
			asked, stop := context.WithDeadline(ctx, v.Until)
			same, err := env.agrees(asked, "Does the other device show the same digits?")
			stop()
			if err == nil {
				screen.Confirm(v.Digits, same)
			} else if ctx.Err() == nil && time.Now().Before(v.Until) {
				return err
			}
		default:
			fmt.Fprintln(env.stderr, v.Sentence)
		}
		shown = v
	}
}

func printOffer(w io.Writer, v pair.View) {
	fmt.Fprintf(w, "\nIn Sealcam on a device that is an owner choose Devices, Add a screen, type this code or scan what is below, and let it in as an owner:\n\n    %s\n\n", v.Code)
	if code, err := qr.Encode(v.Link.String(), qr.L); err == nil {
		fmt.Fprintln(w, drawCode(code, isTerminal(w)))
	}
}

// latest keeps what a screen shows, for who looks at it more slowly than it changes.
type latest struct {
	mu   sync.Mutex
	view pair.View
	news chan struct{} // holds a token while there is something new
}

func newLatest() *latest { return &latest{news: make(chan struct{}, 1)} }

func (l *latest) put(v pair.View) {
	l.mu.Lock()
	l.view = v
	l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
}

func (l *latest) next(ctx context.Context) (pair.View, bool) {
	select {
	case <-ctx.Done():
		return pair.View{}, false
	case <-l.news:
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.view, true
	}
}
