//go:build js

package decode

import (
	"bytes"
	"errors"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
)

// replace gives the page another value for a global name for the test's time.
func replace(t *testing.T, name string, value js.Value) {
	t.Helper()
	hide(t, name)
	js.Global().Set(name, value)
}

// script evaluates JavaScript.
func script(source string) js.Value {
	return js.Global().Get("Function").New("return " + source).Invoke()
}

// play hands all units to a decoder, waiting where it has enough to do, and returns as many results.
func play(t *testing.T, d viewer.Decoder, next func() viewer.Decoded, units []viewer.Unit) (results []viewer.Decoded) {
	t.Helper()
	for _, u := range units {
		for {
			err := d.Decode(u)
			if err == nil {
				break
			}
			if !errors.Is(err, viewer.ErrBacklog) {
				t.Fatal(err)
			}
			results = append(results, next())
		}
	}
	for len(results) < len(units) {
		results = append(results, next())
	}
	return results
}

// wantVideo checks the pictures of videoUnits.
func wantVideo(t *testing.T, results []viewer.Decoded) {
	t.Helper()
	for i, u := range videoUnits(t) {
		got := results[i]
		if got.Err != nil {
			t.Fatal(got.Err)
		}
		if got.Captured != u.Captured || got.Pixels.Width != 50 || got.Pixels.Height != 34 {
			t.Errorf("got the picture of %d, %dx%d; want that of %d, 50x34", got.Captured, got.Pixels.Width, got.Pixels.Height, u.Captured)
		}
		if got.Pixels.Matrix != viewer.BT709 || got.Pixels.FullRange {
			t.Errorf("matrix %v, full range %v; the stream says BT.709, limited", got.Pixels.Matrix, got.Pixels.FullRange)
		}
		checkColours(t, &got.Pixels)
		got.Pixels.Release()
	}
}

// Whatever is wrong with the browser's decoder, the pictures come, all of them, and diagnostics say from where.
func TestLadder(t *testing.T) {
	for _, c := range []struct {
		name    string
		choice  Choice
		prepare func(t *testing.T)
		want    string
		heavy   bool // Heavy for a larger stream
	}{
		{"the browser's", Auto, func(*testing.T) {}, nameWebCodecs, false},
		{"forced to the browser's", Browser, func(*testing.T) {}, nameWebCodecs, false},
		{"forced to Go", Go, func(*testing.T) {}, nameGo, true},
		{"no WebCodecs", Auto, func(t *testing.T) { hide(t, "VideoDecoder") }, nameGo, true},
		{"a browser that does not play it, and says so later", Auto, func(t *testing.T) {
			replace(t, "VideoDecoder", script(`class {
				static isConfigSupported(config) { return new Promise((done) => setTimeout(() => done({ supported: false, config }), 50)); }
				decodeQueueSize = 0; state = "configured";
				configure() {} decode() {} close() { this.state = "closed"; }
			}`))
		}, nameGo, false},
		{"a browser that fails before it says so", Auto, func(t *testing.T) {
			replace(t, "VideoDecoder", script(`class {
				static isConfigSupported(config) { return new Promise((done) => setTimeout(() => done({ supported: false, config }), 50)); }
				constructor(init) { this.init = init; }
				decodeQueueSize = 0; state = "configured";
				configure() {} close() { this.state = "closed"; }
				decode() { if (this.state != "closed") { this.state = "closed"; setTimeout(() => this.init.error(new DOMException("no", "EncodingError")), 5); } }
			}`))
		}, nameGo, false},
		{"a browser that refuses the codec string", Auto, func(t *testing.T) {
			replace(t, "VideoDecoder", script(`class {
				static isConfigSupported() { return Promise.reject(new TypeError("what?")); }
				state = "unconfigured";
				configure() { throw new TypeError("what?"); } close() { this.state = "closed"; }
			}`))
		}, nameGo, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.prepare(t)
			var meter Meter
			out, next := collect(t)
			l := NewLadder(&meter, c.choice)
			d, err := l.New(videoConfig, out)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			wantVideo(t, play(t, d, next, videoUnits(t)))
			if got := d.(viewer.Named).Name(); got != c.want {
				t.Errorf("decoded by %q, want %q", got, c.want)
			}
			if m := meter.Measures(); m.Pictures != 6 || (m.Decode > 0) != (c.want == nameGo) {
				t.Errorf("measures %+v", m)
			}
			large := codec.Config{Codec: codec.H264, Width: 1280, Height: 720, Profile: "avc1.4D001F"}
			if small := l.Stream(seal.Main) == seal.Sub; l.Heavy(large) != c.heavy || small != c.heavy || l.Heavy(videoConfig) {
				t.Errorf("heavy %v, small %v", l.Heavy(large), small)
			}
			// What was learned holds for the next decoder.
			again, err := l.New(videoConfig, out)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			if got := again.(viewer.Named).Name(); got != c.want {
				t.Errorf("the next by %q, want %q", got, c.want)
			}
		})
	}
}

// A browser's decoder that breaks on the stream, or gives nothing at all, is tried again, and then replaced.
func TestBrokenBrowser(t *testing.T) {
	for _, c := range []struct {
		name, class string
		fails       bool
	}{
		{"breaks", `class {
			static isConfigSupported(config) { return Promise.resolve({ supported: true, config }); }
			constructor(init) { this.init = init; }
			decodeQueueSize = 0; state = "configured";
			configure() {} close() { this.state = "closed"; }
			decode() { this.state = "closed"; setTimeout(() => this.init.error(new DOMException("no", "EncodingError")), 5); }
		}`, true},
		{"gives nothing", `class {
			static isConfigSupported(config) { return Promise.resolve({ supported: true, config }); }
			decodeQueueSize = 0; state = "configured";
			configure() {} close() { this.state = "closed"; } decode() {}
		}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			replace(t, "VideoDecoder", script(c.class))
			var meter Meter
			l := NewLadder(&meter, Auto)
			for try := range maxBroken {
				out, next := collect(t)
				d, err := l.New(videoConfig, out)
				if err != nil {
					t.Fatal(err)
				}
				if got := d.(viewer.Named).Name(); got != nameWebCodecs {
					t.Fatalf("try %d by %q", try, got)
				}
				if c.fails {
					if err := d.Decode(videoUnits(t)[0]); err != nil {
						t.Fatal(err)
					}
					if got := next(); got.Err == nil || errors.Is(got.Err, viewer.ErrUnsupported) {
						t.Errorf("error %v", got.Err)
					}
				} else {
					for _, u := range videoUnits(t) {
						if err := d.Decode(u); err != nil {
							t.Fatal(err)
						}
					}
					d.(*descent).begun = time.Now().Add(-mutedFor - time.Second)
				}
				d.Close()
			}
			out, next := collect(t)
			d, err := l.New(videoConfig, out)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if got := d.(viewer.Named).Name(); got != nameGo {
				t.Errorf("after that by %q", got)
			}
			wantVideo(t, play(t, d, next, videoUnits(t)))
			l.broken[videoConfig].until = time.Now()
			back, err := l.New(videoConfig, out)
			if err != nil {
				t.Fatal(err)
			}
			defer back.Close()
			if got := back.(viewer.Named).Name(); got != nameWebCodecs {
				t.Errorf("never tried again, but by %q", got)
			}
		})
	}
}

// Where the browser gives up so late that units are lost, the viewer begins anew with a key frame, in Go, and takes the coding for playable.
func TestBrowserGivesUpLate(t *testing.T) {
	for name, change := range map[string]func(*descent){
		"after a picture":  func(s *descent) { s.decoded(viewer.Decoded{Captured: 1}) },
		"after many units": func(s *descent) { s.lost = true },
	} {
		t.Run(name, func(t *testing.T) {
			var meter Meter
			var got viewer.Decoded
			l := NewLadder(&meter, Auto)
			d, err := l.New(videoConfig, func(d viewer.Decoded) { got = d })
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			change(d.(*descent))
			d.(*descent).decoded(viewer.Decoded{Err: viewer.ErrUnsupported})
			if got.Err == nil || errors.Is(got.Err, viewer.ErrUnsupported) {
				t.Errorf("error %v", got.Err)
			}
		})
	}
}

// Only so much is kept for the Go decoder.
func TestEarlyUnitsAreBounded(t *testing.T) {
	s := &descent{}
	for range maxEarly {
		s.keep(viewer.Unit{Data: make([]byte, 1)})
	}
	if len(s.early) != maxEarly || s.lost {
		t.Fatalf("%d units kept, lost %v", len(s.early), s.lost)
	}
	s.keep(viewer.Unit{})
	if len(s.early) != 0 || !s.lost {
		t.Errorf("%d units kept, lost %v", len(s.early), s.lost)
	}
	s = &descent{}
	s.keep(viewer.Unit{Data: make([]byte, maxEarlyBytes+1)})
	if len(s.early) != 0 || !s.lost {
		t.Errorf("%d units kept, lost %v", len(s.early), s.lost)
	}
}

// Without ImageDecoder and createImageBitmap stills are decoded in Go.
func TestStillInGo(t *testing.T) {
	for _, c := range []struct {
		name   string
		choice Choice
		hidden []string
	}{{"forced", Go, nil}, {"no decoders", Auto, []string{"ImageDecoder", "createImageBitmap"}}} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range c.hidden {
				hide(t, name)
			}
			var meter Meter
			out, next := collect(t)
			d, err := NewLadder(&meter, c.choice).New(stillConfig, out)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			file := read(t, "two.jpg")
			for i := range 3 {
				if err := d.Decode(viewer.Unit{Key: true, Captured: codec.Timestamp(i + 1), Config: stillConfig, Data: file}); err != nil {
					t.Fatal(err)
				}
				got := next()
				if got.Err != nil || got.Captured != codec.Timestamp(i+1) || !got.Pixels.FullRange {
					t.Fatalf("%+v", got)
				}
				checkColours(t, &got.Pixels)
				got.Pixels.Release()
			}
			if got := d.(viewer.Named).Name(); got != nameGo {
				t.Errorf("decoded by %q", got)
			}
			for name, data := range map[string][]byte{"empty": nil, "cut": file[:len(file)/2], "text": []byte("not a picture")} {
				bad, err := NewLadder(&meter, c.choice).New(stillConfig, out)
				if err != nil {
					t.Fatal(err)
				}
				if err := bad.Decode(viewer.Unit{Key: true, Config: stillConfig, Data: data}); err != nil {
					t.Fatal(err)
				}
				if got := next(); got.Err == nil || errors.Is(got.Err, viewer.ErrUnsupported) {
					t.Errorf("%s: error %v", name, got.Err)
				}
				if err := bad.Decode(viewer.Unit{Key: true, Config: stillConfig, Data: file}); err == nil || errors.Is(err, viewer.ErrBacklog) {
					t.Errorf("%s: a broken decoder took another unit", name)
				}
				bad.Close()
			}
		})
	}
}

// What Go cannot decode either is unsupported; so is everything that the choice rules out.
func TestNoRungLeft(t *testing.T) {
	h265 := codec.Config{Codec: codec.H265, Width: 64, Height: 64, Profile: "hev1.9.6.L93.B0"}
	for _, c := range []struct {
		name   string
		choice Choice
		config codec.Config
		hidden string
	}{
		{"H.265 without WebCodecs", Auto, h265, "VideoDecoder"},
		{"H.265 in Go", Go, h265, ""},
		{"H.264 by the browser alone, which has nothing", Browser, videoConfig, "VideoDecoder"},
		{"H.264 where stills are wanted", Still, videoConfig, ""},
		{"H.265 where stills are wanted", Still, h265, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.hidden != "" {
				hide(t, c.hidden)
			}
			var meter Meter
			l := NewLadder(&meter, c.choice)
			if _, err := l.New(c.config, func(viewer.Decoded) {}); !errors.Is(err, viewer.ErrUnsupported) {
				t.Errorf("error %v", err)
			}
			if l.Heavy(c.config) {
				t.Error("heavy, though there is no decoder")
			}
		})
	}
}

// Where stills are wanted they are what is wished for whatever the tile's size, and are decoded by the browser or, without its help, in Go.
func TestStillChoice(t *testing.T) {
	for name, want := range map[string]string{"": nameImage, "ImageDecoder createImageBitmap": nameGo} {
		t.Run("without "+name, func(t *testing.T) {
			for _, hidden := range strings.Fields(name) {
				hide(t, hidden)
			}
			var meter Meter
			out, next := collect(t)
			l := NewLadder(&meter, Still)
			for _, s := range []seal.Stream{seal.Main, seal.Sub} {
				if got := l.Stream(s); got != seal.Still {
					t.Errorf("the stream for %v is %v", s, got)
				}
			}
			d, err := l.New(stillConfig, out)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if got := d.(viewer.Named).Name(); got != want {
				t.Errorf("decoded by %q, want %q", got, want)
			}
			if err := d.Decode(viewer.Unit{Key: true, Captured: 7, Config: stillConfig, Data: read(t, "two.jpg")}); err != nil {
				t.Fatal(err)
			}
			got := next()
			if got.Err != nil || got.Captured != 7 || got.Pixels.Width != 49 || got.Pixels.Height != 33 {
				t.Fatalf("error %v, captured %d, %d×%d", got.Err, got.Captured, got.Pixels.Width, got.Pixels.Height)
			}
			checkColours(t, &got.Pixels)
			got.Pixels.Free()
		})
	}
}

func TestParseChoice(t *testing.T) {
	for word, want := range map[string]Choice{"auto": Auto, "webcodecs": Browser, "go": Go, "still": Still} {
		if got, ok := ParseChoice(word); !ok || got != want {
			t.Errorf("%q is %v, %v", word, got, ok)
		}
	}
	for _, word := range []string{"", "Go", "ffmpeg", "stills"} {
		if _, ok := ParseChoice(word); ok {
			t.Errorf("%q was accepted", word)
		}
	}
}

// garbled returns a stream of key units that no decoder makes anything of.
func garbled(u viewer.Unit) viewer.Unit {
	u.Data = bytes.Repeat([]byte{0, 0, 1, 0x65, 0xFF, 0x13}, 50)
	return u
}
