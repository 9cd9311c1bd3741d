//go:build js

package main

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/page"
	"github.com/sealcam/sealcam/wasm/stage"
)

// gcPercent lets the heap grow fivefold between collections: it is small (about 5 MB), and each collection stops the page's one thread.
const gcPercent = 400

func main() {
	debug.SetGCPercent(gcPercent)
	// What the person at the page needs to know stands on the page; the console has the rest.
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := page.UseWords(); err != nil {
		log.Warn("the page speaks English", "error", err)
	}
	stage.Quiet()
	boot := page.NewBoot()
	if err := newApp(boot, log).run(context.Background()); err != nil {
		log.Error("the viewer ends", "error", err)
		boot.Stop(words.Say("The viewer stopped"), words.Say("Something went wrong in this page, and it no longer shows live pictures. Reload it to go on."), "")
	}
}
