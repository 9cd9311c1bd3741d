package rtsp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/bluenviron/gortsplib/v5/pkg/auth"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
	"github.com/sealcam/sealcam/codec/nal"
)

func startCamera(t *testing.T, c *fakeCamera) *fakeCamera {
	t.Helper()
	c.t = t
	c.start("127.0.0.1:0")
	t.Cleanup(func() { c.close() })
	return c
}

func (c *fakeCamera) url(user, password, path string) string {
	if user != "" {
		user += ":" + password + "@"
	}
	return "rtsp://" + user + c.address + path
}

// slicesOf returns the slices of an access unit, or the whole of a JPEG.
func slicesOf(t *testing.T, au codec.AccessUnit) [][]byte {
	t.Helper()
	if au.Config.Codec == codec.JPEG {
		return [][]byte{au.Data}
	}
	units, err := nal.Split(au.Data, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(units, func(u []byte) bool { return !isSlice(au.Config.Codec, u) })
}

func isSlice(c codec.Codec, u []byte) bool {
	if c == codec.H265 {
		return u[0]>>1 < 32
	}
	return h264.IsPicture(u)
}

// checkUnits fails unless pictures run on from a key picture in the order of the clip, whole, with their right times.
func checkUnits(t *testing.T, r *running, l source.Layer, c clip, config codec.Config) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	at := -1
	seen := map[codec.Timestamp]bool{}
	for i, au := range r.units[l] {
		if au.Config != config {
			t.Fatalf("picture %d: config %+v, want %+v", i, au.Config, config)
		}
		if i == 0 && !au.Key {
			t.Fatal("starts without a key picture")
		}
		if au.Captured > r.received[l][i] || seen[au.Captured] {
			t.Fatalf("picture %d: captured at %d, received at %d", i, au.Captured, r.received[l][i])
		}
		seen[au.Captured] = true
		if config.Codec == codec.JPEG {
			continue
		}
		got := slicesOf(t, au)
		if at < 0 {
			at = slices.IndexFunc(c.pictures, func(p [][]byte) bool { return bytes.Equal(lastOf(p), lastOf(got)) })
		}
		if at < 0 {
			t.Fatalf("picture %d is not in the clip", i)
		}
		want := slices.DeleteFunc(slices.Clone(c.pictures[at%len(c.pictures)]), func(u []byte) bool { return !isSlice(config.Codec, u) })
		if !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("picture %d is not picture %d of the clip", i, at%len(c.pictures))
		}
		at++
	}
}

func lastOf(p [][]byte) []byte { return p[len(p)-1] }

func TestPlays(t *testing.T) {
	for _, tt := range []struct {
		name   string
		clip   func(testing.TB) clip
		config codec.Config
	}{
		{"H.264 baseline, two slices", func(t testing.TB) clip { return h264Clip(t, "baseline.h264") }, codec.Config{Codec: codec.H264, Width: 320, Height: 240, Profile: "avc1.42C00C"}},
		{"H.264 main", func(t testing.TB) clip { return h264Clip(t, "main.h264") }, codec.Config{Codec: codec.H264, Width: 320, Height: 240, Profile: "avc1.4D400C"}},
		{"H.264 high, B pictures", func(t testing.TB) clip { return h264Clip(t, "high-b.h264") }, codec.Config{Codec: codec.H264, Width: 320, Height: 240, Profile: "avc1.64000C"}},
		{"H.265", func(t testing.TB) clip { return h265Clip(t, "main.h265") }, codec.Config{Codec: codec.H265, Width: 320, Height: 240, Profile: "hev1.1.6.L60.90"}},
		{"motion JPEG", jpegClip, codec.Config{Codec: codec.JPEG, Width: 160, Height: 120}},
	} {
		for _, udp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s udp=%v", tt.name, udp), func(t *testing.T) {
				c := tt.clip(t)
				cam := startCamera(t, &fakeCamera{clips: map[string]clip{"/main": c}, startTime: 0xfffffff0})
				r := run(t, Config{Main: cam.url("", "", "/main"), UDP: udp})
				r.wait(t, "pictures", func() bool { return len(r.units[0]) >= 70 })
				r.stop()
				if udp {
					return // loopback may lose packets: order is checked over TCP
				}
				checkUnits(t, r, source.Main, c, tt.config)
				if s := r.last(); s.State != source.Running || s.Advice != "" {
					t.Errorf("status %+v", s)
				}
			})
		}
	}
}

func TestTwoLayers(t *testing.T) {
	main, sub := h264Clip(t, "main.h264"), h264Clip(t, "baseline.h264")
	cam := startCamera(t, &fakeCamera{clips: map[string]clip{"/main": main, "/sub": sub}})
	r := run(t, Config{Main: cam.url("", "", "/main"), Sub: cam.url("", "", "/sub")})
	r.wait(t, "both layers", func() bool { return len(r.units[0]) > 30 && len(r.units[1]) > 30 })
	r.stop()
	checkUnits(t, r, source.Main, main, codec.Config{Codec: codec.H264, Width: 320, Height: 240, Profile: "avc1.4D400C"})
	checkUnits(t, r, source.Sub, sub, codec.Config{Codec: codec.H264, Width: 320, Height: 240, Profile: "avc1.42C00C"})
}

func TestPasswords(t *testing.T) {
	for _, tt := range []struct {
		name           string
		methods        []auth.VerifyMethod
		user, password string
		want           Problem // 0: plays
	}{
		{"Basic", []auth.VerifyMethod{auth.VerifyMethodBasic}, testUser, testPassword, 0},
		{"Digest MD5", []auth.VerifyMethod{auth.VerifyMethodDigestMD5}, testUser, testPassword, 0},
		{"Digest SHA-256", []auth.VerifyMethod{auth.VerifyMethodDigestSHA256}, testUser, testPassword, 0},
		{"escaped", []auth.VerifyMethod{auth.VerifyMethodDigestMD5}, testUser, "s3cret%2Fp%40ss%25word", 0},
		{"wrong", []auth.VerifyMethod{auth.VerifyMethodDigestMD5}, testUser, "p@ss-wrong", Password},
		{"wrong, Basic", []auth.VerifyMethod{auth.VerifyMethodBasic}, testUser, "p@ss-wrong", Password},
		{"missing", []auth.VerifyMethod{auth.VerifyMethodDigestMD5}, "", "", NoPassword},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cam := startCamera(t, &fakeCamera{
				clips: map[string]clip{"/secretpath": h264Clip(t, "main.h264")}, user: testUser, password: testPassword, methods: tt.methods,
			})
			r := run(t, Config{Main: cam.url(tt.user, tt.password, "/secretpath"), Sub: cam.url(tt.user, tt.password, "/secretpath")})
			if tt.want == 0 {
				r.wait(t, "pictures", func() bool { return len(r.units[0]) > 3 && len(r.units[1]) > 3 })
				return
			}
			r.waitStatus(t, tt.want)
			r.wait(t, "the state", func() bool { return r.last().State == source.Failed })
			r.stop()
			cam.mu.Lock()
			defer cam.mu.Unlock()
			if cam.attempts == 0 || cam.attempts > 20 {
				t.Errorf("%d attempts", cam.attempts)
			}
		})
	}
}

func TestAdvice(t *testing.T) {
	audio := []*description.Media{{Type: description.MediaTypeAudio, Formats: []format.Format{&format.G711{PayloadTyp: 0, MULaw: true, SampleRate: 8000, ChannelCount: 1}}}}
	odd := []*description.Media{{Type: description.MediaTypeVideo, Formats: []format.Format{&format.MPEG4Video{PayloadTyp: 96}}}}
	cam := startCamera(t, &fakeCamera{
		clips:  map[string]clip{"/main": h264Clip(t, "main.h264"), "/empty": {format: &format.H264{PayloadTyp: 96, PacketizationMode: 1}}},
		medias: map[string][]*description.Media{"/audio": audio, "/odd": odd},
	})
	other := startCamera(t, &fakeCamera{redirect: "rtsp://example.invalid/main"})
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	// Its certificate is for nobody that this machine trusts.
	secure := httptest.NewUnstartedServer(nil)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	deaf := talker(t, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
	for _, tt := range []struct {
		address string
		want    Problem
		state   source.State
	}{
		{cam.url("", "", "/wrong/secretpath"), NotFound, source.Failed},
		{cam.url("", "", "/audio"), NoVideo, source.Failed},
		{cam.url("", "", "/odd"), UnknownCodec, source.Failed},
		{cam.url("", "", "/empty"), Silent, source.Connecting},
		{other.url(testUser, "p@ss", "/main"), Redirected, source.Connecting},
		{"rtsp://" + closed.Addr().String() + "/", Refused, source.Connecting},
		{"rtsp://no-such-host.invalid/secretpath", UnknownHost, source.Connecting},
		{"rtsp://" + deaf + "/", NotRTSP, source.Connecting},
		{"rtsps://" + cam.address + "/", NotRTSP, source.Connecting},
		{"rtsps://" + secure.Listener.Addr().String() + "/", Certificate, source.Failed},
	} {
		t.Run(tt.want.String(), func(t *testing.T) {
			r := run(t, Config{Main: tt.address})
			r.waitStatus(t, tt.want)
			r.wait(t, "the state", func() bool {
				return slices.ContainsFunc(r.statuses, func(s source.Status) bool { return s.Advice == tt.want.Advice() && s.State == tt.state && s.Err != nil })
			})
		})
	}
}

// talker answers every connection with one text and closes it.
func talker(t *testing.T, text string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 1))
			c.Write([]byte(text))
			c.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}

func TestTransportFallsBack(t *testing.T) {
	for _, tt := range []struct {
		name             string
		onlyUDP, onlyTCP bool
	}{{"camera serves UDP only", true, false}, {"camera serves TCP only", false, true}} {
		t.Run(tt.name, func(t *testing.T) {
			cam := startCamera(t, &fakeCamera{clips: map[string]clip{"/main": h264Clip(t, "main.h264")}, onlyUDP: tt.onlyUDP, onlyTCP: tt.onlyTCP})
			r := run(t, Config{Main: cam.url("", "", "/main"), UDP: tt.onlyTCP})
			r.wait(t, "pictures", func() bool { return len(r.units[0]) > 10 })
		})
	}
}

// A camera that goes away and comes back with other RTP times: capture times run on.
func TestReconnects(t *testing.T) {
	cam := &fakeCamera{t: t, clips: map[string]clip{"/main": h264Clip(t, "main.h264")}, startTime: 1 << 31}
	cam.start("127.0.0.1:0")
	address := cam.address
	r := run(t, Config{Main: cam.url("", "", "/main")})
	r.wait(t, "pictures", func() bool { return len(r.units[0]) > 20 })
	cam.close()
	r.wait(t, "a problem", func() bool { return r.last().State == source.Connecting && r.last().Advice != "" })
	again := &fakeCamera{t: t, clips: cam.clips, startTime: 5}
	again.start(address)
	defer again.close()
	before := 0
	r.wait(t, "pictures again", func() bool {
		if before == 0 {
			before = len(r.units[0])
		}
		return r.last().State == source.Running && len(r.units[0]) > before+20
	})
	r.stop()
	for i, au := range r.units[0][1:] {
		if au.Captured <= r.units[0][i].Captured {
			t.Fatalf("picture %d: time runs back by %v", i+1, r.units[0][i].Captured.Sub(au.Captured))
		}
	}
	if !r.units[0][before].Key {
		t.Error("goes on without a key picture")
	}
}

func TestConfigChangesWhilePlaying(t *testing.T) {
	cam := startCamera(t, &fakeCamera{clips: map[string]clip{"/main": h264Clip(t, "main.h264")}})
	r := run(t, Config{Main: cam.url("", "", "/main")})
	r.wait(t, "pictures", func() bool { return len(r.units[0]) > 5 })
	cam.mu.Lock()
	cam.swap = map[string]clip{"/main": h264Clip(t, "high-b.h264")}
	cam.mu.Unlock()
	r.wait(t, "the new profile", func() bool { return len(r.units[0]) > 0 && lastUnit(r).Config.Profile == "avc1.64000C" })
	r.stop()
	i := slices.IndexFunc(r.units[0], func(au codec.AccessUnit) bool { return au.Config.Profile == "avc1.64000C" })
	if !r.units[0][i].Key {
		t.Error("the first picture of the new kind is no key picture")
	}
	if slices.ContainsFunc(r.statuses, func(s source.Status) bool { return s.Advice != "" }) {
		t.Errorf("a change is no problem: %+v", r.statuses)
	}
}

func lastUnit(r *running) codec.AccessUnit { return r.units[0][len(r.units[0])-1] }

// Garbage instead of pictures: a sentence, no crash, and pictures again when the camera comes to its senses.
func TestGarbage(t *testing.T) {
	c := h264Clip(t, "main.h264")
	cam := startCamera(t, &fakeCamera{clips: map[string]clip{"/main": c}})
	r := run(t, Config{Main: cam.url("", "", "/main")})
	r.wait(t, "pictures", func() bool { return len(r.units[0]) > 5 })
	cam.setFault(func(n int, p []*rtp.Packet) []*rtp.Packet {
		for i, pkt := range p {
			for j := range pkt.Payload {
				pkt.Payload[j] = byte(j*(n+7*i) ^ n>>1)
			}
		}
		return p
	})
	r.waitStatus(t, Garbage)
	cam.setFault(nil)
	r.wait(t, "pictures again", func() bool { return r.last().State == source.Running })
}

// Every third picture lacks its last packet: what is delivered is whole, and starts anew with a key picture after each loss.
func TestTruncated(t *testing.T) {
	c := h264Clip(t, "main.h264")
	cam := startCamera(t, &fakeCamera{clips: map[string]clip{"/main": c}})
	cam.setFault(func(n int, p []*rtp.Packet) []*rtp.Packet {
		if n%23 == 11 {
			return p[:len(p)-1]
		}
		return p
	})
	r := run(t, Config{Main: cam.url("", "", "/main")})
	r.wait(t, "pictures", func() bool { return len(r.units[0]) > 60 })
	r.stop()
	keys := map[string]bool{}
	index := map[string]int{}
	for i, p := range c.pictures {
		index[string(lastOf(p))] = i
	}
	previous := -1
	for i, au := range r.units[0] {
		at, ok := index[string(lastOf(slicesOf(t, au)))]
		if !ok {
			t.Fatalf("picture %d is not whole", i)
		}
		if !au.Key && at != previous+1 {
			t.Fatalf("picture %d of the clip after picture %d", at, previous)
		}
		if au.Key {
			keys[string(au.Data)] = true
		}
		previous = at
	}
	if len(keys) < 2 {
		t.Errorf("%d different key pictures", len(keys))
	}
}

// A stream that has no key picture.
func TestNoKey(t *testing.T) {
	c := h264Clip(t, "main.h264")
	c.pictures = slices.DeleteFunc(c.pictures, func(p [][]byte) bool {
		return slices.ContainsFunc(p, func(u []byte) bool { return h264.TypeOf(u) == h264.UnitIDR })
	})
	cam := startCamera(t, &fakeCamera{clips: map[string]clip{"/main": c}})
	r := run(t, Config{Main: cam.url("", "", "/main")})
	r.waitStatus(t, NoKey)
	if len(r.units[0]) != 0 {
		t.Error("pictures without a key picture")
	}
}

// A camera that stops sending but keeps the connection.
func TestWatchdog(t *testing.T) {
	cam := startCamera(t, &fakeCamera{clips: map[string]clip{"/main": h264Clip(t, "main.h264")}})
	r := run(t, Config{Main: cam.url("", "", "/main")})
	r.wait(t, "pictures", func() bool { return len(r.units[0]) > 5 })
	cam.setFault(func(int, []*rtp.Packet) []*rtp.Packet { return nil })
	r.waitStatus(t, Silent)
	cam.setFault(nil)
	r.wait(t, "pictures again", func() bool { return r.last().State == source.Running })
}

func TestRunEndsWhileConnecting(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts by the kernel, never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := run(t, Config{Main: "rtsp://" + l.Addr().String() + "/"})
	r.wait(t, "the first status", func() bool { return len(r.statuses) > 0 })
	r.stop() // must return at once; the test's deadline is the check
}

func TestPlayReportsTheOffer(t *testing.T) {
	cam := startCamera(t, &fakeCamera{clips: map[string]clip{"/main": h265Clip(t, "main.h265")}})
	a, err := ParseAddress(cam.url("", "", "/main"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	var offer Offer
	err = Play(ctx, PlayConfig{
		Address: a, Clock: source.NewClock(), Offer: func(o Offer) { offer = o },
		Picture: func(codec.AccessUnit) { cancel(errStopped) },
	})
	if err != nil || !errors.Is(context.Cause(ctx), errStopped) {
		t.Fatalf("%v, %v", err, context.Cause(ctx))
	}
	if offer.Video != "H265" || len(offer.Audio) != 1 || offer.Audio[0] != "G711" {
		t.Errorf("%+v", offer)
	}
}
