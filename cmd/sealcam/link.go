package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/sealcam/sealcam/e2ee/pairing"
)

// printLink shows a claim link for a person: the link, what to do, and a QR code where a terminal shows it well. It goes to
// standard output and never to the log, because who holds the link may claim the agent.
func printLink(w io.Writer, link pairing.Link, expires time.Time) {
	text := link.String()
	fmt.Fprintf(w, "\nOpen this link in the browser that shall own these cameras (once, until %s):\n\n  %s\n\n", expires.Format("15:04"), text)
	if code, err := qr.Encode(text, qr.L); err == nil {
		fmt.Fprintln(w, drawCode(code, isTerminal(w)))
	}
}

// drawCode draws a QR code with two modules a character and the quiet zone of four modules that ISO/IEC 18004 asks for. With
// colour it is dark on light whatever the terminal's colours; without, it suits a light background.
func drawCode(code *qr.Code, colour bool) string {
	const quiet = 4
	on, off := "", ""
	if colour {
		on, off = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
	}
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString("  " + on)
		for x := -quiet; x < code.Size+quiet; x++ {
			switch top, bottom := code.Black(x, y), code.Black(x, y+1); {
			case top && bottom:
				b.WriteString("█")
			case top:
				b.WriteString("▀")
			case bottom:
				b.WriteString("▄")
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString(off + "\n")
	}
	return b.String()
}
