//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/test/browser"
	"github.com/sealcam/sealcam/test/clips"
)

// The server is blind: of all that it receives, sends and logs while somebody claims an agent and watches for 20 s on each
// transport, nothing is a piece of the clip, of SDP, a name, a password or the link's secret.
func TestServerSeesNothing(t *testing.T) {
	n := startServer(t, nil)
	w := startTap(t, strings.TrimPrefix(n.address, "http://"))
	clock := source.NewClock()
	cam, _ := rtspCamera(t, 5, clock, nil)
	h := startAgent(t, w.address, nil, clock, camera.Camera{Name: cameraName, Source: cam.Source})
	link := h.link(t)
	_, fragment, _ := strings.Cut(link, "#")
	_, secret, err := pairing.ParseFragment(fragment)
	if err != nil {
		t.Fatal(err)
	}
	page := browser.Start(t).NewPage()
	for _, transport := range []string{"transport=p2p", "transport=relay"} {
		if transport == "transport=p2p" {
			page.Open(withQuery(link, transport))
		} else {
			page.Open(w.address + "/?" + transport)
		}
		page.WaitTiles(1, patience, browser.In(browser.Live))
		page.Sample(true)
		// 20 s at 15 or 30 pictures a second, by the stream that the tile's size asks for.
		page.WaitSamples(2*patience, func(s []browser.Sample) bool {
			return len(s) > 1 && s[len(s)-1].At.Sub(s[0].At) >= 20*time.Second
		})
	}
	page.Open("about:blank")
	h.stop()
	n.stop()

	seen := w.record()
	if !bytes.Contains(seen, []byte("GET /signal")) || len(seen) < 1<<20 {
		t.Fatalf("the tap holds %d bytes: it is not where the traffic is", len(seen))
	}
	seen = append(seen, n.log.String()...)

	clip, err := clips.Make(t.Context(), clips.Camera(5))
	if err != nil {
		t.Fatal(err)
	}
	runs := map[[runLength]byte]struct{}{}
	for _, picture := range slices.Concat(clip.Main.Units, clip.Sub.Units) {
		for _, unit := range picture {
			addRuns(runs, unit)
		}
	}
	if len(runs) < 100_000 {
		t.Fatalf("only %d runs of the clip are looked for", len(runs))
	}
	for i := 0; i+runLength <= len(seen); i++ {
		if _, ok := runs[[runLength]byte(seen[i:])]; ok {
			t.Fatalf("the server saw a piece of the clip at byte %d", i)
		}
	}
	for what, text := range map[string]string{
		"SDP": "v=0\r\n", "SDP media": "m=video", "SDP attribute": "a=ice-ufrag", "DTLS fingerprint": "a=fingerprint", "ICE candidate": "candidate:",
		"camera's name": cameraName, "password": password, "password in Base64": base64.StdEncoding.EncodeToString([]byte("viewer:" + password)),
		"link": fragment, "link's secret": string(secret[:]), "link's secret in text": base64.RawURLEncoding.EncodeToString(secret[:]),
		"RTSP address": "rtsp://",
	} {
		if bytes.Contains(seen, []byte(text)) {
			t.Errorf("the server saw the %s", what)
		}
	}
}

const runLength = 16

// addRuns notes every run of a unit that could not stand somewhere by chance, as runs of zeros do.
func addRuns(runs map[[runLength]byte]struct{}, unit []byte) {
	for i := 0; i+runLength <= len(unit); i++ {
		run := [runLength]byte(unit[i:])
		var values [256]bool
		distinct := 0
		for _, b := range run {
			if !values[b] {
				values[b] = true
				distinct++
			}
		}
		if distinct >= 6 {
			runs[run] = struct{}{}
		}
	}
}

// tap is a TCP proxy before the server that keeps what passes: HTTP heads as they are, WebSocket messages without their mask.
type tap struct {
	address string
	mu      sync.Mutex
	seen    bytes.Buffer
}

func startTap(t *testing.T, server string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &tap{address: "http://localhost:" + l.Addr().String()[strings.LastIndexByte(l.Addr().String(), ':')+1:]}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			wg.Go(func() { w.pass(upstream, client, http.MethodGet) })
			wg.Go(func() { w.pass(client, upstream, "") })
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return w
}

// pass copies from src to dst and reads along.
func (w *tap) pass(dst, src net.Conn, method string) {
	defer dst.Close()
	defer src.Close()
	r, write := io.Pipe()
	var reader sync.WaitGroup
	reader.Go(func() {
		w.read(bufio.NewReader(r), method != "")
		io.Copy(io.Discard, r)
	})
	io.Copy(dst, io.TeeReader(src, write))
	write.Close()
	reader.Wait()
}

// read keeps the heads of requests; after an upgrade, WebSocket frames (RFC 6455 §5.2).
func (w *tap) read(r *bufio.Reader, requests bool) {
	for {
		if requests {
			q, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			w.keep([]byte(q.Method + " " + q.URL.String() + "\n"))
			for k, v := range q.Header {
				w.keep([]byte(k + ": " + strings.Join(v, ",") + "\n"))
			}
			if q.Header.Get("Upgrade") == "" {
				continue
			}
		} else {
			p, err := http.ReadResponse(r, nil)
			if err != nil {
				return
			}
			if p.StatusCode != http.StatusSwitchingProtocols {
				io.Copy(io.Discard, p.Body) // the client's files, which are public
				continue
			}
		}
		w.frames(r)
		return
	}
}

func (w *tap) frames(r *bufio.Reader) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return
		}
		if head[0]&0x40 != 0 {
			w.keep([]byte("v=0\r\n compressed frames cannot be read: fail"))
		}
		n := uint64(head[1] & 0x7f)
		if size := map[uint64]int{126: 2, 127: 8}[n]; size > 0 {
			b := make([]byte, 8)
			if _, err := io.ReadFull(r, b[8-size:]); err != nil {
				return
			}
			n = binary.BigEndian.Uint64(b)
		}
		var mask [4]byte
		if head[1]&0x80 != 0 {
			if _, err := io.ReadFull(r, mask[:]); err != nil {
				return
			}
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(r, payload); err != nil {
			return
		}
		for i := range payload {
			payload[i] ^= mask[i%4]
		}
		w.keep(payload)
	}
}

func (w *tap) keep(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.Write(b)
}

func (w *tap) record() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.seen.Bytes())
}
