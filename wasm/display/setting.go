//go:build js

package display

import (
	"strconv"
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/kiosk"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
)

// nights are what the settings offer; a link may ask for any.
var nights = []kiosk.Night{{}, {From: 20 * 60, To: 6 * 60}, {From: 21 * 60, To: 6 * 60}, {From: 22 * 60, To: 7 * 60}, {From: 23 * 60, To: 8 * 60}}

// Setting fills the part of the settings that makes this device a display, as it last was one. The address then says the same, for other
// devices.
func (d *Display) Setting(v *dialog.View) dom.Node {
	options := kiosk.Default()
	if link := remembered(); kiosk.Is(link) {
		options, _ = kiosk.Parse(link)
	}
	n := dom.Clone("setting-display")
	night, dim := n.Field("night"), n.Field("dim")
	offer := func(list dom.Node, value, text string, selected bool) {
		option := dom.Make("option")
		option.Set("value", value)
		option.SetText(text)
		option.Set("selected", selected)
		list.Add(option)
	}
	known := false
	for _, choice := range nights {
		known = known || choice == options.Night
		offer(night, choice.String(), clock(choice), choice == options.Night)
	}
	if !known {
		offer(night, options.Night.String(), clock(options.Night), true)
	}
	known = false
	for _, percent := range []int{20, 35, 50, 70} {
		known = known || percent == options.Dim
		offer(dim, strconv.Itoa(percent), strconv.Itoa(percent)+" %", percent == options.Dim)
	}
	if !known {
		offer(dim, strconv.Itoa(options.Dim), strconv.Itoa(options.Dim)+" %", true)
	}
	v.OnClick(n.Action("display"), func() {
		asked, _ := kiosk.Parse(kiosk.Plain + "&night=" + night.Content() + "&dim=" + dim.Content())
		options.Night, options.Dim = asked.Night, asked.Dim
		v.Leave()
		js.Global().Get("location").Set("hash", options.Fragment())
	})
	return n
}

// clock writes a night as people read it.
func clock(n kiosk.Night) string {
	if n == (kiosk.Night{}) {
		return words.Say("Never")
	}
	at := func(minutes int) string {
		m := strconv.Itoa(minutes % 60)
		if len(m) < 2 {
			m = "0" + m
		}
		return strconv.Itoa(minutes/60) + ":" + m
	}
	return at(n.From) + "–" + at(n.To)
}
