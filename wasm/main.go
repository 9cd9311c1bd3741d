//go:build js

package main

import (
	"context"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/page"
	"github.com/sealcam/sealcam/wasm/stage"
)

func main() {
	boot, log := page.Start()
	stage.Quiet()
	if err := newApp(boot, log).run(context.Background()); err != nil {
		log.Error("the viewer ends", "error", err)
		boot.Stop(words.Say("The viewer stopped"), words.Say("Something went wrong in this page, and it no longer shows live pictures. Reload it to go on."), "")
	}
}
