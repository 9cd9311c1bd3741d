package rtspcam

import (
	"context"
	"io"
	"net"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
)

// writeQueue is in packets and holds the largest key picture of the clips at once.
const writeQueue = 2048

// server is a camera from one start to its stop.
type server struct {
	config   Config
	journal  *journal
	rtsp     *gortsplib.Server
	listener net.Listener
	players  map[string]*player // by path, complete before clients are answered
	cancel   context.CancelFunc
	running  sync.WaitGroup // the players

	mu      sync.Mutex // guards playing
	playing map[*gortsplib.ServerSession]struct{}
}

func newServer(config Config, address string, j *journal) (_ *server, err error) {
	s := &server{config: config, journal: j, players: map[string]*player{}, playing: map[*gortsplib.ServerSession]struct{}{}}
	if s.listener, err = net.Listen("tcp", address); err != nil {
		return nil, err
	}
	s.rtsp = &gortsplib.Server{
		Handler:        s,
		RTSPAddress:    s.listener.Addr().String(),
		Listen:         func(string, string) (net.Listener, error) { return s.listener, nil },
		WriteQueueSize: writeQueue,
		AuthMethods:    config.Auth.verifyMethods(),
	}
	sockets := []io.Closer{s.listener}
	abandon := func(err error) error {
		for _, socket := range sockets {
			_ = socket.Close()
		}
		return err
	}
	if !config.NoUDP {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, abandon(err)
		}
		rtp, rtcp, err := udpPorts(host)
		if err != nil {
			return nil, abandon(err)
		}
		sockets = append(sockets, rtp, rtcp)
		s.rtsp.UDPRTPAddress, s.rtsp.UDPRTCPAddress = rtp.LocalAddr().String(), rtcp.LocalAddr().String()
		s.rtsp.ListenPacket = func(_, address string) (net.PacketConn, error) {
			if address == s.rtsp.UDPRTPAddress {
				return rtp, nil
			}
			return rtcp, nil
		}
	}
	// The first clients wait for the lock, and with it for the streams, which need a running server.
	s.mu.Lock()
	if err := s.rtsp.Start(); err != nil {
		s.mu.Unlock()
		return nil, abandon(err)
	}
	err = s.addPlayers()
	s.mu.Unlock()
	if err != nil {
		s.rtsp.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	start := time.Now()
	for _, p := range s.players {
		s.running.Go(func() { p.run(ctx, start) })
	}
	return s, nil
}

func (s *server) addPlayers() error {
	for path, clip := range map[string]Clip{MainPath: s.config.Main, SubPath: s.config.Sub} {
		if len(clip.Units) == 0 {
			continue
		}
		p, err := newPlayer(clip, s, path == MainPath)
		if err != nil {
			return err
		}
		s.players[path] = p
	}
	return nil
}

func (s *server) close() {
	s.cancel()
	s.running.Wait()
	for _, p := range s.players {
		p.stream.Close()
	}
	s.rtsp.Close()
}

func (s *server) readers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.playing)
}

// stream checks the credentials of a request and finds its stream.
func (s *server) stream(conn *gortsplib.ServerConn, request *base.Request, path string) (*base.Response, *gortsplib.ServerStream, error) {
	if s.config.Auth != NoAuth && !conn.VerifyCredentials(request, s.config.User, s.config.Password) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	s.mu.Lock()
	p := s.players[path]
	s.mu.Unlock()
	if p == nil {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, p.stream, nil
}

// OnDescribe implements gortsplib.ServerHandlerOnDescribe.
func (s *server) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return s.stream(ctx.Conn, ctx.Request, ctx.Path)
}

// OnSetup implements gortsplib.ServerHandlerOnSetup.
func (s *server) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if s.config.NoTCP && ctx.Transport.Protocol == gortsplib.ProtocolTCP {
		return &base.Response{StatusCode: base.StatusUnsupportedTransport}, nil, nil
	}
	return s.stream(ctx.Conn, ctx.Request, ctx.Path)
}

// OnPlay implements gortsplib.ServerHandlerOnPlay.
func (s *server) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.playing[ctx.Session] = struct{}{}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnSessionClose implements gortsplib.ServerHandlerOnSessionClose.
func (s *server) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.playing, ctx.Session)
}

// OnStreamWriteError implements gortsplib.ServerHandlerOnStreamWriteError: a reader is too slow.
func (s *server) OnStreamWriteError(ctx *gortsplib.ServerHandlerOnStreamWriteErrorCtx) {
	s.config.Log.Warn("rtspcam: reader too slow", "err", ctx.Error)
}
