package diagnosis_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/diagnosis"
)

// Things that must not be given away with a report.
var secrets = []string{
	"https://cameras.example/#claim=v1.agent1qqqqqqqqqqqqqqqqqqqqqq.0123456789abcdef0123456789abcdef",
	"#invite=v1.secret", "rtsp://admin:hunter2@192.168.1.20:554/stream1", "admin:hunter2@camera.local", "203.0.113.7:49152",
	"[2001:db8::17]", "2001:db8:1:2::17", "kJ8sQ2vLx0aT5mWq9ZrB3nYd7HcE1fGu", "0123456789abcdef0123456789abcdef",
}

// words that give each of them away.
var words = []string{
	"claim", "invite", "hunter2", "192.168", "203.0.113", "2001:db8", "kJ8sQ2vLx0", "0123456789abcdef", "cameras.example", "camera.local", "Nursery",
	"admin", "stream1", "secret",
}

// poison writes a text into every string below v, and bytes that tell themselves into every array.
func poison(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(text)
		}
	case reflect.Array:
		for i := range v.Len() {
			if v.Index(i).CanSet() && v.Index(i).Kind() == reflect.Uint8 {
				v.Index(i).SetUint(uint64(0xa0 + i%16))
			} else {
				poison(v.Index(i), text)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			poison(v.Field(i), text)
		}
	case reflect.Slice:
		if v.CanSet() && v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			poison(v.Index(i), text)
		}
	case reflect.Pointer:
		if v.CanSet() && v.IsNil() && v.Type() == reflect.TypeFor[*viewer.Alarm]() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		if !v.IsNil() && v.CanSet() {
			poison(v.Elem(), text)
		}
	}
}

func TestNothingLeaks(t *testing.T) {
	for _, secret := range secrets {
		for _, text := range []string{secret, "Nursery " + secret, "before " + secret + " after"} {
			s := viewer.Snapshot{Homes: make([]viewer.HomeStatus, 2), Tiles: make([]viewer.Tile, 2)}
			poison(reflect.ValueOf(&s).Elem(), text)
			for i := range s.Tiles {
				s.Tiles[i].Decoder = "go" // Named says so
			}
			if s.Homes[0].Name != text || s.Tiles[0].Advice != text || len(s.Homes[0].Alarm.Sentences) == 0 {
				t.Fatal("the poison did not reach everything")
			}
			f := diagnosis.Facts{Client: "0a1b2c3d4e5f", Browser: strings.ReplaceAll(text, "Nursery", ""), Languages: strings.ReplaceAll(text, "Nursery", ""), Renderer: strings.ReplaceAll(text, "Nursery", ""), Screen: "640×360", Now: time.Unix(1e9, 0)}
			var m diagnosis.Meter
			report := diagnosis.Text(&f, &s, func(viewer.TileKey) *diagnosis.Meter { return &m })
			for _, word := range words {
				if strings.Contains(report, word) {
					t.Errorf("%q gave %q away:\n%s", text, word, report)
				}
			}
			for _, id := range []string{s.Homes[0].Agent.String(), s.Homes[0].Agent.Fingerprint(), s.Tiles[0].Key.Camera.String()} {
				if strings.Contains(report, id[:10]) {
					t.Errorf("the id %s stands in the report", id)
				}
			}
			if len(strings.Split(report, "\n")) < 20 {
				t.Fatalf("the report says little:\n%s", report)
			}
		}
	}
}

func TestReportSaysWhatIsKnown(t *testing.T) {
	s := viewer.Snapshot{Link: viewer.Link{State: viewer.LinkReady, Twice: true}, Tiles: make([]viewer.Tile, 1), Homes: []viewer.HomeStatus{{Reason: viewer.ReasonAgentOffline}}}
	tile := &s.Tiles[0]
	tile.State, tile.Reason, tile.Lowered, tile.Decoder = viewer.Blank, viewer.ReasonAgentOffline, viewer.ReasonPath, "webcodecs"
	tile.Route, tile.Pair = control.Peer, viewer.CandidatePair{Local: viewer.CandidatePeerReflexive, Remote: viewer.CandidateRelayed}
	tile.Stats.Resyncs, tile.Stats.Direct, tile.Stats.Unknown, tile.Stats.Copies = 3, 12, 7, 5
	f := diagnosis.Facts{
		Client: "0a1b2c3d4e5f", Browser: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
		Renderer: "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)", Heap: 5e6, Reserved: 2e7,
	}
	var m diagnosis.Meter
	report := diagnosis.Text(&f, &s, func(viewer.TileKey) *diagnosis.Meter { return &m })
	for _, want := range []string{
		"Client: 0a1b2c3d4e5f", "Browser: X11; Linux x86_64, Chrome 131, Safari 537", "SwiftShader driver", "5.0 MB of 20.0 MB",
		"no session: agent-offline", "State: blank, agent-offline", "lowered: path", "Decoder: webcodecs", "Way: direct, this end peer-reflexive, the other relayed", "3 resyncs", "12 direct", "5 copies", "Server: ready, by two connections", "7 of unknown epochs",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("%q is missing in\n%s", want, report)
		}
	}
}

func TestMeter(t *testing.T) {
	var m diagnosis.Meter
	var tile viewer.Tile
	if _, ok := m.Rate(); ok {
		t.Error("a rate without samples")
	}
	now := time.Unix(0, 0)
	for range 1000 {
		m.Look(&tile, now)
		now = now.Add(250 * time.Millisecond)
	}
	if rate, ok := m.Rate(); !ok || rate != 0 {
		t.Errorf("rate %v, %v of a camera that shows nothing", rate, ok)
	}
	if _, _, ok := m.Age(); ok {
		t.Error("an age without pictures")
	}
}
