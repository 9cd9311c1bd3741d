package rtsp

import (
	"bytes"
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for _, tt := range []struct{ in, host, user, password, path string }{
		{"rtsp://192.168.1.20/stream1", "192.168.1.20", "", "", "/stream1"},
		{"rtsp://admin:secret@192.168.1.20:554/h264/ch1/main", "192.168.1.20:554", "admin", "secret", "/h264/ch1/main"},
		{"  RTSP://admin:secret@cam  ", "cam", "admin", "secret", ""},
		{"rtsps://admin:secret@cam:322/x?token=a%2Fb", "cam:322", "admin", "secret", "/x?token=a%2Fb"},
		{"rtsp://admin@cam/", "cam", "admin", "", "/"},
		{"rtsp://:p@cam/", "cam", "", "p", "/"},
		{"rtsp://admin:p%40ss@cam/", "cam", "admin", "p@ss", "/"},
		{"rtsp://admin:p@ss@cam/", "cam", "admin", "p@ss", "/"},
		{"rtsp://admin:50%off@cam/", "cam", "admin", "50%off", "/"},
		{"rtsp://admin:a#b@cam/x", "cam", "admin", "a#b", "/x"},
		{"rtsp://admin:a/b?c@cam/x", "cam", "admin", "a/b?c", "/x"},
		{"rtsp://admin:a:b@[fe80::1]:554/x", "[fe80::1]:554", "admin", "a:b", "/x"},
		{"rtsp://cam/user=admin&password=x@y", "cam", "", "", "/user=admin&password=x@y"},
		{"rtsp://cam/live?user=a@b", "cam", "", "", "/live?user=a@b"},
		{"rtsp://cam/a#1", "cam", "", "", "/a%231"},
		{"rtsp://cam/100%", "cam", "", "", "/100%25"},
	} {
		a, err := ParseAddress(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		password, _ := a.url.User.Password()
		if a.url.Host != tt.host || a.url.User.Username() != tt.user || password != tt.password || a.url.RequestURI() != cmp.Or(tt.path, "/") {
			t.Errorf("%s: host %q, user %q, password %q, path %q", tt.in, a.url.Host, a.url.User.Username(), password, a.url.RequestURI())
		}
		if a.HasPassword() != (tt.user+tt.password != "") {
			t.Errorf("%s: HasPassword %v", tt.in, a.HasPassword())
		}
	}
}

func TestParseAddressRefuses(t *testing.T) {
	for _, in := range []string{
		"", "cam", "http://cam/", "rtsp:cam", "rtsp://", "rtsp:///x", "rtsp://admin:secret@", "rtsp://admin:secret@/x", "rtsp://cam:0/",
		"rtsp://cam:99999/", "rtsp://cam:port/", "rtsp://cam:/", "rtsp://admin:secret@ca m/", "rtsp://[fe80::1/", "rtsp://cam/\n", "rtsp://cam/\x00",
		"rtsp://" + strings.Repeat("a", 3000),
	} {
		_, err := ParseAddress(in)
		if err == nil {
			t.Errorf("%q accepted", in)
			continue
		}
		if strings.Contains(err.Error(), "secret") || len(in) > 12 && strings.Contains(err.Error(), in) {
			t.Errorf("%q: the error repeats it: %v", in, err)
		}
	}
	for _, c := range []Config{{Main: "rtsp://u:topsecret@/"}, {Main: "rtsp://cam/", Sub: "rtsp://u:topsecret@:1/"}} {
		if _, err := New(c); err == nil || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("New: %v", err)
		}
	}
}

func TestAddressRedacts(t *testing.T) {
	a, err := ParseAddress("rtsp://admin:topsecret@cam:554/hiddenpath?password=alsosecret")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "address", a, "pointer", &a)
	for _, said := range []string{a.String(), fmt.Sprint(a), fmt.Sprintf("%v %+v %#v %s %q", a, a, a, a, a), fmt.Sprintf("%v %+v %#v", &a, &a, &a), log.String()} {
		for _, secret := range []string{"topsecret", "admin", "hiddenpath", "alsosecret"} {
			if strings.Contains(said, secret) {
				t.Errorf("%s shows %s", said, secret)
			}
		}
		if !strings.Contains(said, "cam:554") {
			t.Errorf("%s does not show the host", said)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	if seeds, err := os.ReadDir("testdata/fuzz/FuzzParseAddress"); err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			if err != errAddress {
				t.Fatalf("unexpected words: %v", err)
			}
			return
		}
		if a.base().Hostname() == "" {
			t.Fatal("no host")
		}
		if a.String() != a.url.Scheme+"://"+a.url.Host+"/…" || strings.ContainsAny(a.url.Host, "@/?#") {
			t.Fatalf("shows %s", a)
		}
	})
}
