package rtsp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"runtime/debug"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/nal"
)

// Offer is what a camera says that it streams.
type Offer struct {
	Video string   // name of the video format that is played
	Audio []string // names of the audio formats
	Other []string // names of further video formats
}

// PlayConfig is one connection to one stream.
type PlayConfig struct {
	Address Address
	UDP     bool // RTP over UDP in place of RTP inside the RTSP connection
	Clock   *source.Clock
	Log     *slog.Logger // may be nil

	// Offer is called once the camera has said what it has. May be nil.
	Offer func(Offer)
	// Picture takes the pictures in decoding order, on a goroutine of the connection; it must return at once.
	Picture func(codec.AccessUnit)
	// Sound takes units of the camera's sound, on a goroutine of the connection; it must return at once. Nil: the camera is not asked for it.
	Sound func(codec.AccessUnit)
	// Trouble is called when data come but have held no usable picture for a while, once until pictures come again. May be nil.
	Trouble func(*Error)

	timing *timing
}

// Play connects and delivers pictures until ctx ends, for which it returns nil, or the connection fails, for which it returns an
// *Error. It does not connect again.
func Play(ctx context.Context, c PlayConfig) error {
	if c.timing == nil {
		c.timing = &usualTiming
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &session{config: c, failed: make(chan *Error, 1)}
	if err := s.play(ctx); err != nil && ctx.Err() == nil {
		return explain(err, c.Address.HasPassword())
	}
	return nil
}

// session is one connection.
type session struct {
	config PlayConfig
	failed chan *Error // from the goroutine that reads packets

	mu         sync.Mutex
	conn       net.Conn // below TLS, until the camera has described itself
	ended      bool
	lastPacket time.Time
	lastGood   time.Time // last usable picture, or the beginning
	waiting    int       // pictures since lastGood that only lack a key picture
	broken     int       // pictures since lastGood that are broken
	troubled   bool
}

func (s *session) play(ctx context.Context) error {
	client := s.newClient()
	if err := client.Start(); err != nil {
		return err
	}
	// Closing the client is what ends a request that waits; it also waits for the client's goroutines. While connecting the
	// connection is closed first, because the client does not interrupt a TLS handshake.
	defer client.Close()
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		s.mu.Lock()
		s.ended = true
		if s.conn != nil {
			s.conn.Close()
		}
		s.mu.Unlock()
		client.Close()
	})
	defer func() {
		if !stop() {
			<-closed
		}
	}()

	address := s.config.Address.base()
	offered, _, err := client.Describe(address)
	if err != nil {
		e := explain(err, s.config.Address.HasPassword())
		if e.Problem == Lost {
			e.Problem = NotRTSP // it never said a word of it
		}
		return e
	}
	s.mu.Lock()
	s.conn.SetReadDeadline(time.Time{}) // from here on the client's timers watch
	s.conn = nil
	s.mu.Unlock()
	media, forma, offer, err := choose(offered)
	if err != nil {
		return err
	}
	if s.config.Offer != nil {
		s.config.Offer(offer)
	}
	if _, err := client.Setup(offered.BaseURL, media, 0, 0); err != nil {
		return err
	}
	s.setupSound(client, offered.BaseURL, offered)
	s.mu.Lock()
	s.lastPacket, s.lastGood = time.Now(), time.Now()
	s.mu.Unlock()
	track := newTrack(newPayload(forma), forma.ClockRate(), s.good, s.refused)
	client.OnPacketRTP(media, forma, func(pkt *rtp.Packet) { s.packet(track, pkt) })
	if _, err := client.Play(nil); err != nil {
		return err
	}
	return s.watch(ctx, client)
}

func (s *session) newClient() *gortsplib.Client {
	address := s.config.Address.base()
	protocol := gortsplib.ProtocolTCP
	if s.config.UDP {
		protocol = gortsplib.ProtocolUDP
	}
	log := s.config.Log
	redirects := 0
	return &gortsplib.Client{
		Scheme:       address.Scheme,
		Host:         address.Host,
		Protocol:     &protocol,
		ReadTimeout:  s.config.timing.request,
		WriteTimeout: s.config.timing.request / 2,
		UserAgent:    "sealcam",
		DialContext:  s.dial,
		OnResponse: func(r *base.Response) {
			// A redirect takes the password along, so it may lead to no other host, nor in circles.
			if location := r.Header["Location"]; len(location) == 1 {
				if redirects++; redirects > 3 || !sameHost(location[0], address) {
					delete(r.Header, "Location")
				}
			}
		},
		OnTransportSwitch: func(error) {},
		OnPacketsLost:     func(n uint64) { log.Debug("packets lost", "count", n) },
		OnDecodeError:     func(error) { log.Debug("packet not understood") },
	}
}

// dial connects with a limit on how long the first answers may take: the client has none for the TLS handshake.
func (s *session) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn.SetReadDeadline(time.Now().Add(s.config.timing.request))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		conn.Close()
		return nil, context.Canceled
	}
	s.conn = conn
	return conn, nil
}

func sameHost(location string, address *base.URL) bool {
	u, err := url.Parse(location)
	return err == nil && u.Hostname() == address.Hostname()
}

// choose picks the first video format that browsers can play.
func choose(d *description.Session) (*description.Media, format.Format, Offer, error) {
	var offer Offer
	var media *description.Media
	var forma format.Format
	for _, m := range d.Medias {
		for _, f := range m.Formats {
			switch {
			case m.Type == description.MediaTypeAudio && !m.IsBackChannel:
				offer.Audio = appendName(offer.Audio, f)
			case m.Type != description.MediaTypeVideo:
			case forma == nil && newPayload(f) != nil:
				media, forma, offer.Video = m, f, f.Codec()
			default:
				offer.Other = appendName(offer.Other, f)
			}
		}
	}
	switch {
	case forma != nil:
		return media, forma, offer, nil
	case len(offer.Other) > 0:
		return nil, nil, offer, &Error{Problem: UnknownCodec, Detail: offer.Other[0]}
	}
	return nil, nil, offer, &Error{Problem: NoVideo}
}

// appendName adds the name of a format. The names are gortsplib's, not the camera's, and there are few.
func appendName(names []string, f format.Format) []string {
	name := f.Codec()
	if _, generic := f.(*format.Generic); generic {
		name = "unknown"
	}
	if len(names) == 16 {
		return names
	}
	return append(names, name)
}

// packet runs on the client's reading goroutine. What a camera makes the depacketiser do must not end the other cameras, so a panic
// ends this connection alone.
func (s *session) packet(t *track, pkt *rtp.Packet) {
	defer func() {
		if v := recover(); v != nil {
			s.config.Log.Error("depacketiser panicked", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			s.fail(&Error{Problem: Garbage, Detail: "panic"})
		}
	}()
	arrival := s.config.Clock.Now()
	s.mu.Lock()
	s.lastPacket = time.Now()
	s.mu.Unlock()
	t.packet(pkt, arrival)
}

func (s *session) fail(e *Error) {
	select {
	case s.failed <- e:
	default: // one is enough
	}
}

func (s *session) good(au codec.AccessUnit) {
	s.mu.Lock()
	s.lastGood = time.Now()
	s.waiting, s.broken, s.troubled = 0, 0, false
	s.mu.Unlock()
	s.config.Picture(au)
}

func (s *session) refused(err error) {
	var problem *Error
	if errors.As(err, &problem) {
		s.fail(problem)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, nal.ErrWaiting) || errors.Is(err, nal.ErrParameters) {
		s.waiting++
	} else {
		s.broken++
	}
}

// watch returns when the connection ends or is of no use any more.
func (s *session) watch(ctx context.Context, client *gortsplib.Client) error {
	ended := make(chan error, 1)
	go func() { ended <- client.Wait() }()
	defer func() {
		client.Close() // ends Wait
		<-ended
	}()
	tick := time.NewTicker(s.config.timing.trouble / 8)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-s.failed:
			return e
		case err := <-ended:
			ended <- err
			return err
		case now := <-tick.C:
			if e := s.look(now); e != nil {
				return e
			}
		}
	}
}

// look returns a problem that makes connecting again worth while.
func (s *session) look(now time.Time) *Error {
	t := s.config.timing
	s.mu.Lock()
	var trouble *Error
	without := now.Sub(s.lastGood)
	switch {
	case now.Sub(s.lastPacket) >= t.silence:
		s.mu.Unlock()
		return &Error{Problem: Silent}
	case without >= t.trouble && s.waiting+s.broken > 0:
		trouble = &Error{Problem: NoKey}
		if s.broken*10 > s.waiting {
			trouble.Problem = Garbage
		}
	case without >= t.giveUp:
		trouble = &Error{Problem: Garbage, Detail: "no picture in the data"}
	}
	tell := trouble != nil && !s.troubled
	s.troubled = s.troubled || tell
	s.mu.Unlock()
	if trouble != nil && without >= t.giveUp {
		return trouble
	}
	if tell && s.config.Trouble != nil {
		s.config.Trouble(trouble)
	}
	return nil
}
