package kiosk

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealcam/sealcam/viewer"
)

func with(change func(*Options)) Options {
	o := Default()
	change(&o)
	return o
}

func TestParse(t *testing.T) {
	for fragment, want := range map[string]Options{
		"kiosk":                 Default(),
		"kiosk=":                Default(),
		"kiosk=Porch":           with(func(o *Options) { o.Cameras = []string{"Porch"} }),
		"kiosk=a,%20b%20c,d%2C": with(func(o *Options) { o.Cameras = []string{"a", "b c", "d,"} }),
		"kiosk=%E5%BA%AD":       with(func(o *Options) { o.Cameras = []string{"庭"} }),
		"kiosk=a+b":             with(func(o *Options) { o.Cameras = []string{"a+b"} }),
		"kiosk&night=22-7":      with(func(o *Options) { o.Night = Night{22 * 60, 7 * 60} }),
		"kiosk=x&night=22:30-6:15&dim=20%25&shift=off&wake=off&back=0&still=10": {
			Cameras: []string{"x"}, Night: Night{22*60 + 30, 6*60 + 15}, Dim: 20, Still: 10 * time.Second,
		},
		"kiosk&night=0-24&back=60": with(func(o *Options) { o.Back = time.Minute }), // no time at all
	} {
		if !Is(fragment) {
			t.Errorf("%q is no kiosk link", fragment)
		}
		got, complaints := Parse(fragment)
		if !reflect.DeepEqual(got, want) || len(complaints) > 0 {
			t.Errorf("%q: %+v, %q; want %+v", fragment, got, complaints, want)
		}
	}
}

func TestIsNot(t *testing.T) {
	for _, fragment := range []string{"", "kiosks", "claim=v1.kiosk", "Kiosk", "display", "kiosk?x"} {
		if Is(fragment) {
			t.Errorf("%q is a kiosk link", fragment)
		}
	}
}

// What cannot be read is said and changes nothing.
func TestMalformed(t *testing.T) {
	for fragment, words := range map[string]string{
		"kiosk&night=abends":                     "night=22-7",
		"kiosk&night=25-7":                       "night=22-7",
		"kiosk&night=22":                         "night=22-7",
		"kiosk&night=-1-7":                       "night=22-7",
		"kiosk&night=22:60-7":                    "night=22-7",
		"kiosk&dim=0":                            "from 10 to 100",
		"kiosk&dim=1e9":                          "from 10 to 100",
		"kiosk&dim":                              "from 10 to 100",
		"kiosk&shift=-3":                         "from 0 to 24",
		"kiosk&wake=perhaps":                     "on or off",
		"kiosk&back=1000000":                     "from 1 to 86400",
		"kiosk&still=1":                          "from 10 to 600",
		"kiosk&<img src=x>=1":                    "which there is not",
		"kiosk=%zz":                              "%20",
		"kiosk=" + strings.Repeat("a", 5000):     "too long",
		"kiosk&dim=" + strings.Repeat("9", 1000): "…",
	} {
		got, complaints := Parse(fragment)
		if len(complaints) != 1 || !strings.Contains(complaints[0], words) {
			t.Errorf("%.40q: %q, want %q in it", fragment, complaints, words)
		}
		if !reflect.DeepEqual(got, Default()) {
			t.Errorf("%.40q changes %+v", fragment, got)
		}
	}
	if o, complaints := Parse("kiosk=" + strings.Repeat("a,", 100)); len(o.Cameras) != maxCameras || len(complaints) != 1 {
		t.Errorf("100 cameras: %d, %q", len(o.Cameras), complaints)
	}
}

// A link that the settings write is read as they meant it.
func TestFragmentIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := rapid.IntRange(0, dayMinutes-1)
		o := Options{
			Cameras: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
				return "x" + rapid.StringN(0, 12, 24).Draw(t, "name") + "x"
			}), 0, 5).Draw(t, "cameras"),
			Night: Night{clock.Draw(t, "from"), clock.Draw(t, "to")}, Dim: rapid.IntRange(minDim, 100).Draw(t, "dim"),
			Shift: rapid.IntRange(0, maxShift).Draw(t, "shift"), Awake: rapid.Bool().Draw(t, "awake"),
			Back:  time.Duration(rapid.IntRange(0, 86400).Draw(t, "back")) * time.Second,
			Still: time.Duration(rapid.IntRange(10, 600).Draw(t, "still")) * time.Second,
		}
		if o.Night.From == o.Night.To {
			o.Night = Night{}
		}
		if len(o.Cameras) == 0 {
			o.Cameras = nil
		}
		fragment := o.Fragment()
		got, complaints := Parse(fragment)
		if !Is(fragment) || !reflect.DeepEqual(got, o) || len(complaints) > 0 {
			t.Fatalf("%+v is written as %q and read as %+v, %q", o, fragment, got, complaints)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"kiosk", "kiosk=a,b&night=22-7", "kiosk&dim=&=&&%", "kiosk=%F0%9F%90%88,%zz&still=-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, fragment string) {
		o, complaints := Parse(fragment)
		if len(o.Cameras) > maxCameras || o.Dim < minDim || o.Dim > 100 || o.Shift < 0 || o.Shift > maxShift || o.Still < minStill {
			t.Errorf("%+v", o)
		}
		for _, c := range complaints {
			if len(c) > 1000 {
				t.Errorf("a complaint of %d bytes", len(c))
			}
		}
	})
}

func TestNight(t *testing.T) {
	for _, c := range []struct {
		night  string
		minute int
		want   bool
	}{
		{"22-7", 22 * 60, true},
		{"22-7", 22*60 - 1, false},
		{"22-7", 0, true},
		{"22-7", 7*60 - 1, true},
		{"22-7", 7 * 60, false},
		{"1-5", 3 * 60, true},
		{"1-5", 0, false},
		{"1-5", 5 * 60, false},
		{"5-5", 5 * 60, false},
		{"off", 0, false},
		{"20:30-24", 23*60 + 59, true},
		{"20:30-24", 0, false},
	} {
		n, ok := parseNight(c.night)
		if !ok || n.Has(c.minute) != c.want {
			t.Errorf("%s at minute %d: %v, %v", c.night, c.minute, n.Has(c.minute), ok)
		}
	}
	o := with(func(o *Options) { o.Night, o.Dim = Night{60, 120}, 40 })
	if o.Brightness(60) != 0.4 || o.Brightness(0) != 1 {
		t.Error("the brightness does not follow the night")
	}
}

// The pictures rest everywhere within the amplitude, as long at one place as at the other but for the ends, and never jump.
func TestWander(t *testing.T) {
	for _, amplitude := range []int{2, 6, 7, maxShift} {
		side := amplitude/stride*2 + 1
		period := 2*side*side - 2
		seen := map[[2]int]int{}
		px, py := Wander(0, amplitude)
		if px != 0 || py != 0 {
			t.Errorf("it starts at %d, %d", px, py)
		}
		for i := 1; i <= period; i++ {
			x, y := Wander(i, amplitude)
			if abs(x) > amplitude || abs(y) > amplitude || abs(x-px)+abs(y-py) != stride {
				t.Fatalf("amplitude %d, move %d: from %d,%d to %d,%d", amplitude, i, px, py, x, y)
			}
			seen[[2]int{x, y}]++
			px, py = x, y
		}
		if len(seen) != side*side || px != 0 || py != 0 {
			t.Errorf("amplitude %d: %d of %d places, back at %d,%d", amplitude, len(seen), side*side, px, py)
		}
		for at, n := range seen {
			if n > 2 {
				t.Errorf("amplitude %d: %v is visited %d times", amplitude, at, n)
			}
		}
	}
	if x, y := Wander(17, 0); x != 0 || y != 0 {
		t.Error("it wanders though it should not")
	}
}

func abs(n int) int { return max(n, -n) }

func TestPick(t *testing.T) {
	tiles := make([]viewer.Tile, 4)
	for i, name := range []string{"Porch", "Front door", " Garden ", "porch"} {
		tiles[i].Name = name
		tiles[i].Key.Camera[0] = byte(i + 1)
	}
	numbers := func(picked []viewer.Tile) (n []int) {
		for _, p := range picked {
			n = append(n, int(p.Key.Camera[0]))
		}
		return n
	}
	for _, c := range []struct {
		names   []string
		want    []int
		unknown []string
	}{
		{nil, []int{1, 2, 3, 4}, nil},
		{[]string{"garden", "FRONT DOOR"}, []int{3, 2}, nil},
		{[]string{"porch", "Porch"}, []int{1, 4}, nil},
		{[]string{tiles[1].Key.Camera.String(), "nobody"}, []int{2}, []string{"nobody"}},
		{[]string{"nobody"}, nil, []string{"nobody"}},
	} {
		picked, unknown := Pick(c.names, tiles)
		if !reflect.DeepEqual(numbers(picked), c.want) || !reflect.DeepEqual(unknown, c.unknown) {
			t.Errorf("%q: tiles %v, unknown %q", c.names, numbers(picked), unknown)
		}
	}
	sentence := Unknown([]string{"nobody"}, tiles)
	if !strings.Contains(sentence, "“nobody”") || !strings.Contains(sentence, "“Front door”") {
		t.Error(sentence)
	}
}
