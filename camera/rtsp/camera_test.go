package rtsp

import (
	"context"
	"errors"
	"iter"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/auth"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
	"github.com/pion/rtp"
	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/codec/h264"
	"github.com/sealcam/sealcam/codec/h265"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clip is what a fake camera shows: a format and pictures, each a list of NAL units or one JPEG file.
type clip struct {
	format   format.Format
	pictures [][][]byte
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func collect(pictures iter.Seq[[][]byte]) [][][]byte {
	var out [][][]byte
	for p := range pictures {
		out = append(out, slices.Clone(p))
	}
	return out
}

func h264Clip(t testing.TB, name string) clip {
	return clip{&format.H264{PayloadTyp: 96, PacketizationMode: 1}, collect(h264.Pictures(readFile(t, "../../codec/h264/testdata/"+name)))}
}

func h265Clip(t testing.TB, name string) clip {
	return clip{&format.H265{PayloadTyp: 96}, collect(h265.Pictures(readFile(t, "../../codec/h265/testdata/"+name)))}
}

func jpegClip(t testing.TB) clip {
	b := readFile(t, "testdata/clip.mjpeg")
	var pictures [][][]byte
	for at := 0; at < len(b); {
		end := at + 2
		for b[end-2] != 0xff || b[end-1] != 0xd9 {
			end++
		}
		pictures = append(pictures, [][]byte{b[at:end]})
		at = end
	}
	return clip{&format.MJPEG{}, pictures}
}

// packets encodes picture i of a clip.
func packets(t testing.TB, c clip) func(picture [][]byte) []*rtp.Packet {
	switch f := c.format.(type) {
	case *format.H264:
		e, err := f.CreateEncoder()
		if err != nil {
			t.Fatal(err)
		}
		return func(p [][]byte) []*rtp.Packet { return mustPackets(t)(e.Encode(p)) }
	case *format.H265:
		e, err := f.CreateEncoder()
		if err != nil {
			t.Fatal(err)
		}
		return func(p [][]byte) []*rtp.Packet { return mustPackets(t)(e.Encode(p)) }
	case *format.MJPEG:
		e, err := f.CreateEncoder()
		if err != nil {
			t.Fatal(err)
		}
		return func(p [][]byte) []*rtp.Packet { return mustPackets(t)(e.Encode(p[0])) }
	}
	return func([][]byte) []*rtp.Packet { return nil }
}

func mustPackets(t testing.TB) func([]*rtp.Packet, error) []*rtp.Packet {
	return func(p []*rtp.Packet, err error) []*rtp.Packet {
		if err != nil {
			t.Error(err)
		}
		return p
	}
}

// fakeCamera is an RTSP server that plays clips in a loop, a picture every step.
type fakeCamera struct {
	t         *testing.T
	clips     map[string]clip // by path
	medias    map[string][]*description.Media
	user      string
	password  string
	methods   []auth.VerifyMethod
	onlyUDP   bool
	onlyTCP   bool
	redirect  string
	step      time.Duration
	startTime uint32 // RTP time of the first picture

	mu       sync.Mutex
	fault    func(n int, p []*rtp.Packet) []*rtp.Packet // n counts pictures
	swap     map[string]clip
	attempts int
	spoken   uint16 // packets of sound

	server  *gortsplib.Server
	streams map[string]*gortsplib.ServerStream
	address string
	stop    context.CancelFunc
	running sync.WaitGroup
}

// start listens on address, "127.0.0.1:0" for a free port.
func (c *fakeCamera) start(address string) {
	c.t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		c.t.Fatal(err)
	}
	c.address = listener.Addr().String()
	c.server = &gortsplib.Server{
		Handler: c, RTSPAddress: c.address, WriteQueueSize: 1024, AuthMethods: c.methods,
		Listen: func(string, string) (net.Listener, error) { return listener, nil },
	}
	if !c.onlyTCP {
		c.server.UDPRTPAddress, c.server.UDPRTCPAddress = udpPair(c.t)
	}
	if c.step == 0 {
		c.step = 5 * time.Millisecond
	}
	c.mu.Lock() // no client is answered before the streams are there
	defer c.mu.Unlock()
	if err := c.server.Start(); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = cancel
	c.streams = map[string]*gortsplib.ServerStream{}
	for path, medias := range c.medias {
		c.addStream(path, &description.Session{Medias: medias})
	}
	for path, clip := range c.clips {
		media := &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{clip.format}}
		audio := &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{&format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}}}
		stream := c.addStream(path, &description.Session{Medias: []*description.Media{audio, media}})
		c.running.Go(func() { c.play(ctx, path, stream, media, clip) })
	}
}

func (c *fakeCamera) addStream(path string, d *description.Session) *gortsplib.ServerStream {
	s := &gortsplib.ServerStream{Server: c.server, Desc: d}
	if err := s.Initialize(); err != nil {
		c.t.Fatal(err)
	}
	c.streams[path] = s
	return s
}

// udpPair finds an even port with a free neighbour.
func udpPair(t *testing.T) (rtp, rtcp string) {
	for range 50 {
		a, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := a.LocalAddr().(*net.UDPAddr).Port
		a.Close()
		if port%2 == 1 {
			continue
		}
		b, err := net.ListenPacket("udp", "127.0.0.1:"+strconv.Itoa(port+1))
		if err != nil {
			continue
		}
		b.Close()
		return "127.0.0.1:" + strconv.Itoa(port), "127.0.0.1:" + strconv.Itoa(port+1)
	}
	t.Fatal("no two neighbouring UDP ports are free")
	return "", ""
}

func (c *fakeCamera) play(ctx context.Context, path string, stream *gortsplib.ServerStream, media *description.Media, current clip) {
	encode := packets(c.t, current)
	tick := time.NewTicker(c.step)
	defer tick.Stop()
	began := time.Now()
	for i, n := 0, 0; ; i, n = i+1, n+1 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c.mu.Lock()
		fault := c.fault
		if next, ok := c.swap[path]; ok {
			current, i = next, 0
			delete(c.swap, path)
		}
		c.mu.Unlock()
		if len(current.pictures) == 0 {
			continue
		}
		list := encode(current.pictures[i%len(current.pictures)])
		stamp := c.startTime + uint32(time.Since(began)*90/time.Millisecond)
		for _, p := range list {
			p.Timestamp = stamp
		}
		if fault != nil {
			list = fault(n, list)
		}
		for _, p := range list {
			if err := stream.WritePacketRTP(media, p); err != nil {
				return // closed
			}
		}
	}
}

func (c *fakeCamera) setFault(f func(n int, p []*rtp.Packet) []*rtp.Packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = f
}

func (c *fakeCamera) close() {
	c.stop()
	c.running.Wait()
	for _, s := range c.streams {
		s.Close()
	}
	c.server.Close()
}

func (c *fakeCamera) find(conn *gortsplib.ServerConn, request *base.Request, path string) (*base.Response, *gortsplib.ServerStream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if request.Method == base.Describe {
		c.attempts++
	}
	if c.redirect != "" {
		return &base.Response{StatusCode: base.StatusMovedPermanently, Header: base.Header{"Location": base.HeaderValue{c.redirect}}}, nil, nil
	}
	if c.user != "" && !conn.VerifyCredentials(request, c.user, c.password) {
		return &base.Response{StatusCode: base.StatusUnauthorized}, nil, liberrors.ErrServerAuth{}
	}
	s := c.streams[path]
	if s == nil {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, s, nil
}

func (c *fakeCamera) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return c.find(ctx.Conn, ctx.Request, ctx.Path)
}

func (c *fakeCamera) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if tcp := ctx.Transport.Protocol == gortsplib.ProtocolTCP; tcp && c.onlyUDP || !tcp && c.onlyTCP {
		return &base.Response{StatusCode: base.StatusUnsupportedTransport}, nil, nil
	}
	return c.find(ctx.Conn, ctx.Request, ctx.Path)
}

func (c *fakeCamera) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

var errStopped = errors.New("stopped")
