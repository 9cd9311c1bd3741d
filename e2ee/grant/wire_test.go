package grant_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
)

func longHome(t testing.TB) *home {
	h := newHome(t)
	h.append(h.next(grant.Add, device(t, 3), h.owner.Signer(), guest))
	h.append(h.next(grant.Add, device(t, 4), h.owner.Signer(), func(e *grant.Entry) {
		e.Name, e.Cameras, e.Rights = strings.Repeat("ü", grant.MaxName/2), cameras(grant.MaxCameras), grant.AllRights
	}))
	h.append(h.next(grant.Revoke, device(t, 3), h.owner.Signer(), nil))
	return h
}

func TestLogRoundTrip(t *testing.T) {
	h := longHome(t)
	encoded := mustMarshal(t, h.log)
	again, err := grant.Parse(encoded, agentID)
	if err != nil {
		t.Fatal(err)
	}
	if again.Head() != h.log.Head() || !reflect.DeepEqual(again.Entries(0), h.log.Entries(0)) || !reflect.DeepEqual(again.Members(), h.log.Members()) {
		t.Error("the log has changed on the way")
	}
	if !bytes.Equal(mustMarshal(t, again), encoded) {
		t.Error("it is written otherwise than it was read")
	}
	// A stored log grows by appending bytes.
	e := h.next(grant.Add, device(t, 5), h.owner.Signer(), nil)
	h.append(e)
	if grown := grant.AppendFramed(encoded, &e); !bytes.Equal(grown, mustMarshal(t, h.log)) {
		t.Error("appending gives another log")
	}
	largest := h.log.Entries(2)[0]
	if b, err := largest.MarshalBinary(); err != nil || len(b) != grant.MaxEntry {
		t.Errorf("the largest entry has %d bytes, %v", len(b), err)
	}
}

func TestEveryBitOfALogCounts(t *testing.T) {
	h := newHome(t)
	h.append(h.next(grant.Add, device(t, 3), h.owner.Signer(), func(e *grant.Entry) { guest(e); e.Cameras = cameras(2) }))
	encoded := mustMarshal(t, h.log)
	for i := range len(encoded) * 8 {
		bad := bytes.Clone(encoded)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := grant.Parse(bad, agentID); err == nil {
			t.Errorf("bit %d of byte %d changes nothing", i%8, i/8)
		}
	}
	whole := map[int]bool{1: true, 1 + 4 + len(h.genesis): true}
	for n := range encoded {
		if _, err := grant.Parse(encoded[:n], agentID); (err == nil) != whole[n] {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := grant.Parse(append(bytes.Clone(encoded), 0), agentID); err == nil {
		t.Error("a byte more changes nothing")
	}
	if _, err := grant.Parse(append([]byte{1}, encoded[1+4+len(h.genesis):]...), agentID); err == nil {
		t.Error("the first entry may be missing")
	}
	if _, err := grant.Parse(make([]byte, grant.MaxLog+1), agentID); !errors.Is(err, grant.ErrEntry) {
		t.Error(err)
	}
}

// Each of these is signed by the owner, and yet no entry.
func TestEntryRules(t *testing.T) {
	h := newHome(t)
	for name, change := range map[string]func(*grant.Entry){
		"kind 0":                   func(e *grant.Entry) { e.Kind = 0 },
		"kind 5":                   func(e *grant.Entry) { e.Kind = 5 },
		"not dated":                func(e *grant.Entry) { e.Issued = time.Time{} },
		"dated in part of one":     func(e *grant.Entry) { e.Issued = now.Add(time.Millisecond) },
		"dated before 1970":        func(e *grant.Entry) { e.Issued = time.Unix(-1, 0) },
		"dated after 9999":         func(e *grant.Entry) { e.Issued = time.Unix(253402300800, 0) },
		"to redeem, no invite":     func(e *grant.Entry) { e.RedeemBefore = now.Add(time.Hour) },
		"invite without end":       func(e *grant.Entry) { invite(e); e.RedeemBefore = time.Time{} },
		"invite ends as it begins": func(e *grant.Entry) { invite(e); e.RedeemBefore = now },
		"invite for too long":      func(e *grant.Entry) { invite(e); e.RedeemBefore = now.Add(grant.MaxRedeem + time.Second) },
		"invite, part of a second": func(e *grant.Entry) { invite(e); e.RedeemBefore = e.RedeemBefore.Add(1) },
		"invite without name":      func(e *grant.Entry) { invite(e); e.Name = "" },
		"invite of endless guest":  func(e *grant.Entry) { invite(e); e.Role = grant.Guest },
		"no subject":               func(e *grant.Entry) { e.Subject = identity.DevicePublic{} },
		"no name":                  func(e *grant.Entry) { e.Name = "" },
		"long name":                func(e *grant.Entry) { e.Name = strings.Repeat("n", grant.MaxName+1) },
		"name not UTF-8":           func(e *grant.Entry) { e.Name = "\xff" },
		"name with a line break":   func(e *grant.Entry) { e.Name = "a\nb" },
		"name turned round":        func(e *grant.Entry) { e.Name = "a\u202eb" },
		"name with space around":   func(e *grant.Entry) { e.Name = " a" },
		"no rights":                func(e *grant.Entry) { e.Rights = 0 },
		"unknown right":            func(e *grant.Entry) { e.Rights |= 1 << 4 },
		"role 0":                   func(e *grant.Entry) { e.Role = 0 },
		"role 5":                   func(e *grant.Entry) { e.Role = 5 },
		"too many cameras":         func(e *grant.Entry) { e.Cameras = cameras(grant.MaxCameras + 1) },
		"camera twice":             func(e *grant.Entry) { e.Cameras = append(cameras(1), cameras(1)...) },
		"cameras out of order":     func(e *grant.Entry) { e.Cameras = []identity.CameraID{{2}, {1}} },
		"camera 0":                 func(e *grant.Entry) { e.Cameras = []identity.CameraID{{}} },
		"owner with few rights":    func(e *grant.Entry) { e.Role = grant.Owner },
		"owner of one camera":      func(e *grant.Entry) { owner(e); e.Cameras = cameras(1) },
		"owner who expires":        func(e *grant.Entry) { owner(e); e.Expires = now },
		"owner who begins":         func(e *grant.Entry) { owner(e); e.NotBefore = now },
		"guest without end":        func(e *grant.Entry) { guest(e); e.Expires = time.Time{} },
		"guest without beginning":  func(e *grant.Entry) { guest(e); e.NotBefore = time.Time{} },
		"guest for too long":       func(e *grant.Entry) { guest(e); e.Expires = now.Add(grant.MaxTerm + time.Second) },
		"display without end":      func(e *grant.Entry) { e.Role = grant.Display },
		"ends before it begins":    func(e *grant.Entry) { guest(e); e.Expires = now.Add(-time.Second) },
		"ends as it begins":        func(e *grant.Entry) { guest(e); e.Expires = now },
		"part of a second":         func(e *grant.Entry) { guest(e); e.Expires = e.Expires.Add(1) },
		"before 1970":              func(e *grant.Entry) { e.NotBefore = time.Unix(-1, 0) },
		"after 9999":               func(e *grant.Entry) { e.Expires = time.Unix(253402300800, 0) },
		"revocation with a name":   func(e *grant.Entry) { *e = revocation(e); e.Name = "x" },
		"revocation with rights":   func(e *grant.Entry) { *e = revocation(e); e.Rights = grant.Live },
		"revocation with a role":   func(e *grant.Entry) { *e = revocation(e); e.Role = grant.Viewer },
		"revocation with cameras":  func(e *grant.Entry) { *e = revocation(e); e.Cameras = cameras(1) },
		"revocation that begins":   func(e *grant.Entry) { *e = revocation(e); e.NotBefore = now },
		"revocation that ends":     func(e *grant.Entry) { *e = revocation(e); e.Expires = now },
	} {
		e := h.log.Next(grant.Add, device(t, 3).Public())
		e.Issued = now
		e.Name, e.Role, e.Rights = "tablet", grant.Viewer, grant.Live
		change(&e)
		if err := e.Sign(h.owner.Signer(), agentID); !errors.Is(err, grant.ErrEntry) {
			t.Errorf("%s: Sign: %v", name, err)
		}
		if err := h.log.Append(e); !errors.Is(err, grant.ErrEntry) {
			t.Errorf("%s: Append: %v", name, err)
		}
		if b, err := e.MarshalBinary(); !errors.Is(err, grant.ErrEntry) {
			t.Errorf("%s: MarshalBinary: %x, %v", name, b, err)
		}
	}
}

func revocation(e *grant.Entry) grant.Entry {
	return grant.Entry{Home: e.Home, Seq: e.Seq, Prev: e.Prev, Kind: grant.Revoke, Subject: e.Subject, Issued: e.Issued}
}

func TestParseEntryRefuses(t *testing.T) {
	good := newHome(t).genesis
	const nameAt = 1 + 1 + 32 + 8 + 32 + 32 + 32 + 8 + 8 + 1 + 2 + 8 + 8
	set := func(at int, b ...byte) []byte {
		c := bytes.Clone(good)
		copy(c[at:], b)
		return c
	}
	for name, b := range map[string][]byte{
		"empty":               nil,
		"version 0":           set(0, 0),
		"version 2":           set(0, 2),
		"subject of order 1":  set(74, append([]byte{1}, make([]byte, 31)...)...),
		"time beyond 9999":    set(nameAt-8, 0, 0, 0, 59, 0xff, 0xf4, 0x41, 0x80),
		"highest time":        set(nameAt-16, 255, 255, 255, 255, 255, 255, 255, 255),
		"name beyond the end": set(nameAt, 255),
		"name to the end":     set(nameAt, 7),
		"a camera missing":    set(nameAt+1+5, 0, 1),
		"many cameras":        set(nameAt+1+5, 255, 255),
		"a byte more":         append(bytes.Clone(good), 0),
		"much more":           append(bytes.Clone(good), make([]byte, grant.MaxEntry)...),
	} {
		if _, err := grant.ParseEntry(b); !errors.Is(err, grant.ErrEntry) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range good {
		if _, err := grant.ParseEntry(good[:n]); !errors.Is(err, grant.ErrEntry) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
}

// A full log takes no more devices, but still revocations.
func TestFullLogStillRevokes(t *testing.T) {
	h := newHome(t)
	many := cameras(grant.MaxCameras)
	full := false
	for i := range 2000 {
		kind := grant.Grant
		if i == 0 {
			kind = grant.Add
		}
		e := h.next(kind, device(t, 3), h.owner.Signer(), func(e *grant.Entry) { e.Cameras, e.Name = many, fmt.Sprint("n", i) })
		if err := h.log.Append(e); errors.Is(err, grant.ErrFull) {
			full = true
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if !full {
		t.Fatal("the log never fills")
	}
	h.append(h.next(grant.Revoke, device(t, 3), h.owner.Signer(), nil))
	if b := mustMarshal(t, h.log); len(b) > grant.MaxLog || len(b) < grant.MaxLog/2 {
		t.Errorf("%d bytes", len(b))
	} else if n := binary.BigEndian.Uint32(b[1:]); int(n) != len(h.genesis) {
		t.Errorf("first entry of %d bytes", n)
	}
}
