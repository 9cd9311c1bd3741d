package photo

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sealcam/sealcam/viewer/words"
)

// Facts are what is known of a picture when it is saved.
type Facts struct {
	Camera   string // its name on this device
	Owner    string // its name as the owner gave it, if that is another one
	CameraID string
	AgentID  string
	Home     string // the agent's name
	Taken    time.Time
	Age      time.Duration // when it was saved
	Stale    bool          // it was no longer live by then
	Saved    time.Time     // by this device's clock, in its zone
	Client   string        // version of the page; may be empty
	Browser  string        // may be empty
}

// Texts returns what the file says of the picture. The keywords are those of PNG §11.3.3.1 where there are such.
func (f *Facts) Texts() []Text {
	software := "Sealcam"
	if f.Client != "" {
		software += " " + f.Client
	}
	if f.Browser != "" {
		software += ", " + f.Browser
	}
	return []Text{
		{"Title", f.Camera},
		{"Creation Time", f.Taken.Format(time.RFC3339)},
		{"Source", f.source()},
		{"Software", software},
		{"Comment", f.note()},
		{"Camera ID", f.CameraID},
		{"Agent ID", f.AgentID},
		{"Saved", f.Saved.Format(time.RFC3339)},
		{"State", map[bool]string{false: "live", true: "stale"}[f.Stale]},
	}
}

func (f *Facts) source() string {
	name := f.Owner
	if name == "" {
		name = f.Camera
	}
	if f.Home == "" {
		return name
	}
	return name + ", " + f.Home
}

// note says what was verified, and that the note itself proves nothing.
func (f *Facts) note() string {
	note := words.Sayf("Sealed by camera %s of agent %s; opened and verified on this device at %s.", f.CameraID, f.AgentID, f.Saved.Format(time.RFC3339))
	if f.Stale {
		note += " " + words.Sayf("The picture was stale: taken %s before and no longer live.", fmt.Sprintf("%.1f s", f.Age.Seconds()))
	}
	return note + " " + words.Say("The file itself is neither sealed nor signed: whoever has it can change it.")
}

// maxName bounds a file's name in bytes, below what file systems take.
const maxName = 120

// FileName returns a name for the file, of the camera's name in any script and its local time. It holds nothing that a file system
// takes for something else.
func (f *Facts) FileName() string {
	name := clean(f.Camera)
	if name == "" {
		name = "Sealcam"
	}
	name += " " + f.Taken.Format("2006-01-02 15.04.05")
	if f.Stale {
		name += " " + clean(words.Say("stale"))
	}
	return name + ".png"
}

// clean keeps what every file system and every file list can show.
func clean(name string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(name, "") {
		switch {
		case strings.ContainsRune(`/\:*?"<>|%`, r):
			r = '-'
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError: // joiners too, which browsers replace by signs
			continue
		case unicode.IsSpace(r):
			r = ' '
		}
		if b.Len()+utf8.RuneLen(r) > maxName {
			break
		}
		b.WriteRune(r)
	}
	cleaned := strings.Join(strings.Fields(b.String()), " ")
	return strings.Trim(cleaned, ". ")
}
