//go:build js

package main

import (
	"context"
	"strings"
	"syscall/js"

	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer/pair"
)

// waitForCamera waits until a device has become a camera by the link that this page shows.
func (o *owner) waitForCamera(ctx context.Context, secret pairing.Secret) (pair.Called, error) {
	return pair.Call(ctx, o.app.dialAs, secret, o.app.log)
}

// claimCamera opens the camera's claim link, as if somebody had clicked on it.
func (o *owner) claimCamera(c pair.Called) {
	_, fragment, _ := strings.Cut(pairing.Link{Server: o.app.server, Agent: c.Agent, Secret: c.Claim}.String(), "#")
	js.Global().Get("location").Call("replace", "#"+fragment)
}
