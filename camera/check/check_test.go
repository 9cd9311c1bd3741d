package check

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/camera/file"
	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../codec/" + path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// watcher feeds a file source's pictures to an observer.
type watcher struct{ observer }

func (w *watcher) Deliver(_ source.Layer, au codec.AccessUnit) { w.picture(au) }
func (w *watcher) Status(source.Status)                        {}

func observe(t *testing.T, path string, seconds int) Report {
	var r Report
	synctest.Test(t, func(t *testing.T) {
		s, err := file.FromBytes("clip", read(t, path), nil, 0, source.NewClock())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(seconds)*time.Second)
		defer cancel()
		var w watcher
		if err := s.Run(ctx, &w); err != nil {
			t.Fatal(err)
		}
		r = w.report()
	})
	return r
}

func hasNote(r Report, word string) bool {
	return slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, word) })
}

func TestReport(t *testing.T) {
	for _, tt := range []struct {
		path, profile, level string
		verdict              Verdict
		rate                 float64
		gop                  float64
		reorders, interlaced bool
		notes                []string
	}{
		{"h264/testdata/main.h264", "Main", "1.2", AllBrowsers, 15, 15, false, false, nil},
		{"h264/testdata/baseline.h264", "Constrained Baseline", "1.2", AllBrowsers, 15, 15, false, false, nil},
		{"h264/testdata/high-b.h264", "High", "1.2", AllBrowsers, 15, 30, true, false, []string{"B pictures"}},
		{"h264/testdata/interlaced-crop.h264", "High", "2.1", AllBrowsers, 25, 25, true, true, []string{"interlaced", "B pictures"}},
		{"h265/testdata/main.h265", "Main", "2.0", SomeBrowsers, 15, 15, false, false, []string{"H.264"}},
	} {
		t.Run(tt.path, func(t *testing.T) {
			r := observe(t, tt.path, 8)
			if r.Profile != tt.profile || r.Level != tt.level || r.Verdict != tt.verdict || r.BPictures != tt.reorders || r.Interlaced != tt.interlaced {
				t.Errorf("%+v", r)
			}
			if r.Rate < tt.rate*.99 || r.Rate > tt.rate*1.01 || r.StatedRate < tt.rate*.99 || r.GOP != tt.gop || r.BitDepth != 8 || r.Chroma != "4:2:0" {
				t.Errorf("%+v", r)
			}
			if want := tt.gop / tt.rate; (r.KeyInterval.Seconds()-want)/want > .01 {
				t.Errorf("key pictures every %v", r.KeyInterval)
			}
			if r.BitRate < 20e3 || r.BitRate > 300e3 {
				t.Errorf("%v bit/s", r.BitRate)
			}
			if len(r.Notes) != len(tt.notes) {
				t.Errorf("notes %q", r.Notes)
			}
			for _, n := range tt.notes {
				if !hasNote(r, n) {
					t.Errorf("no note on %q in %q", n, r.Notes)
				}
			}
		})
	}
}

func TestNotes(t *testing.T) {
	good := Report{Config: codec.Config{Codec: codec.H264, Width: 640, Height: 360}, Profile: "Main", BitDepth: 8, Chroma: "4:2:0", KeyInterval: 2 * time.Second}
	for _, tt := range []struct {
		name    string
		change  func(*Report)
		verdict Verdict
		note    string
	}{
		{"good", func(*Report) {}, AllBrowsers, ""},
		{"ten bits", func(r *Report) { r.BitDepth = 10; r.Profile = "High 10" }, NoBrowser, "8 bit"},
		{"4:2:2", func(r *Report) { r.Chroma = "4:2:2" }, NoBrowser, "4:2:0"},
		{"one key picture", func(r *Report) { r.KeyInterval = 0 }, AllBrowsers, "No second key picture"},
		{"rare key pictures", func(r *Report) { r.KeyInterval = 10 * time.Second }, AllBrowsers, "every 10 seconds"},
		{"says that it may reorder", func(r *Report) { r.MayReorder = true }, AllBrowsers, "may be out of order"},
		{"large", func(r *Report) { r.Config.Width, r.Config.Height = 1920, 1080 }, AllBrowsers, "small stream"},
		{"H.265 Main 10", func(r *Report) { r.Config.Codec, r.Profile, r.BitDepth = codec.H265, "Main 10", 10 }, SomeBrowsers, "H.264"},
		{"H.265 4:4:4", func(r *Report) { r.Config.Codec, r.Profile, r.Chroma = codec.H265, "Range Extensions", "4:4:4" }, NoBrowser, "H.264"},
		{"JPEG", func(r *Report) { r.Config.Codec, r.KeyInterval = codec.JPEG, 0 }, AllBrowsers, "ten times"},
	} {
		r := good
		tt.change(&r)
		r.judge()
		if r.Verdict != tt.verdict || r.Plays == "" || tt.note == "" && len(r.Notes) > 0 || tt.note != "" && !hasNote(r, tt.note) {
			t.Errorf("%s: %v, %q", tt.name, r.Verdict, r.Notes)
		}
	}
}

func TestString(t *testing.T) {
	r := Report{
		Config: codec.Config{Codec: codec.H264, Width: 1920, Height: 1080, Profile: "avc1.640028"}, Profile: "High", Level: "4.0",
		BitDepth: 8, Chroma: "4:2:0", BPictures: true, Rate: 24.98, StatedRate: 25, GOP: 50, KeyInterval: 2 * time.Second,
		BitRate: 3_140_000, Audio: []string{"G711", "MPEG-4 Audio"},
	}
	r.judge()
	const want = `Video       H.264 High, level 4.0 (avc1.640028)
Size        1920 × 1080, 8 bit, 4:2:0
Rate        25.0 pictures a second (the stream says 25)
Key picture every 2.0 s (50 pictures)
Bit rate    3.1 Mbit/s
Audio       G711, MPEG-4 Audio
Transport   RTP over TCP
Browsers    every browser with video (Chrome, Edge, Firefox, Safari) plays it
            - The camera sends B pictures, which delay all pictures by some
              frames. Switch B pictures off, or choose the Baseline profile.
            - Give the address of the camera's small stream as its sub: it
              serves the tiles of the overview and poor networks.`
	if got := r.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	j := Report{Config: codec.Config{Codec: codec.JPEG, Width: 640, Height: 480}, BitDepth: 8, Chroma: "4:2:2", Rate: 5, BitRate: 900_000, UDP: true, Other: []string{"VP8"}}
	j.judge()
	for _, part := range []string{"Video       JPEG\n", "Key picture every picture\n", "Audio       none\n", "Other video VP8\n", "900 kbit/s", `set transport to "udp"`} {
		if !strings.Contains(j.String(), part) {
			t.Errorf("no %q in\n%s", part, j)
		}
	}
}

// fakeCamera plays the pictures of main.h264 in a loop, 15 a second, over one transport.
type fakeCamera struct {
	stream  *gortsplib.ServerStream
	mu      sync.Mutex
	onlyUDP bool
}

func (c *fakeCamera) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return c.answer(ctx.Path)
}

func (c *fakeCamera) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if c.onlyUDP && ctx.Transport.Protocol == gortsplib.ProtocolTCP {
		return &base.Response{StatusCode: base.StatusUnsupportedTransport}, nil, nil
	}
	return c.answer(ctx.Path)
}

func (c *fakeCamera) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (c *fakeCamera) answer(path string) (*base.Response, *gortsplib.ServerStream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if path != "/main" {
		return &base.Response{StatusCode: base.StatusNotFound}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, c.stream, nil
}

func startCamera(t *testing.T, onlyUDP bool) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &fakeCamera{onlyUDP: onlyUDP}
	s := &gortsplib.Server{Handler: c, RTSPAddress: l.Addr().String(), Listen: func(string, string) (net.Listener, error) { return l, nil }}
	if onlyUDP {
		// gortsplib wants an even port and the one after it.
		for port := 41000; ; port += 2 {
			a, errA := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
			b, errB := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port + 1})
			if errA == nil && errB == nil {
				s.UDPRTPAddress, s.UDPRTCPAddress = a.LocalAddr().String(), b.LocalAddr().String()
				s.ListenPacket = func(_, address string) (net.PacketConn, error) {
					if address == a.LocalAddr().String() {
						return a, nil
					}
					return b, nil
				}
				break
			}
			if errA == nil {
				a.Close()
			}
			if errB == nil {
				b.Close()
			}
			if port > 60000 {
				t.Fatal("no free ports")
			}
		}
	}
	c.mu.Lock()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	f := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
	video := &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{f}}
	audio := &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{&format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}}}
	c.stream = &gortsplib.ServerStream{Server: s, Desc: &description.Session{Medias: []*description.Media{video, audio}}}
	if err := c.stream.Initialize(); err != nil {
		t.Fatal(err)
	}
	c.mu.Unlock()
	e, err := f.CreateEncoder()
	if err != nil {
		t.Fatal(err)
	}
	var pictures [][][]byte
	for p := range h264.Pictures(read(t, "h264/testdata/main.h264")) {
		pictures = append(pictures, slices.Clone(p))
	}
	stop := make(chan struct{})
	var playing sync.WaitGroup
	playing.Go(func() {
		tick := time.NewTicker(time.Second / 15)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			list, err := e.Encode(pictures[i%len(pictures)])
			if err != nil {
				t.Error(err)
			}
			for _, p := range list {
				p.Timestamp = uint32(i * 6000)
				c.stream.WritePacketRTP(video, p)
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		playing.Wait()
		c.stream.Close()
		s.Close()
	})
	return s.RTSPAddress
}

func TestCheckCamera(t *testing.T) {
	for _, udp := range []bool{false, true} {
		r, err := For(t.Context(), "rtsp://"+startCamera(t, udp)+"/main", 1500*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if r.UDP != udp || r.Profile != "Main" || r.Config.Width != 320 || !slices.Equal(r.Audio, []string{"G711"}) || r.Verdict != AllBrowsers || r.Pictures < 15 {
			t.Errorf("%+v", r)
		}
		if r.Rate < 12 || r.Rate > 18 || r.GOP != 15 {
			t.Errorf("rate %v, GOP %v", r.Rate, r.GOP)
		}
	}
}

func TestCheckFails(t *testing.T) {
	address := startCamera(t, false)
	for _, tt := range []struct {
		address string
		problem rtsp.Problem
	}{
		{"rtsp://admin:topsecret@" + address + "/hidden", rtsp.NotFound},
		{"rtsp://admin:topsecret@127.0.0.1:1/hidden", rtsp.Refused},
		{"no address topsecret", 0},
	} {
		_, err := For(t.Context(), tt.address, time.Second)
		var problem *rtsp.Error
		switch {
		case err == nil:
			t.Errorf("%v: no error", tt.problem)
			continue
		case tt.problem != 0 && (!errors.As(err, &problem) || problem.Problem != tt.problem || !strings.HasPrefix(err.Error(), tt.problem.Advice())):
			t.Errorf("%v: %v", tt.problem, err)
		}
		for _, secret := range []string{"topsecret", "hidden", "admin"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("says %v", err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := For(ctx, "rtsp://"+address+"/main", time.Second); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
