package kiosk

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sealcam/sealcam/viewer/words"
)

// Options are what a kiosk link asks for.
type Options struct {
	Cameras []string      // names or ids, in the order in which they are shown; none: all
	Night   Night         // when the pictures are darker; zero: never
	Dim     int           // how bright they then are, in percent
	Shift   int           // how far the pictures wander to each side, in CSS pixels; 0: not at all
	Awake   bool          // keep the screen on
	Back    time.Duration // after how long without a touch or a key one camera in full size gives way to all; 0: never
	Still   time.Duration // after how long of standing still the page is loaded again
}

// Default returns what a link without options asks for.
func Default() Options {
	return Options{Dim: 35, Shift: 6, Awake: true, Back: 3 * time.Minute, Still: 30 * time.Second}
}

// Bounds of what a link may ask for. Pictures stay bright enough to be seen, and the watch patient enough not to mistake a busy moment.
const (
	maxFragment = 4096
	maxCameras  = 64
	minDim      = 10
	maxShift    = 24
	minStill    = 10 * time.Second
	maxStill    = 10 * time.Minute
	maxBack     = 24 * time.Hour
)

// Plain is the link of all cameras as Default shows them.
const Plain = "kiosk"

// Is reports whether an address's fragment, without the #, is a kiosk link.
func Is(fragment string) bool {
	rest, ok := strings.CutPrefix(fragment, Plain)
	return ok && (rest == "" || rest[0] == '=' || rest[0] == '&')
}

// Parse reads a fragment for which Is holds. What it cannot read stays as Default has it; complaints says so, in a sentence for each.
func Parse(fragment string) (o Options, complaints []string) {
	o = Default()
	if len(fragment) > maxFragment {
		return o, []string{words.Say("The link of this display is too long, so it shows all cameras. Make it again with fewer names.")}
	}
	list, rest, _ := strings.Cut(strings.TrimPrefix(fragment, Plain), "&")
	if list, ok := strings.CutPrefix(list, "="); ok {
		var wrong bool
		if o.Cameras, wrong = cameras(list); wrong {
			complaints = append(complaints, words.Say("A camera’s name in the link of this display cannot be read. Spaces are written %20 there, commas %2C."))
		}
		if len(o.Cameras) > maxCameras {
			o.Cameras = o.Cameras[:maxCameras]
			complaints = append(complaints, words.Sayf("The link of this display names more than %d cameras; it shows the first of them.", maxCameras))
		}
	}
	for pair := range strings.SplitSeq(rest, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if v, err := url.PathUnescape(value); err == nil {
			value = v
		}
		if complaint := o.set(name, value); complaint != "" {
			complaints = append(complaints, complaint)
		}
	}
	return o, complaints
}

func cameras(list string) (names []string, wrong bool) {
	for item := range strings.SplitSeq(list, ",") {
		name, err := url.PathUnescape(item)
		if err != nil {
			wrong = true
			continue
		}
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names, wrong
}

// set takes one option, and returns what is wrong with it.
func (o *Options) set(name, value string) string {
	switch name {
	case "night":
		n, ok := parseNight(value)
		if !ok {
			return words.Sayf("The link of this display asks for night=%s, which is no time. Write it like night=22-7 or night=22:30-6:15.", brief(value))
		}
		o.Night = n
	case "dim":
		return number(&o.Dim, name, strings.TrimSuffix(value, "%"), minDim, 100)
	case "shift":
		if off(value) {
			value = "0"
		}
		return number(&o.Shift, name, value, 0, maxShift)
	case "wake":
		switch {
		case off(value):
			o.Awake = false
		case value == "on":
			o.Awake = true
		default:
			return words.Sayf("The link of this display asks for wake=%s. Use on or off.", brief(value))
		}
	case "back":
		if off(value) {
			o.Back = 0
			return ""
		}
		return seconds(&o.Back, name, value, time.Second, maxBack)
	case "still":
		return seconds(&o.Still, name, value, minStill, maxStill)
	default:
		return words.Sayf("The link of this display asks for “%s”, which there is not. There are night, dim, shift, wake, back and still.", brief(name))
	}
	return ""
}

func off(value string) bool { return value == "off" || value == "0" }

func number(to *int, name, value string, least, most int) string {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return words.Sayf("The link of this display asks for %s=%s. Use a number from %d to %d.", name, brief(value), least, most)
	}
	*to = n
	return ""
}

func seconds(to *time.Duration, name, value string, least, most time.Duration) string {
	n := 0
	if complaint := number(&n, name, value, int(least/time.Second), int(most/time.Second)); complaint != "" {
		return complaint
	}
	*to = time.Duration(n) * time.Second
	return ""
}

// brief bounds what is repeated of a link on the page.
func brief(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Fragment writes the link that Parse reads as o.
func (o Options) Fragment() string {
	var b strings.Builder
	b.WriteString(Plain)
	for i, name := range o.Cameras {
		b.WriteByte("=,"[min(i, 1)])
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(url.PathEscape(name), ",", "%2C"), "&", "%26"))
	}
	d := Default()
	add := func(differs bool, format string, args ...any) {
		if differs {
			fmt.Fprintf(&b, "&"+format, args...)
		}
	}
	add(o.Night != d.Night, "night=%s", o.Night)
	add(o.Dim != d.Dim, "dim=%d", o.Dim)
	add(o.Shift != d.Shift, "shift=%d", o.Shift)
	add(!o.Awake, "wake=off")
	add(o.Back != d.Back, "back=%d", o.Back/time.Second)
	add(o.Still != d.Still, "still=%d", o.Still/time.Second)
	return b.String()
}
