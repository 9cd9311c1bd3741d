package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
)

// clockSkew is by how much the agent's clock may be behind this machine's without a new device having to wait.
const clockSkew = 10 * time.Minute

var roleNames = map[grant.Role]string{grant.Owner: "owner", grant.Viewer: "viewer", grant.Display: "screen", grant.Guest: "guest"}

// termsFlags say what a device may do. Their defaults depend on the role.
type termsFlags struct {
	Role    string   `help:"Guest if it is invited and screen if it is approved, unless given. owner: may do everything. viewer: family, without end unless -for says so. guest: always expires. screen: a display, renewed by itself while it is used." enum:",owner,viewer,guest,screen" default:"" placeholder:"ROLE"`
	Cameras []string `help:"Only these cameras, by name; all if left out." placeholder:"NAME,…"`
	Rights  []string `help:"What it may do: live (watch), history, talk, move. Guests and screens may watch unless this says more; others everything." enum:"live,history,talk,move" placeholder:"RIGHT,…"`
	For     period   `help:"For how long, such as 12h, 7d or 4w. Guests: 7d unless given; screens: 90d." placeholder:"TIME"`
}

// terms completes the flags for a device of the given name, whose role is fallback unless the flags say otherwise.
func (f *termsFlags) terms(name string, fallback grant.Role, cameras []viewer.KnownCamera, now time.Time) (grant.Terms, error) {
	t := grant.Terms{Name: strings.TrimSpace(name), Role: fallback}
	for role, text := range roleNames {
		if text == f.Role {
			t.Role = role
		}
	}
	now = now.Truncate(time.Second)
	until := time.Duration(f.For)
	switch t.Role {
	case grant.Owner:
		if len(f.Cameras) > 0 || len(f.Rights) > 0 || f.For != 0 {
			return t, &sentence{"An owner may do everything, without end: leave -cameras, -rights and -for out, or choose another -role."}
		}
		t.Rights = grant.AllRights
		return t, nil
	case grant.Viewer:
		t.Rights = grant.AllRights
	case grant.Guest:
		t.Rights, until = grant.Live, orElse(until, 7*24*time.Hour)
	case grant.Display:
		t.Rights, until = grant.Live, orElse(until, 90*24*time.Hour)
	}
	if len(f.Rights) > 0 {
		t.Rights = rights(f.Rights)
	}
	if until != 0 {
		t.NotBefore, t.Expires = now.Add(-clockSkew), now.Add(until)
	}
	var err error
	t.Cameras, err = chosen(f.Cameras, cameras)
	return t, err
}

func orElse(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

func rights(names []string) (r grant.Rights) {
	for _, name := range names {
		r |= map[string]grant.Rights{"live": grant.Live, "history": grant.History, "talk": grant.Talk, "move": grant.Move}[name]
	}
	return r
}

// chosen finds cameras by their names.
func chosen(names []string, cameras []viewer.KnownCamera) ([]identity.CameraID, error) {
	var ids []identity.CameraID
	for _, name := range names {
		at := slices.IndexFunc(cameras, func(c viewer.KnownCamera) bool { return strings.EqualFold(c.Name, strings.TrimSpace(name)) })
		if at < 0 {
			var all []string
			for _, c := range cameras {
				all = append(all, fmt.Sprintf("%q", plain(c.Name)))
			}
			return nil, &sentence{fmt.Sprintf("There is no camera %q; there are %s.", plain(name), strings.Join(all, ", "))}
		}
		ids = append(ids, cameras[at].ID)
	}
	return ids, nil
}

// describe says in a few words what terms allow.
func describe(t grant.Terms, cameras []viewer.KnownCamera) string {
	text := roleNames[t.Role] + ", " + cameraNames(t.Cameras, cameras)
	if t.Expires.IsZero() {
		return text + ", without end"
	}
	return text + ", until " + day(t.Expires, "")
}

// cameraNames names cameras; no ids stand for all.
func cameraNames(ids []identity.CameraID, cameras []viewer.KnownCamera) string {
	if len(ids) == 0 {
		return "all cameras"
	}
	var names []string
	for _, id := range ids {
		name := "a camera that is gone"
		for _, c := range cameras {
			if c.ID == id {
				name = plain(c.Name)
			}
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
