package hostile

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/pair"
)

// Everything that the server logs, and everything that it is sent, while people claim, invite, approve a display, watch, revoke and recover
// from errors, holds no secret, no name and, in the log, no address; and it writes no file.
func TestServerHoldsNoSecrets(t *testing.T) {
	stores := t.TempDir()
	t.Setenv("TMPDIR", stores)
	w := newTown(t)
	var traffic bytes.Buffer // guarded by the server's mutex
	record := func(_ *Way, e signal.Envelope) bool {
		traffic.Write(e.Append(nil))
		return false
	}
	stop := w.server.Use(&Script{FromViewer: record, ToViewer: record, FromAgent: record, ToAgent: record})

	r := w.agent(func(c *camera.Config) { c.Name = "Seaside cottage" }, "Nursery window", "Workshop door")
	link := w.link(r)
	owner := w.person("Owner’s laptop")
	claim := owner.claim(link)
	owner.come(func(c *viewer.Config) { c.Claim = claim })
	owner.sees(r, "Nursery window", "Workshop door")
	owner.list(r)
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	invitation, err := owner.viewer.Invite(ctx, r.id, live(grant.Viewer, "Friend of the house"), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	friend := w.person("Friend’s phone")
	friend.come(func(c *viewer.Config) { c.Invite = &viewer.Invite{Agent: r.id, Secret: invitation} })
	friend.sees(r, "Nursery window", "Workshop door")

	d := w.display()
	code := d.until(t, pair.Offering)
	meeting := w.meets(ctx, pair.DialConfig{Dial: w.dialAs, Self: owner.key.Signer(), Code: code.Code})
	shown := d.until(t, pair.Comparing)
	d.screen.Confirm(shown.Digits, true)
	if err := meeting.Confirmed(ctx); err != nil {
		t.Fatal(err)
	}
	added, err := owner.viewer.Add(ctx, r.id, meeting.Device, live(grant.Display, "Hall"))
	if err != nil {
		t.Fatal(err)
	}
	err = meeting.Approve(ctx, control.PairApproved{
		Agent: [32]byte(r.id), AgentName: "Seaside cottage", Home: [32]byte(added.Home), Knock: added.Knock,
	})
	if err != nil {
		t.Fatal(err)
	}
	meeting.Close()
	owner.revokes(r, friend.key.Public())
	friend.isTold(r, viewer.ReasonRevoked)
	owner.mu.Lock()
	home := owner.homes[r.id]
	owner.mu.Unlock()
	owner.leave()
	friend.leave()
	d.stop()
	r.stop()
	stop()

	log := []byte(w.log.String())
	seen := traffic.Bytes()
	if len(log) < 500 || len(seen) < 30_000 {
		t.Fatalf("%d bytes of log and %d of traffic: this test looks in the wrong place", len(log), len(seen))
	}
	if !bytes.Contains(log, []byte(r.id.String())) || !bytes.Contains(seen, r.id[:]) {
		t.Fatal("not even the agent's public id is there: this test looks in the wrong place")
	}
	secrets := map[string][]byte{
		"claim link's secret": link.Secret[:], "invitation's secret": invitation[:],
		"owner's key": owner.key.Seed(), "friend's key": friend.key.Seed(), "display's key": d.key.Seed(),
		"genesis entry": claim.Genesis, "home's list": home.Log[:200],
	}
	for name, text := range map[string]string{
		"claim link": fragmentOf(link.String()), "short code": code.Code.String(), "pair link": fragmentOf(code.Link.String()), "six digits": shown.Digits,
		"agent's name": "Seaside cottage", "camera's name": "Nursery window", "another camera's name": "Workshop door", "owner's device": "Owner’s laptop",
		"friend's device": "Friend’s phone", "display's name": "Hall display", "name in the list": "Friend of the house", "fragment": "claim=v1",
	} {
		secrets[name] = []byte(text)
	}
	for name, secret := range secrets {
		for form, b := range map[string][]byte{
			"as it is": secret, "in hex": []byte(hex.EncodeToString(secret)), "in base64": []byte(base64.RawURLEncoding.EncodeToString(secret)),
		} {
			if bytes.Contains(log, b) {
				t.Errorf("the log holds the %s, %s", name, form)
			}
			if bytes.Contains(seen, b) {
				t.Errorf("the server was sent the %s, %s", name, form)
			}
		}
	}
	// A knock token is the server's business; nobody else's, so it stays out of the log.
	for name, b := range map[string][]byte{"knock token": home.Knock[:], "address": []byte("127.0.0.1"), "address, IPv6": []byte("[::1]")} {
		for _, form := range [][]byte{b, []byte(hex.EncodeToString(b)), []byte(base64.RawURLEncoding.EncodeToString(b))} {
			for line := range strings.Lines(string(log)) {
				if strings.Contains(line, string(form)) && !strings.Contains(line, "listening") {
					t.Errorf("the log holds the %s: %s", name, line)
					break
				}
			}
		}
	}
	err = filepath.WalkDir(stores, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			t.Errorf("the server wrote %s", filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
