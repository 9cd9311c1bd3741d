package viewer

import (
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer/words"
)

// maxNamed is how many differences an alarm names one by one.
const maxNamed = 12

// Alarm says that the agent's list of members is not the one that this device saw before. It lasts for as long as that is so.
type Alarm struct {
	Since time.Time
	// Difference holds the entries that differ; nil while they are being fetched, and on devices that keep no copy of the list.
	Difference *grant.Difference
	// Repairable tells that entries are merely missing, so that Repair can give them back.
	Repairable bool
	// Sentences name what differs, in the order of the list. There is at least one.
	Sentences []string
}

// differenceAlarm describes where theirs parts from mine.
func differenceAlarm(now time.Time, d *grant.Difference, mine, theirs *grant.Log) *Alarm {
	a := &Alarm{Since: now, Difference: d, Repairable: len(d.Other) == 0}
	for i := range max(len(d.Lost), len(d.Other)) {
		if i == maxNamed {
			a.Sentences = append(a.Sentences, more(max(len(d.Lost), len(d.Other))-i))
			break
		}
		at := d.At + uint64(i)
		switch {
		case i >= len(d.Other):
			a.Sentences = append(a.Sentences, words.Sayf("Entry %d: this device saw %s; the agent no longer has that.", at, phrase(&d.Lost[i], mine)))
		case i >= len(d.Lost):
			a.Sentences = append(a.Sentences, words.Sayf("Entry %d: the agent says %s, which this device never saw.", at, phrase(&d.Other[i], theirs)))
		default:
			a.Sentences = append(a.Sentences, words.Sayf(
				"Entry %d: this device saw %s; the agent now says %s.", at, phrase(&d.Lost[i], mine), phrase(&d.Other[i], theirs),
			))
		}
	}
	return a
}

func more(n int) string { return words.Sayn(n, "There is %d more.", "There are %d more.", n) }

// phrase says what an entry does, as in "“Ann’s phone” let in as a guest".
func phrase(e *grant.Entry, log *grant.Log) string {
	switch e.Kind {
	case grant.Add:
		return words.Sayf("“%s” let in as %s", words.Name(e.Name), roleName(e.Role))
	case grant.Grant:
		return words.Sayf("“%s” given new terms as %s", words.Name(e.Name), roleName(e.Role))
	case grant.Invite:
		return words.Sayf("an invitation for “%s” as %s", words.Name(e.Name), roleName(e.Role))
	}
	if i, ok := log.Invitation(e.Subject); ok {
		return words.Sayf("the invitation for “%s” taken back", words.Name(i.Entry.Name))
	}
	return words.Sayf("“%s” revoked", words.Name(nameIn(log, e.Subject)))
}

// nameIn returns what a log calls a device.
func nameIn(log *grant.Log, device identity.DevicePublic) string {
	if m, ok := log.Member(device); ok && m.Name != "" {
		return m.Name
	}
	return device.ID().Fingerprint()
}

// roleName returns a role with its article.
func roleName(r grant.Role) string {
	switch r {
	case grant.Owner:
		return words.Say("an owner")
	case grant.Viewer:
		return words.Say("a viewer")
	case grant.Display:
		return words.Say("a screen")
	case grant.Guest:
		return words.Say("a guest")
	}
	return words.Say("a member")
}
