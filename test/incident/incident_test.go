package main

import (
	"bytes"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/test/barcode"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The cache is right as long as the network is good; when it is bad, by turns.
func TestCacheMixesUpUnderABadNetwork(t *testing.T) {
	now := time.Unix(1_580_000_000, 0)
	n := newNetwork()
	n.now = func() time.Time { return now }
	c := &cache[string]{network: n}
	if _, ok := c.get(0); ok {
		t.Error("something in an empty cache")
	}
	c.put(0, "Anna's")
	c.put(1, "Ben's")
	expect := func(when string, want ...string) {
		t.Helper()
		for home := range homes {
			if got, ok := c.get(home); !ok || got != want[home] {
				t.Errorf("%s: home %d gets %q, %v; want %q", when, home, got, ok, want[home])
			}
		}
	}
	expect("good network", "Anna's", "Ben's")
	n.set(true)
	expect("bad network", "Ben's", "Anna's")
	now = now.Add(wrongFor - 1)
	n.set(true) // again: the turns go on
	expect("at the end of the first mix-up", "Ben's", "Anna's")
	now = now.Add(1)
	expect("between mix-ups", "Anna's", "Ben's")
	now = now.Add(rightFor)
	expect("second mix-up", "Ben's", "Anna's")
	n.set(false)
	expect("mended", "Anna's", "Ben's")
}

// The strip survives JPEG, and the pictures of the two homes differ in more than the strip.
func TestPictures(t *testing.T) {
	var pixels [homes][]byte
	for home, paint := range scenes {
		s := paint()
		for _, number := range []int{0, 1, 0x555, 0xaaa, 4095} {
			c := s.frame(time.Duration(number) * pictureEvery)
			if number == 0 {
				pixels[home] = bytes.Clone(c.Pix)
			}
			drawStrip(c.RGBA, number, home+1)
			var file bytes.Buffer
			if err := jpeg.Encode(&file, c.RGBA, &jpeg.Options{Quality: 82}); err != nil {
				t.Fatal(err)
			}
			decoded, err := jpeg.Decode(&file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := barcode.DecodeImage(decoded, image.Rect(0, 0, width, height))
			if err != nil || got != (barcode.Reading{Number: number, Camera: home + 1}) {
				t.Errorf("%s, picture %d: read %+v, %v", rooms[home], number, got, err)
			}
		}
		if first, later := s.frame(0), s.frame(time.Second); bytes.Equal(first.Pix, later.Pix) {
			t.Errorf("nothing moves in the %s", rooms[home])
		}
	}
	same := 0
	for i := range pixels[0] {
		if pixels[0][i] == pixels[1][i] && i%4 != 3 {
			same++
		}
	}
	if same > len(pixels[0])/10 {
		t.Errorf("the two homes look alike in %d of %d bytes", same, len(pixels[0]))
	}
}

// The client's document may be framed by this machine, and nothing else of its policy changes.
func TestFrameable(t *testing.T) {
	for path, added := range map[string]bool{"/": true, "/app.css": false} {
		r := &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{}, Request: &http.Request{URL: &url.URL{Path: path}},
			Body: io.NopCloser(strings.NewReader("<html><head></head><body></body></html>")),
		}
		r.Header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; connect-src 'self'")
		if err := frameable(r); err != nil {
			t.Fatal(err)
		}
		if got := r.Header.Get("Content-Security-Policy"); got != "default-src 'none'; frame-ancestors http://localhost:*; connect-src 'self'" {
			t.Errorf("%s: policy %q", path, got)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), probePath) != added {
			t.Errorf("%s: %s", path, body)
		}
	}
}
