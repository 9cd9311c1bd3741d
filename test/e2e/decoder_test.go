//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
)

// tileDiagnosis is what sealcam.stats() tells of a tile.
type tileDiagnosis struct {
	Decoder, Codec       string
	Stream               seal.Stream
	Width, Height        int
	Failures, Dropped    float64
	GateRefused, Refused float64 // Refused without those that had come the other way before
}

func diagnose(p *browser.Page) tileDiagnosis {
	return browser.Eval[tileDiagnosis](p, `(() => {
		const t = sealcam.stats().tiles[0];
		return { Decoder: t.decoder, Codec: t.codec, Stream: t.stream, Width: t.width, Height: t.height, Failures: t.failures,
			Dropped: t.dropped, GateRefused: t.gate_refused, Refused: t.refused - (t.refusals.replayed ?? 0) };
	})()`)
}

// decoding is diagnose once the decoder plays one of the codecs. Where the page had no time at first, stills may come before.
func decoding(p *browser.Page, decoder string, codecs ...string) tileDiagnosis {
	p.WaitFor(`(([t]) => t.decoder === `+quoted(decoder)+` && `+quotedList(codecs)+`.includes(t.codec))(sealcam.stats().tiles)`, patience)
	return diagnose(p)
}

// brokenVideo is a page whose browser says that it plays everything, and then fails.
const brokenVideo = `globalThis.VideoDecoder = class {
	static isConfigSupported(config) { return Promise.resolve({ supported: true, config }); }
	constructor(init) { this.init = init; }
	state = "unconfigured"; decodeQueueSize = 0;
	configure() { this.state = "configured"; }
	decode() { this.close(); setTimeout(() => this.init.error(new DOMException("broken", "EncodingError"))); }
	close() { this.state = "closed"; }
};`

// unsupportedVideo is one that plays nothing, and says so only when asked.
const unsupportedVideo = `globalThis.VideoDecoder = class {
	static isConfigSupported(config) { return Promise.resolve({ supported: false, config }); }
	state = "unconfigured"; decodeQueueSize = 0;
	configure() { this.state = "configured"; }
	decode() {}
	close() { this.state = "closed"; }
};`

// Each decoder puts the right pictures on the canvas, in order. Where Go decodes, the sub-stream is watched though the tile is large.
func TestDecoders(t *testing.T) {
	const wide = 1000 // more than the page shows the sub-stream at
	for _, test := range []struct {
		name, query string
		script      string
		decoder     string
		stream      seal.Stream
	}{
		{"what the page chooses", "", "", "webcodecs", seal.Main},
		{"forced to WebCodecs", "decoder=webcodecs", "", "webcodecs", seal.Main},
		{"forced to Go", "decoder=go", "", "go", seal.Sub},
		{"forced to Go, relayed", "decoder=go&transport=relay", "", "go", seal.Sub},
		{"no WebCodecs", "", "delete globalThis.VideoDecoder", "go", seal.Sub},
		{"WebCodecs without this coding", "", unsupportedVideo, "go", seal.Sub},
		{"WebCodecs that breaks", "", brokenVideo, "go", seal.Sub},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := startServer(t, nil)
			clock := source.NewClock()
			cam, _ := rtspCamera(t, 3, clock, nil)
			h := startAgent(t, n.address, nil, clock, cam)
			p := claim(t, browser.Start(t), h, 1, test.query, browser.Viewport(wide, wide*9/16), browser.Script(test.script))
			want := `(() => { const t = sealcam.stats().tiles[0]; return t.decoder === "` + test.decoder + `" && t.stream === ` + string('0'+rune(test.stream)) + ` })()`
			p.WaitFor(want, patience)
			p.Sample(true)
			wantPictures(t, p.WaitSamples(patience, browser.Frames("", 45)), 3)
			p.WaitFor(want, patience)
			d := diagnose(p)
			if d.Decoder != test.decoder || d.Stream != test.stream || d.Codec != "H.264" || d.Refused != 0 || d.GateRefused != 0 {
				t.Errorf("%+v", d)
			}
			if small := d.Width == 640 && d.Height == 360; small != (test.stream == seal.Sub) {
				t.Errorf("the picture is %d×%d", d.Width, d.Height)
			}
			noExceptions(t, p)
		})
	}
}

// A camera without a sub-stream is shown too, as fast as the device can decode it.
func TestGoDecoderWithoutSubStream(t *testing.T) {
	n := startServer(t, nil)
	clock := source.NewClock()
	cam := reached(t, cameraName, rtsp.Config{Main: play(t, clips.Camera(5), nil).MainURL(), Clock: clock})
	h := startAgent(t, n.address, nil, clock, cam)
	p := claim(t, browser.Start(t), h, 1, "decoder=go")
	p.Sample(true)
	wantPictures(t, p.WaitSamples(patience, browser.Frames("", 6)), 5)
	if d := diagnose(p); d.Decoder != "go" || d.Stream != seal.Main || d.Width != 1152 || d.GateRefused != 0 {
		t.Errorf("%+v", d)
	}
	noExceptions(t, p)
}

// A word that names no decoder is said to, and the page chooses by itself.
func TestUnknownDecoder(t *testing.T) {
	n := startServer(t, nil)
	clock := source.NewClock()
	cam, _ := rtspCamera(t, 3, clock, nil)
	h := startAgent(t, n.address, nil, clock, cam)
	p := claim(t, browser.Start(t), h, 1, "decoder=vlc")
	if text := p.Text(); !strings.Contains(text, "vlc") || !strings.Contains(text, "webcodecs, go, still or auto") {
		t.Errorf("the page says %q", text)
	}
	decoding(p, "webcodecs", "H.264")
}
