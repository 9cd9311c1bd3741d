package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
)

func TestPeriod(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90m": 90 * time.Minute, "12h": 12 * time.Hour, "7d": 7 * 24 * time.Hour, "4w": 28 * 24 * time.Hour, " 1d ": 24 * time.Hour, "never": 0,
	} {
		var p period
		if err := p.UnmarshalText([]byte(text)); err != nil || time.Duration(p) != want {
			t.Errorf("%q: %v, %v", text, time.Duration(p), err)
		}
	}
	for _, text := range []string{"", "d", "0d", "-1d", "-1h", "0s", "7", "7 days", "1e9d", "99999999999999999999d", "20000w", "soon"} {
		var p period
		if err := p.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, time.Duration(p))
		}
	}
}

func TestPlain(t *testing.T) {
	if got := plain("a\x1b[31mb\nc\u202ed\u2066e ä猫"); got != "a[31mbcde ä猫" {
		t.Errorf("got %q", got)
	}
}

func TestLasted(t *testing.T) {
	for d, want := range map[time.Duration]string{12 * time.Second: "12 s", 90 * time.Second: "1 min", 125 * time.Minute: "2 h 05 min"} {
		if got := lasted(d); got != want {
			t.Errorf("%v: %q", d, got)
		}
	}
}

func someDevice(t *testing.T) identity.DevicePublic {
	t.Helper()
	k, err := identity.GenerateDevice(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k.Public()
}

func TestFind(t *testing.T) {
	now := time.Now()
	a, b, c := someDevice(t), someDevice(t), someDevice(t)
	member := func(d identity.DevicePublic, name string) viewer.Device {
		return viewer.Device{Member: grant.Member{Device: d, Terms: grant.Terms{Name: name}}}
	}
	gone := member(c, "Gone")
	gone.Revoked = true
	trust := viewer.Trust{
		Devices: []viewer.Device{member(a, "Phone"), member(b, "phone"), member(c, "Hall"), gone},
		Invites: []grant.Invitation{{Key: a, State: grant.InviteOpen, Entry: grant.Entry{Terms: grant.Terms{Name: "Bob"}, RedeemBefore: now.Add(time.Hour)}}},
	}
	for text, want := range map[string]identity.DevicePublic{
		" hall ": c, a.ID().String(): a, b.ID().Fingerprint(): b, strings.ToUpper(b.ID().Fingerprint()[:7]): b, "BOB": a,
	} {
		// a is the key of a device and of the invitation here, so that by id there are two.
		found, err := find(trust, text, now)
		if text == a.ID().String() {
			if err == nil {
				t.Errorf("%q: found one of two", text)
			}
			continue
		}
		if err != nil || found.invite == nil && found.device.Device != want || found.invite != nil && found.invite.Key != want {
			t.Errorf("%q: %+v, %v", text, found, err)
		}
	}
	for text, says := range map[string]string{"phone": "2 devices", "Gone": "There is no device", "": "There is no device", "x\x1b[2J": "There is no device"} {
		_, err := find(trust, text, now)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTerms(t *testing.T) {
	now := time.Unix(1_800_000_000, 5)
	cameras := []viewer.KnownCamera{{ID: identity.CameraID{1}, Name: "Porch"}, {ID: identity.CameraID{2}, Name: "Hall"}}
	for name, test := range map[string]struct {
		flags termsFlags
		want  grant.Terms
		until time.Duration
	}{
		"guest":  {termsFlags{}, grant.Terms{Role: grant.Guest, Rights: grant.Live}, 7 * 24 * time.Hour},
		"screen": {termsFlags{Role: "screen"}, grant.Terms{Role: grant.Display, Rights: grant.Live}, 90 * 24 * time.Hour},
		"viewer": {termsFlags{Role: "viewer"}, grant.Terms{Role: grant.Viewer, Rights: grant.AllRights}, 0},
		"owner":  {termsFlags{Role: "owner"}, grant.Terms{Role: grant.Owner, Rights: grant.AllRights}, 0},
		"more":   {termsFlags{Rights: []string{"talk", "live"}, For: period(time.Hour), Cameras: []string{"hall"}}, grant.Terms{Role: grant.Guest, Rights: grant.Live | grant.Talk, Cameras: []identity.CameraID{{2}}}, time.Hour},
	} {
		got, err := test.flags.terms(" n ", grant.Guest, cameras, now)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		test.want.Name = "n"
		if test.until != 0 {
			whole := now.Truncate(time.Second)
			test.want.NotBefore, test.want.Expires = whole.Add(-clockSkew), whole.Add(test.until)
		}
		if !got.Equal(test.want) {
			t.Errorf("%s: %+v", name, got)
		}
		if err := got.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInput(t *testing.T) {
	in := newInput(strings.NewReader("one\r\ntwo\n\nlast"))
	for _, want := range []string{"one", "two", "", "last"} {
		if got, err := in.line(t.Context()); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if _, err := in.secret(t.Context()); !errors.Is(err, errNoInput) {
		t.Error(err)
	}
	if _, err := newInput(strings.NewReader(strings.Repeat("x", maxLine+1) + "\n")).line(t.Context()); err == nil {
		t.Error("a line without end is taken")
	}
	// A line that comes after its question was given up goes to the next.
	r, w := io.Pipe()
	in = newInput(r)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := in.line(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := io.WriteString(w, "late\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := in.line(t.Context()); err != nil || got != "late" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestLANAddresses(t *testing.T) {
	for listen, want := range map[string]string{"192.0.2.7": "http://192.0.2.7:80", "::1": "http://[::1]:80", "nas.local": "http://nas.local:80"} {
		if got := lanAddresses(listen, "80"); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v", listen, got)
		}
	}
	for _, listen := range []string{"", "0.0.0.0", "::"} {
		if reachable(listen) != "127.0.0.1" || len(lanAddresses(listen, "80")) == 0 {
			t.Errorf("%q: %v", listen, lanAddresses(listen, "80"))
		}
	}
}
