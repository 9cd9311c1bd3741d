package pair

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/internal/pause"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
)

// What bounds guessing. Who stands between the two devices has one chance in a million at each meeting whose digits were shown, so such
// meetings must not follow each other quickly: five for a code, with a breath between them, and a growing pause before the next code.
const (
	// CodeLife is how long a code is shown before a new one takes its place.
	CodeLife = 10 * time.Minute
	// MaxMeetings is how many meetings may fail before a new code takes the old one's place.
	MaxMeetings = 5

	breath     = 3 * time.Second
	firstPause = 30 * time.Second
	mostPause  = 10 * time.Minute
)

// State is what a display shows while it waits for approval.
type State uint8

// The states of a display.
const (
	Connecting State = iota // to the server: there is no use in showing the code yet
	Offering                // the code and the link as a QR code
	Comparing               // the digits: somebody has to say whether the other device shows the same
	Waiting                 // the digits were the same, and the owner chooses cameras
	Paused                  // too many meetings failed, so there is no code until View.Until
)

// String returns the state in lower case.
func (s State) String() string {
	switch s {
	case Connecting:
		return "connecting"
	case Offering:
		return "offering"
	case Comparing:
		return "comparing"
	case Waiting:
		return "waiting"
	case Paused:
		return "paused"
	}
	return "unknown"
}

// View is what there is to show.
type View struct {
	State    State
	Code     pairing.Code     // with Connecting and Offering
	Link     pairing.PairLink // the same with the server and this device's key, for a QR code
	Digits   string           // with Comparing and Waiting, such as "042 517"
	Until    time.Time        // when the code, the comparing, the waiting or the pause ends
	Sentence string           // what to do, or what went wrong and what to do
}

// ScreenConfig is what a Screen needs.
type ScreenConfig struct {
	Server string // where the page is, for the link: "https://cams.example"
	Dial   DialFunc
	Self   identity.Signer // this device's own key, which is approved
	Name   string          // what the owner sees; at most control.MaxName bytes are used
	// Show is told of everything that there is to show, from one goroutine. It must not block. May be nil.
	Show func(View)
	Log  *slog.Logger // nil: none
}

// Screen is the display's half: a device that waits until an owner approves it.
type Screen struct {
	cfg  ScreenConfig
	self identity.DevicePublic
	dial func(context.Context, pairing.Code) (place, error)

	mu       sync.Mutex
	question *question // while people compare
}

type question struct {
	digits string
	answer chan bool // takes one
}

// place is what a Screen needs of a signal.Client.
type place interface {
	SetKnocks(hashes [][32]byte) error
	Accept(ctx context.Context) (net.Conn, [32]byte, error)
	Done() <-chan struct{}
	Err() error
	Close() error
}

type clientPlace struct{ *signal.Client }

func (p clientPlace) Accept(ctx context.Context) (net.Conn, [32]byte, error) {
	pipe, in, err := p.AcceptPipe(ctx)
	if err != nil {
		return nil, in.Hash, err // not a nil *Pipe in an interface
	}
	return pipe, in.Hash, nil
}

// NewScreen returns a Screen for Run.
func NewScreen(cfg ScreenConfig) *Screen {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Screen{cfg: cfg, dial: func(ctx context.Context, code pairing.Code) (place, error) {
		c, err := cfg.Dial(ctx, signal.RoleAgent, code.Key().Signer())
		if err != nil {
			return nil, err
		}
		return clientPlace{c}, nil
	}}
}

// Why a code is given up.
var (
	errCodeOld   = errors.New("pair: the code has expired")
	errCodeTried = errors.New("pair: too many meetings failed")
	errCodeTaken = errors.New("pair: somebody else waits under the code")
)

// Run shows codes and meets who uses them until an owner has approved this device, and returns what the device then remembers. Its
// errors are ErrConfig, the context's, and those of making randomness. It may be called once.
func (s *Screen) Run(ctx context.Context) (viewer.Home, error) {
	if s.cfg.Dial == nil || s.cfg.Self == nil {
		return viewer.Home{}, ErrConfig
	}
	var err error
	if s.self, err = identity.DevicePublicOf(s.cfg.Self); err != nil {
		return viewer.Home{}, ErrConfig
	}
	wait := firstPause
	for {
		code, err := pairing.NewCode(nil)
		if err != nil {
			return viewer.Home{}, err
		}
		o := &offer{s: s, code: code, ends: time.Now().Add(CodeLife)}
		home, err := o.run(ctx)
		switch {
		case err == nil:
			return home, nil
		case ctx.Err() != nil:
			return viewer.Home{}, ctx.Err()
		case errors.Is(err, errCodeOld):
			wait = firstPause
			continue
		}
		s.cfg.Log.Warn("pair: a code is given up", "reason", err)
		sentence := words.Say("This code was tried too often, so it is void; somebody may be trying to get in. A new one comes by itself.")
		if errors.Is(err, errCodeTaken) {
			sentence = words.Say("Somebody else uses this code at the server, so it is void. A new one comes by itself.")
		}
		s.show(View{State: Paused, Until: time.Now().Add(wait), Sentence: sentence})
		if !pause.For(ctx, wait) {
			return viewer.Home{}, ctx.Err()
		}
		wait = min(2*wait, mostPause)
	}
}

// Confirm answers whether the other device shows the same digits. digits are those that the person saw ([View]), so that an answer
// that comes late counts for no other meeting; it then does nothing. It never blocks.
func (s *Screen) Confirm(digits string, same bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.question == nil || s.question.digits != digits {
		return
	}
	s.question.answer <- same
	s.question = nil
}

// ask lets Confirm answer from now on.
func (s *Screen) ask(digits string) <-chan bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.question = &question{digits: digits, answer: make(chan bool, 1)}
	return s.question.answer
}

func (s *Screen) unask() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.question = nil
}

func (s *Screen) show(v View) {
	if s.cfg.Show != nil {
		s.cfg.Show(v)
	}
}

// offer is a code while it is good.
type offer struct {
	s      *Screen
	code   pairing.Code
	ends   time.Time
	failed int
	note   string // what went wrong last
}

func (o *offer) view(state State) View {
	v := View{
		State: state, Code: o.code, Until: o.ends, Sentence: o.note,
		Link: pairing.PairLink{Server: o.s.cfg.Server, Code: o.code, Device: pairing.PinOf(o.s.self)},
	}
	if v.Sentence == "" && state == Connecting {
		v.Sentence = words.Say("Connecting to the server …")
	}
	if v.Sentence == "" {
		v.Sentence = words.Say("In Sealcam on the owner's phone or computer choose Devices, Add a screen, and scan this or type the code.")
	}
	return v
}

// run waits under the code until a meeting succeeded or the code is void.
func (o *offer) run(ctx context.Context) (viewer.Home, error) {
	life, cancel := context.WithDeadline(ctx, o.ends)
	defer cancel()
	var backoff signal.Backoff
	for {
		o.s.show(o.view(Connecting))
		c, err := o.s.dial(life, o.code)
		if err == nil {
			home, met := o.wait(ctx, life, c)
			if err = met; err == nil {
				return home, nil
			}
		}
		var refused *signal.Refusal
		switch {
		case ctx.Err() != nil:
			return viewer.Home{}, ctx.Err()
		case errors.Is(err, errCodeOld), errors.Is(err, errCodeTried):
			return viewer.Home{}, err
		case errors.As(err, &refused) && refused.Code == signal.CodeReplaced:
			return viewer.Home{}, errCodeTaken
		case life.Err() != nil:
			return viewer.Home{}, errCodeOld
		}
		o.s.cfg.Log.Info("pair: no connection to the server", "error", err)
		o.note = words.Sentences(Sentence(err), words.Say("Trying again by itself."))
		o.s.show(o.view(Connecting))
		o.note = ""
		pause.For(life, backoff.Next())
	}
}

// wait meets those who come over one connection to the server, one at a time. life is over when the code is; a meeting that has begun
// by then may end.
func (o *offer) wait(ctx, life context.Context, c place) (viewer.Home, error) {
	hash := identity.KnockHash(o.code.Key().Public().ID(), o.code.Token())
	accepting, stop := context.WithCancel(ctx)
	var door sync.WaitGroup
	visitors := make(chan net.Conn, 1)
	defer func() {
		stop()
		c.Close()
		door.Wait()
		select {
		case pipe := <-visitors:
			pipe.Close()
		default:
		}
	}()
	if err := c.SetKnocks([][32]byte{hash}); err != nil {
		return viewer.Home{}, err
	}
	var busy atomic.Bool
	door.Go(func() {
		for {
			pipe, by, err := c.Accept(accepting)
			if err != nil {
				return
			}
			if by != hash || !busy.CompareAndSwap(false, true) {
				pipe.Close()
				continue
			}
			visitors <- pipe // busy leaves room for it
		}
	})
	for {
		o.s.show(o.view(Offering))
		select {
		case <-life.Done():
			return viewer.Home{}, errCodeOld
		case <-c.Done():
			return viewer.Home{}, c.Err()
		case pipe := <-visitors:
			home, err := o.s.meet(ctx, pipe)
			if err == nil {
				return home, nil
			}
			if ctx.Err() != nil {
				return viewer.Home{}, ctx.Err()
			}
			o.s.cfg.Log.Info("pair: a meeting failed", "error", err)
			if o.failed++; o.failed >= MaxMeetings {
				return viewer.Home{}, errCodeTried
			}
			o.note = Sentence(err)
			o.s.show(o.view(Offering))
			if !pause.For(ctx, breath) {
				return viewer.Home{}, ctx.Err()
			}
			busy.Store(false)
		}
	}
}

// control.MaxName bounds the name that is sent.
func (s *Screen) name() string { return readable(s.cfg.Name, control.MaxName) }
