//go:build js

package main

import (
	"strconv"
	"strings"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/wasm/promise"
)

const (
	// lossesName keeps the times of the last context losses over the reload that each one brings.
	lossesName = "sealcam context lost"
	maxLosses  = 3
	lossSpan   = 2 * time.Minute
)

// watchContext handles a lost WebGL context, which happens when a laptop changes its graphics card or a driver fails. ebiten cannot
// build its textures anew, so the page is loaded again: everything that matters is stored. But not for ever: a driver that loses
// every context would have the page load in a circle.
func (s *screen) watchContext() {
	handler := js.FuncOf(func(_ js.Value, args []js.Value) any {
		event := args[0]
		event.Call("stopImmediatePropagation") // ebiten's own handler always reloads
		event.Call("preventDefault")
		if lossesWithin(time.Now()) >= maxLosses {
			s.app.boot.Stop("This device’s graphics keep failing",
				"The browser lost its connection to the graphics hardware several times. Start the browser again; if that does not help, update it or the graphics driver.")
			return nil
		}
		s.app.boot.Progress("The graphics were interrupted: starting again", "")
		js.Global().Get("location").Call("reload")
		return nil
	})
	s.handlers = append(s.handlers, handler)
	s.page.Stage().Call("addEventListener", "webglcontextlost", handler, true)
}

// lossesWithin counts this loss and returns how many there were in the last minutes. Without storage every loss is the first.
func lossesWithin(now time.Time) int {
	var recent []string
	storage, err := promise.Get(js.Global(), "sessionStorage")
	if err != nil {
		return 1
	}
	_ = promise.Try(func() {
		if v := storage.Call("getItem", lossesName); v.Type() == js.TypeString {
			for _, text := range strings.Fields(v.String()) {
				if ms, err := strconv.ParseInt(text, 10, 64); err == nil && now.Sub(time.UnixMilli(ms)).Abs() < lossSpan {
					recent = append(recent, text)
				}
			}
		}
		recent = append(recent, strconv.FormatInt(now.UnixMilli(), 10))
		storage.Call("setItem", lossesName, strings.Join(recent, " "))
	})
	return len(recent)
}
