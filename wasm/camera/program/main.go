//go:build js

// Command program is the page's camera as WASM of its own, called camera.wasm: it makes a camera of the device, with the agent of package
// camera in it. boot.js starts it in the viewer's place on the page #camera, so that neither makes the other larger.
//
// Pictures come from wasm/camera/capture; the agent's key and its log of who may watch lie in wasm/camera/folder. Everything goes by the
// server's relay: a browser's peer connection sends what its own encoder made, and cannot be given frames that were sealed elsewhere.
package main

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/page"
)

// gcPercent is as in the viewer: the heap is small, and each collection stops the page's one thread.
const gcPercent = 400

func main() {
	debug.SetGCPercent(gcPercent)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := page.UseWords(); err != nil {
		log.Warn("the page speaks English", "error", err)
	}
	boot := page.NewBoot()
	if err := newApp(boot, log).run(context.Background()); err != nil {
		log.Error("the camera ends", "error", err)
		boot.Stop(words.Say("The camera stopped"), words.Say("Something went wrong in this page, and it no longer sends pictures. Reload it to go on."), "")
	}
}
