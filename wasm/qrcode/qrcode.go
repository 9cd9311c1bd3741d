//go:build js

// Package qrcode draws QR codes (ISO/IEC 18004) as SVG into the document.
package qrcode

import (
	"fmt"
	"strings"
	"syscall/js"

	"rsc.io/qr"

	"github.com/sealcam/sealcam/wasm/dom"
)

const (
	quiet     = 4 // modules of light around the code (ISO/IEC 18004 §5.3.8)
	namespace = "http://www.w3.org/2000/svg"
)

// Draw puts the code of a text into the element, in the place of what was there. A text that fits in no code, of about 2,900 characters,
// is an error.
func Draw(into dom.Node, text string) error {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return fmt.Errorf("qrcode: %w", err)
	}
	document := js.Global().Get("document")
	svg := document.Call("createElementNS", namespace, "svg")
	side := code.Size + 2*quiet
	svg.Call("setAttribute", "viewBox", fmt.Sprintf("0 0 %d %d", side, side))
	svg.Call("setAttribute", "shape-rendering", "crispEdges")
	svg.Call("setAttribute", "aria-hidden", "true")
	path := document.Call("createElementNS", namespace, "path")
	path.Call("setAttribute", "d", outline(code))
	path.Call("setAttribute", "fill", "#000")
	svg.Call("append", path)
	into.Clear()
	into.Call("append", svg)
	return nil
}

// outline writes each run of dark modules in a row as a rectangle.
func outline(code *qr.Code) string {
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
			}
			x += max(run, 1)
		}
	}
	return b.String()
}
