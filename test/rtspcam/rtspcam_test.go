package rtspcam

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/codec"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const wait = 10 * time.Second

func load(t *testing.T, path string, fps int) Clip {
	t.Helper()
	clip, err := LoadClip(path, fps)
	if err != nil {
		t.Fatal(err)
	}
	return clip
}

func start(t *testing.T, config Config) *Camera {
	t.Helper()
	c, err := Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func demo(t *testing.T) (main, sub Clip) {
	return load(t, "../../camera/demo/main.h264", 25), load(t, "../../camera/demo/sub.h264", 25)
}

// picture is one access unit as a client got it.
type picture struct {
	nals [][]byte
	time uint32 // RTP
}

// reader plays a stream with gortsplib's client.
type reader struct {
	client   *gortsplib.Client
	format   format.Format
	pictures chan picture
	packets  chan *rtp.Packet
	ended    chan error
}

func play(t *testing.T, address string, protocol gortsplib.Protocol) (*reader, error) {
	t.Helper()
	u, err := base.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{
		client:   &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Protocol: &protocol, ReadTimeout: wait},
		pictures: make(chan picture, 10000), packets: make(chan *rtp.Packet, 100000), ended: make(chan error, 1),
	}
	if err := r.client.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(r.client.Close)
	session, _, err := r.client.Describe(u)
	if err != nil {
		return nil, err
	}
	medium := session.Medias[0]
	r.format = medium.Formats[0]
	if _, err := r.client.Setup(session.BaseURL, medium, 0, 0); err != nil {
		return nil, err
	}
	r.client.OnPacketRTP(medium, r.format, r.receive(t, medium))
	if _, err := r.client.Play(nil); err != nil {
		return nil, err
	}
	go func() { r.ended <- r.client.Wait() }() // the client's Close ends it
	return r, nil
}

func (r *reader) receive(t *testing.T, _ *description.Media) func(*rtp.Packet) {
	var decode func(*rtp.Packet) ([][]byte, error)
	switch f := r.format.(type) {
	case *format.H264:
		d, err := f.CreateDecoder()
		if err != nil {
			t.Fatal(err)
		}
		decode = d.Decode
	case *format.H265:
		d, err := f.CreateDecoder()
		if err != nil {
			t.Fatal(err)
		}
		decode = d.Decode
	}
	return func(p *rtp.Packet) {
		r.packets <- p
		if nals, err := decode(p); err == nil {
			r.pictures <- picture{nals, p.Timestamp}
		}
	}
}

func (r *reader) next(t *testing.T) picture {
	t.Helper()
	select {
	case p := <-r.pictures:
		return p
	case <-time.After(wait):
		t.Fatal("no picture")
		return picture{}
	}
}

// index finds a picture in the clip, or returns -1.
func index(clip Clip, p picture) int {
	whole := bytes.Join(p.nals, nil)
	for i, unit := range clip.Units {
		if bytes.Equal(whole, bytes.Join(unit, nil)) {
			return i
		}
	}
	return -1
}

func TestPlaysTheClipInOrderAndInTime(t *testing.T) {
	main, sub := demo(t)
	h265 := load(t, "testdata/small.h265", 25)
	for name, c := range map[string]struct {
		clip     Clip
		config   Config
		path     string
		protocol gortsplib.Protocol
	}{
		"main over TCP":      {main, Config{Main: main, Sub: sub}, MainPath, gortsplib.ProtocolTCP},
		"sub over UDP":       {sub, Config{Main: main, Sub: sub}, SubPath, gortsplib.ProtocolUDP},
		"H.265 over TCP":     {h265, Config{Main: h265}, MainPath, gortsplib.ProtocolTCP},
		"Basic over TCP":     {main, Config{Main: main, Auth: Basic, User: "admin", Password: "p@/ ss"}, MainPath, gortsplib.ProtocolTCP},
		"Digest over UDP":    {h265, Config{Main: h265, Auth: Digest, User: "admin", Password: "pass"}, MainPath, gortsplib.ProtocolUDP},
		"SHA-256 over TCP":   {main, Config{Main: main, Auth: DigestSHA256, User: "admin", Password: "pass"}, MainPath, gortsplib.ProtocolTCP},
		"without SPS in SDP": {main, Config{Main: main, BareSDP: true}, MainPath, gortsplib.ProtocolTCP},
	} {
		t.Run(name, func(t *testing.T) {
			camera := start(t, c.config)
			address := camera.MainURL()
			if c.path == SubPath {
				address = camera.SubURL()
			}
			r, err := play(t, address, c.protocol)
			if err != nil {
				t.Fatal(err)
			}
			const n = 12
			first := r.next(t)
			at := index(c.clip, first)
			if at < 0 {
				t.Fatal("the first picture is none of the clip's")
			}
			for i := 1; i < n; i++ {
				p := r.next(t)
				if got, want := index(c.clip, p), (at+i)%len(c.clip.Units); got != want {
					t.Fatalf("picture %d of the clip after %d others, want %d", got, i, want)
				}
				if got, want := p.time-first.time, uint32(i*rtpClock/25); got != want {
					t.Errorf("RTP time %d after the first picture's, want %d", got, want)
				}
			}
			if camera.Readers() != 1 {
				t.Errorf("%d readers", camera.Readers())
			}
			if f, ok := r.format.(*format.H264); ok && (f.SPS == nil) != c.config.BareSDP {
				t.Errorf("SPS in the description: %v, bare: %v", f.SPS != nil, c.config.BareSDP)
			}
		})
	}
}

func TestRefusesReaders(t *testing.T) {
	main, _ := demo(t)
	guarded := start(t, Config{Main: main, Auth: Digest, User: "admin", Password: "right", NoUDP: true})
	host := guarded.Address()
	for name, c := range map[string]struct {
		url      string
		protocol gortsplib.Protocol
		want     string
	}{
		"wrong password": {"rtsp://admin:wrong@" + host + MainPath, gortsplib.ProtocolTCP, "401"},
		"no password":    {"rtsp://" + host + MainPath, gortsplib.ProtocolTCP, "401"},
		"no sub-stream":  {guarded.SubURL(), gortsplib.ProtocolTCP, "404"},
		"no UDP":         {guarded.MainURL(), gortsplib.ProtocolUDP, "461"},
	} {
		if _, err := play(t, c.url, c.protocol); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want status %s", name, err, c.want)
		}
	}
	onlyUDP := start(t, Config{Main: main, NoTCP: true})
	if _, err := play(t, onlyUDP.MainURL(), gortsplib.ProtocolTCP); err == nil || !strings.Contains(err.Error(), "461") {
		t.Errorf("TCP: %v", err)
	}
	if u, err := url.Parse(guarded.MainURL()); err != nil || u.User.String() != "admin:right" {
		t.Errorf("address %v, %v", u, err)
	}
}

func TestStopAndRestart(t *testing.T) {
	main, _ := demo(t)
	camera := start(t, Config{Main: main})
	address := camera.Address()
	r, err := play(t, camera.MainURL(), gortsplib.ProtocolTCP)
	if err != nil {
		t.Fatal(err)
	}
	r.next(t)
	camera.Stop()
	select {
	case <-r.ended:
	case <-time.After(wait):
		t.Fatal("the connection outlived the camera")
	}
	if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address); err == nil {
		_ = conn.Close()
		t.Error("a stopped camera accepts connections")
	}
	if err := camera.Restart(); err != nil {
		t.Fatal(err)
	}
	if camera.Address() != address {
		t.Errorf("address %s after restart, was %s", camera.Address(), address)
	}
	if r, err = play(t, camera.MainURL(), gortsplib.ProtocolTCP); err != nil {
		t.Fatal(err)
	}
	if at := index(main, r.next(t)); at < 0 || at > 25*int(wait/time.Second) {
		t.Errorf("picture %d after the restart, want one of the first", at)
	}
	camera.Close()
	if err := camera.Restart(); !errors.Is(err, ErrClosed) {
		t.Errorf("restart after close: %v", err)
	}
}

func TestFaults(t *testing.T) {
	main, _ := demo(t)
	for name, c := range map[string]struct {
		fault Fault
		whole bool // as long as the clip's pictures
	}{
		"garbage":   {Garbage, true},
		"truncated": {Truncated, false},
		"empty":     {Empty, false},
	} {
		t.Run(name, func(t *testing.T) {
			camera := start(t, Config{Main: main})
			camera.Inject(c.fault, 1000)
			r, err := play(t, camera.MainURL(), gortsplib.ProtocolTCP)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				p := r.next(t)
				if at := index(main, p); at >= 0 {
					t.Fatalf("picture %d arrived whole", at)
				}
				var matches bool
				for _, unit := range main.Units {
					matches = matches || len(bytes.Join(unit, nil)) == len(bytes.Join(p.nals, nil))
				}
				if matches != c.whole {
					t.Errorf("a picture of the clip has this length: %v, want %v", matches, c.whole)
				}
			}
			camera.Inject(0, 0)
			for index(main, r.next(t)) < 0 {
			}
		})
	}
	t.Run("noise and silence", func(t *testing.T) {
		camera := start(t, Config{Main: main})
		r, err := play(t, camera.MainURL(), gortsplib.ProtocolTCP)
		if err != nil {
			t.Fatal(err)
		}
		known := r.next(t)
		camera.Inject(Silent, 5)
		for {
			p := r.next(t)
			if gap := p.time - known.time; gap >= 6*rtpClock/25 {
				break
			}
			known = p
		}
		camera.Inject(Noise, 3)
		for spoilt := 0; spoilt < 1; {
			select {
			case p := <-r.packets:
				if !fromClip(main, p.Payload) {
					spoilt++
				}
			case <-time.After(wait):
				t.Fatal("no noise")
			}
		}
	})
}

// fromClip says whether the end of a packet's payload occurs in the clip.
func fromClip(clip Clip, payload []byte) bool {
	end := payload[len(payload)-min(len(payload), 8):]
	for _, unit := range clip.Units {
		for _, nal := range unit {
			if bytes.Contains(nal, end) {
				return true
			}
		}
	}
	return false
}

func TestSentAt(t *testing.T) {
	main, sub := demo(t)
	before := time.Now()
	camera := start(t, Config{Main: main, Sub: sub, Offset: 4090, SubStep: 1})
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	sent := func(number int) time.Time {
		for {
			if at, ok := camera.SentAt(number, time.Now()); ok {
				return at
			}
			if ctx.Err() != nil {
				t.Fatalf("picture %d was not sent", number)
			}
			if _, err := play(t, camera.MainURL(), gortsplib.ProtocolTCP); err != nil { // passes time usefully
				t.Fatal(err)
			}
		}
	}
	first, wrapped := sent(4090), sent(2)
	if first.Before(before) || first.After(time.Now()) {
		t.Errorf("the first picture went at %v, the test began at %v", first, before)
	}
	if gap := wrapped.Sub(first); gap < 7*40*time.Millisecond || gap > wait {
		t.Errorf("%v between pictures 4090 and 4096+2", gap)
	}
	if _, ok := camera.SentAt(4090, before); ok {
		t.Error("sent before the camera started")
	}
	if _, ok := camera.SentAt(2000, time.Now()); ok {
		t.Error("a picture was sent that was not due")
	}
}

func TestJournalPrefersMainAndLatest(t *testing.T) {
	var j journal
	t0 := time.Now()
	at := func(ms int) time.Time { return t0.Add(time.Duration(ms) * time.Millisecond) }
	for _, e := range []entry{{at(0), 7, true}, {at(1), 7, false}, {at(100), 7, true}, {at(101), 7, false}, {at(50), 8, false}} {
		j.add(e)
	}
	for _, c := range []struct {
		number int
		before time.Time
		want   time.Time
		ok     bool
	}{
		{7, at(200), at(100), true},
		{7, at(99), at(0), true},
		{8, at(200), at(50), true},
		{9, at(200), time.Time{}, false},
		{7, at(-1), time.Time{}, false},
	} {
		if got, ok := j.find(c.number, c.before); ok != c.ok || !got.Equal(c.want) {
			t.Errorf("find(%d, %v) = %v, %v", c.number, c.before.Sub(t0), got.Sub(t0), ok)
		}
	}
	for i := range journalSize {
		j.add(entry{at(1000 + i), 9, true})
	}
	if _, ok := j.find(7, at(1e6)); ok {
		t.Error("the journal does not forget")
	}
}

func TestParseClipRefuses(t *testing.T) {
	key := "\x00\x00\x00\x01\x09\x10\x00\x00\x01\x67\x42\x00\x00\x01\x65\x88"
	for name, c := range map[string]struct {
		stream string
		codec  codec.Codec
		fps    int
		ok     bool
	}{
		"key picture":      {key, codec.H264, 25, true},
		"nothing":          {"", codec.H264, 25, false},
		"no delimiter":     {key[6:], codec.H264, 25, false},
		"no key picture":   {"\x00\x00\x00\x01\x09\x30\x00\x00\x01\x41\x88", codec.H264, 25, false},
		"H.264 as H.265":   {key, codec.H265, 25, false},
		"JPEG":             {key, codec.JPEG, 25, false},
		"no picture rate":  {key, codec.H264, 0, false},
		"only a delimiter": {"\x00\x00\x00\x01\x09\x10", codec.H264, 25, false},
	} {
		if _, err := ParseClip([]byte(c.stream), c.codec, c.fps); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
