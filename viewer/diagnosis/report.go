package diagnosis

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/gate"
	"github.com/sealcam/sealcam/viewer/words"
)

// Row is a line: what, and its value. What is English, for words.Say; the value is for people who mend programs, and is not translated.
type Row struct{ What, Value string }

// Facts are what the browser tells of the page.
type Facts struct {
	Client    string // version
	Browser   string // navigator.userAgent
	Languages string
	Renderer  string // of WebGL
	Screen    string // sizes
	Secure    bool   // origin
	Decoder   bool   // WebCodecs
	Online    bool
	Installed bool
	Offline   bool   // opened without the server
	Heap      uint64 // bytes in use
	Reserved  uint64 // bytes taken from the browser
	Frames    uint64 // drawn by the page
	Now       time.Time
}

// Page returns what is to be said of the page and of the agents.
func Page(f *Facts, s *viewer.Snapshot) []Row {
	rows := []Row{
		{words.Later("Client"), f.Client},
		{words.Later("Browser"), browser(f.Browser)},
		{words.Later("Languages"), clean(f.Languages)},
		{words.Later("Graphics"), clean(f.Renderer)},
		{words.Later("Screen"), clean(f.Screen)},
		{words.Later("Secure origin"), yes(f.Secure)},
		{words.Later("WebCodecs"), yes(f.Decoder)},
		{words.Later("Network"), map[bool]string{true: "online", false: "offline"}[f.Online]},
		{words.Later("Installed"), yes(f.Installed)},
		{words.Later("Opened without the server"), yes(f.Offline)},
		{words.Later("Memory"), fmt.Sprintf("%.1f MB of %.1f MB", float64(f.Heap)/1e6, float64(f.Reserved)/1e6)},
		{words.Later("Frames drawn"), fmt.Sprint(f.Frames)},
		{words.Later("This device’s clock"), f.Now.Format(time.RFC3339)},
		{words.Later("Server"), link(s)},
	}
	for i := range s.Homes {
		rows = append(rows, Row{words.Later("Agent"), home(&s.Homes[i])})
	}
	return rows
}

func link(s *viewer.Snapshot) string {
	if s.Link.Reason != viewer.ReasonNone {
		return s.Link.State.String() + ", " + s.Link.Reason.String()
	}
	if s.Link.Twice {
		return s.Link.State.String() + ", by two connections"
	}
	return s.Link.State.String()
}

func home(h *viewer.HomeStatus) string {
	parts := []string{short(h.Agent.Fingerprint())}
	if h.Ready {
		parts = append(parts, "in session")
	} else {
		parts = append(parts, "no session: "+h.Reason.String())
	}
	if h.Width > 0 {
		parts = append(parts, "clock known within "+millis(h.Width))
	}
	if h.Alarm != nil {
		parts = append(parts, "alarm")
	}
	return strings.Join(parts, ", ")
}

// Camera returns what is to be said of a camera. Its name is left out.
func Camera(t *viewer.Tile, m *Meter) []Row {
	st := &t.Stats
	rows := []Row{{words.Later("State"), state(t)}}
	if p := t.Picture; p != nil {
		rows = append(rows, Row{words.Later("Picture"), fmt.Sprintf("%s %d×%d, %s", t.Config.Codec, p.Width(), p.Height(), p.Layout())})
	}
	if t.Decoder != "" {
		rows = append(rows, Row{words.Later("Decoder"), t.Decoder})
	}
	if rate, ok := m.Rate(); ok {
		rows = append(rows, Row{words.Later("Pictures a second"), fmt.Sprintf("%.1f", rate)})
	}
	if p50, p95, ok := m.Age(); ok {
		rows = append(rows, Row{words.Later("Age when shown"), fmt.Sprintf("p50 %s, p95 %s", millis(p50), millis(p95))})
	}
	stream := t.Stream.String()
	if t.Lowered != viewer.ReasonNone {
		stream += ", lowered: " + t.Lowered.String()
	}
	rows = append(rows,
		Row{words.Later("Stream"), stream},
		Row{words.Later("Way"), way(t)},
		Row{words.Later("Frames"), fmt.Sprintf("%d direct, %d relayed, %d opened, %d copies", st.Direct, st.Relayed, st.Opening.Opened, st.Copies)},
		Row{words.Later("Lost or late"), fmt.Sprintf("%d resyncs, %d held behind gaps, %d outrun, %d twice", st.Resyncs, st.Held, st.Outrun, st.Duplicates)},
		Row{words.Later("Decoding"), fmt.Sprintf("%d decoded, %d dropped, %d failures", st.Decoded, st.Dropped, st.Failures)},
		Row{words.Later("Refused"), refused(st)},
	)
	if t.Held > 0 {
		rows = append(rows, Row{words.Later("Held for even motion"), millis(t.Held)})
	}
	return rows
}

func state(t *viewer.Tile) string {
	s := t.State.String()
	if t.Reason != viewer.ReasonNone {
		s += ", " + t.Reason.String()
	}
	if t.Without > gate.LiveFor {
		s += ", no picture for " + t.Without.Round(time.Second).String()
	}
	return s
}

func way(t *viewer.Tile) string {
	switch t.Route {
	case control.Peer:
		if t.Pair == (viewer.CandidatePair{}) {
			return "direct"
		}
		return fmt.Sprintf("direct, this end %s, the other %s", t.Pair.Local, t.Pair.Remote)
	case control.Relay:
		return "relayed"
	}
	return "none yet"
}

// refused counts what was not shown, by reason.
func refused(st *viewer.TileStats) string {
	var parts []string
	for r := seal.Truncated; r <= seal.Plaintext; r++ {
		if n := st.Opening.Refused(r); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, r))
		}
	}
	if st.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("%d of unknown epochs", st.Unknown))
	}
	for r := gate.Malformed; r <= gate.Superseded; r++ {
		if n := st.Gate.Count(r); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s (gate)", n, r))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// Text is the report. meters has each camera's.
func Text(f *Facts, s *viewer.Snapshot, meter func(viewer.TileKey) *Meter) string {
	var b strings.Builder
	section := func(title string, rows []Row) {
		fmt.Fprintf(&b, "%s\n", title)
		for _, r := range rows {
			fmt.Fprintf(&b, "  %s: %s\n", r.What, r.Value)
		}
	}
	section("Sealcam", Page(f, s))
	for i := range s.Tiles {
		t := &s.Tiles[i]
		section(fmt.Sprintf("camera %d (%s)", i+1, short(t.Key.Camera.String())), Camera(t, meter(t.Key)))
	}
	return b.String()
}

// shortLength is how much of an id tells two apart, and leads nobody anywhere.
const shortLength = 6

func short(id string) string { return id[:min(len(id), shortLength)] }

func millis(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

func yes(on bool) string { return map[bool]string{true: "yes", false: "no"}[on] }

var (
	product  = regexp.MustCompile(`\b(Edg|OPR|SamsungBrowser|Firefox|FxiOS|CriOS|HeadlessChrome|Chrome|Version|Safari)/(\d{1,4})`)
	platform = regexp.MustCompile(`^[^(]*\(([^)]*)\)`)
)

// browser makes the short of navigator.userAgent: the system and the products with their versions.
func browser(agent string) string {
	var parts []string
	if m := platform.FindStringSubmatch(agent); m != nil {
		parts = append(parts, clean(m[1]))
	}
	for _, m := range product.FindAllStringSubmatch(agent, 8) {
		parts = append(parts, m[1]+" "+m[2])
	}
	if len(parts) == 0 {
		return clean(agent)
	}
	return strings.Join(parts, ", ")
}

// maxText bounds what the browser tells of itself.
const maxText = 200

// leaks are what must not be in a text from elsewhere: links, fragments, addresses, and letters and digits that are too many for a word.
var leaks = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://\S*|#\S+|\S*@\S+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\[?[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,}\]?|[A-Za-z0-9_+/=-]{20,}`)

// clean keeps a text from elsewhere on one line, short, and without what could lead somewhere.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(leaks.ReplaceAllString(s, "…")), " ")
	if runes := []rune(s); len(runes) > maxText {
		s = string(runes[:maxText]) + "…"
	}
	return s
}
