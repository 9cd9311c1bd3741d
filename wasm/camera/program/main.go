//go:build js

// Command program is the page's camera as WASM of its own, called camera.wasm: it makes a camera of the device, with the agent of package
// camera in it. boot.js starts it in the viewer's place on the page #camera, so that neither makes the other larger.
//
// Pictures come from wasm/camera/capture; the agent's key and its log of who may watch lie in wasm/camera/folder. Everything goes by the
// server's relay: a browser's peer connection sends what its own encoder made, and cannot be given frames that were sealed elsewhere.
package main

import (
	"context"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/page"
)

func main() {
	boot, log := page.Start()
	if err := newApp(boot, log).run(context.Background()); err != nil {
		log.Error("the camera ends", "error", err)
		boot.Stop(words.Say("The camera stopped"), words.Say("Something went wrong in this page, and it no longer sends pictures. Reload it to go on."), "")
	}
}
