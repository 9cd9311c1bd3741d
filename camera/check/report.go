package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/sealcam/sealcam/codec"
)

// Verdict says which browsers play a stream.
type Verdict uint8

// The verdicts.
const (
	AllBrowsers Verdict = iota + 1
	SomeBrowsers
	NoBrowser
)

// Report is what a camera offers.
type Report struct {
	Config      codec.Config
	Profile     string // name, such as "High"; empty for JPEG
	Level       string // such as "4.1"
	BitDepth    int
	Chroma      string // such as "4:2:0"; empty if unknown
	Interlaced  bool
	BPictures   bool          // pictures are decoded in another order than they are shown
	MayReorder  bool          // the stream says that they may be
	Rate        float64       // pictures a second, measured
	StatedRate  float64       // as the stream says; 0 if it does not
	GOP         float64       // pictures from one key picture to the next, 0 if no two were seen
	KeyInterval time.Duration // from one key picture to the next, 0 if no two were seen
	BitRate     float64       // bits a second
	Audio       []string      // formats
	Other       []string      // further video formats of the stream
	UDP         bool          // the camera serves RTP over UDP only
	Pictures    int           // seen

	Verdict Verdict
	Plays   string   // which browsers
	Notes   []string // sentences on what could be set better
}

// judge fills Verdict, Plays and Notes.
func (r *Report) judge() {
	note := func(format string, args ...any) { r.Notes = append(r.Notes, fmt.Sprintf(format, args...)) }
	deep := r.BitDepth > 8 || r.Chroma != "" && r.Chroma != "4:2:0" && r.Chroma != "grey"
	switch r.Config.Codec {
	case codec.H264:
		r.Verdict, r.Plays = AllBrowsers, "every browser with video (Chrome, Edge, Firefox, Safari) plays it"
		if deep || strings.HasPrefix(r.Profile, "profile ") || r.Profile == "Extended" {
			r.Verdict, r.Plays = NoBrowser, "hardly any browser plays it"
			note("Set the camera to H.264 Main or High, 8 bit, 4:2:0.")
		}
	case codec.H265:
		r.Verdict = SomeBrowsers
		r.Plays = "Safari plays it; Chrome and Edge from 136 on where the graphics hardware decodes H.265; Chromium of Linux distributions does not"
		if deep && (r.Profile != "Main 10" || r.Chroma != "4:2:0") {
			r.Verdict, r.Plays = NoBrowser, "hardly any browser plays it"
		}
		note("Set the camera, or at least its sub-stream, to H.264 to be seen in all browsers.")
	case codec.JPEG:
		r.Verdict, r.Plays = AllBrowsers, "every browser shows it"
		note("Motion JPEG takes ten times the network of H.264. Use the camera's H.264 stream if it has one.")
	}
	if r.Interlaced {
		note("The pictures are interlaced: moving edges look like combs. Set the camera to progressive.")
	}
	switch {
	case r.BPictures:
		note("The camera sends B pictures, which delay all pictures by some frames. Switch B pictures off, or choose the Baseline profile.")
	case r.MayReorder:
		note("The stream says that its pictures may be out of order, so decoders hold them back. Choose the Baseline profile if the delay disturbs.")
	}
	if r.Config.Codec != codec.JPEG {
		switch {
		case r.KeyInterval == 0:
			note("No second key picture came while watching. Set the I-frame (key frame) interval to 1 or 2 seconds: the first picture waits for it.")
		case r.KeyInterval > 4*time.Second:
			note("Key pictures come only every %.0f seconds, and the first picture waits for one. Set the I-frame interval to 1 or 2 seconds.", r.KeyInterval.Seconds())
		}
	}
	if int(r.Config.Width)*int(r.Config.Height) > 1280*720 {
		note("Give the address of the camera's small stream as its sub: it serves the tiles of the overview and poor networks.")
	}
}

// String returns the report for a terminal, one fact a line, the facts aligned.
func (r Report) String() string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-11s %s\n", label, fmt.Sprintf(format, args...))
	}
	video := r.Config.Codec.String()
	if r.Profile != "" {
		video += fmt.Sprintf(" %s, level %s (%s)", r.Profile, r.Level, r.Config.Profile)
	}
	line("Video", "%s", video)
	size := fmt.Sprintf("%d × %d", r.Config.Width, r.Config.Height)
	if r.Chroma != "" {
		size += fmt.Sprintf(", %d bit, %s", r.BitDepth, r.Chroma)
	}
	if r.Interlaced {
		size += ", interlaced"
	}
	line("Size", "%s", size)
	rate := fmt.Sprintf("%.1f pictures a second", r.Rate)
	if r.StatedRate > 0 {
		rate += fmt.Sprintf(" (the stream says %.4g)", r.StatedRate)
	}
	line("Rate", "%s", rate)
	switch {
	case r.Config.Codec == codec.JPEG:
		line("Key picture", "every picture")
	case r.KeyInterval > 0:
		line("Key picture", "every %.1f s (%.0f pictures)", r.KeyInterval.Seconds(), r.GOP)
	default:
		line("Key picture", "only one seen")
	}
	line("Bit rate", "%s", bitRate(r.BitRate))
	line("Audio", "%s", list(r.Audio))
	if len(r.Other) > 0 {
		line("Other video", "%s", list(r.Other))
	}
	transport := "RTP over TCP"
	if r.UDP {
		transport = "RTP over UDP only: set transport to \"udp\""
	}
	line("Transport", "%s", transport)
	label := "Browsers"
	for _, l := range wrap(r.Plays, 68) {
		line(label, "%s", l)
		label = ""
	}
	for _, n := range r.Notes {
		prefix := "- "
		for _, l := range wrap(n, 66) {
			line("", "%s%s", prefix, l)
			prefix = "  "
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func bitRate(v float64) string {
	if v >= 1e6 {
		return fmt.Sprintf("%.1f Mbit/s", v/1e6)
	}
	return fmt.Sprintf("%.0f kbit/s", v/1e3)
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// wrap breaks a text at spaces into lines of at most width characters.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(s) {
		if line != "" && len([]rune(line))+1+len([]rune(w)) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(lines, line)
}
