//go:build js

package main

import (
	"syscall/js"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/decode"
)

// Hints for what the browser lacks, shown beside the cameras.
var (
	hintNoVideo  = words.Later("This browser has no video decoder of its own (WebCodecs), so this page decodes H.264 itself: the small pictures where a camera has them, and no H.265. A current Chrome, Edge, Firefox or Safari shows more.")
	hintInsecure = words.Later("This page came without https. Your pictures are sealed all the same, but whoever controls this network could change the page itself, and browsers switch their video decoder off, so the small pictures are shown where a camera has them. Open it by an https address, or on the same computer as http://localhost.")
)

// hintFramed is shown where this page came by https, but in a frame of one that did not.
var hintFramed = words.Later("The page that embeds this one came without https, so the browser switches its video decoder off here, and the small pictures are shown where a camera has them. Open that page by an https address, or this one in a window of its own.")

// queried returns a parameter of the page's address; false if it has none.
func queried(name string) (string, bool) {
	query := js.Global().Get("URLSearchParams").New(js.Global().Get("location").Get("search"))
	value := query.Call("get", name)
	if value.IsNull() {
		return "", false
	}
	return value.String(), true
}

// newDecoders reads ?decoder=. notice says what is wrong with it, or what the browser lacks; it may be empty.
func newDecoders(meter *decode.Meter) (ladder *decode.Ladder, notice string) {
	word, asked := queried("decoder")
	choice, known := decode.ParseChoice(word)
	switch {
	case asked && !known:
		notice = words.Sayf("The address asks for decoder %q, which there is not. Use webcodecs, go, still or auto.", word)
	case !js.Global().Get("isSecureContext").Truthy() && js.Global().Get("location").Get("protocol").String() == "https:":
		notice = words.Say(hintFramed)
	case !js.Global().Get("isSecureContext").Truthy():
		notice = words.Say(hintInsecure)
	case !decode.HasVideo():
		notice = words.Say(hintNoVideo)
	}
	return decode.NewLadder(meter, choice), notice
}

// lessen wishes for the streams that suit the decoders.
func (a *app) lessen(wishes []viewer.Wish) []viewer.Wish {
	for i := range wishes {
		wishes[i].Stream = a.decoders.Stream(wishes[i].Stream)
	}
	return wishes
}
