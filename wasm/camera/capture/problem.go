//go:build js

package capture

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/promise"
)

// What can be wrong, each a sentence for the person at the device.
var (
	ErrInsecure  = errors.New(words.Later("Browsers lend their camera to https pages only. Open this page by an https address (sealcam demo -tls makes one), or on the same computer as http://localhost."))
	ErrDenied    = errors.New(words.Later("The browser may not use the camera. Allow it for this page, in the address bar or in the device’s settings, then start again."))
	ErrNoCamera  = errors.New(words.Later("This device has no camera that the browser can use. Connect one, then start again."))
	ErrBusy      = errors.New(words.Later("The camera does not start: another program may be using it. Close that, then start again."))
	ErrUnplugged = errors.New(words.Later("The camera was disconnected. Connect it again: it then goes on by itself."))
	ErrNoEncoder = errors.New(words.Later("This browser cannot encode video (WebCodecs). Use a current Chrome, Edge, Safari or Firefox."))
	ErrEncoder   = errors.New(words.Later("The browser’s video encoder fails with this camera. Choose a smaller size, or start the browser again."))
	ErrPaused    = errors.New(words.Later("The browser has paused the camera. Keep this page in front, and the screen on."))
)

// advice is what viewers read of it, who stand elsewhere.
var advice = map[error]string{
	ErrDenied:    words.Later("The browser on the camera’s device may no longer use its camera: allow it there."),
	ErrNoCamera:  words.Later("The device that is this camera has lost its camera: connect it again there."),
	ErrBusy:      words.Later("The camera does not start on its device: another program there may be using it."),
	ErrUnplugged: words.Later("The camera was disconnected from its device: connect it again there."),
	ErrNoEncoder: words.Later("The browser on the camera’s device cannot encode video."),
	ErrEncoder:   words.Later("The video encoder on the camera’s device fails: start the browser there again."),
	ErrPaused:    words.Later("The browser on the camera’s device has paused the camera: bring its page to the front there."),
	errOff:       words.Later("The camera was switched off on its device."),
}

var errOff = errors.New("capture: switched off")

// openError names what getUserMedia was refused with (W3C Media Capture and Streams §10.2.1).
func openError(err error) error {
	var refused *promise.Error
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Name {
	case "NotAllowedError", "SecurityError":
		return ErrDenied
	case "NotFoundError", "OverconstrainedError":
		return ErrNoCamera
	case "NotReadableError", "AbortError":
		return ErrBusy
	}
	return fmt.Errorf("%w (%s)", ErrNoCamera, refused.Name)
}

// lost says why the browser takes a camera back that it lent: the person forbids it, or it is gone. Browsers that do not tell are believed to
// have lost it.
func lost(ctx context.Context) error {
	var asked js.Value
	if promise.Try(func() {
		asked = js.Global().Get("navigator").Get("permissions").Call("query", map[string]any{"name": "camera"})
	}) != nil {
		return ErrUnplugged
	}
	if status, err := promise.Await(ctx, asked); err == nil && status.Get("state").Equal(js.ValueOf("denied")) {
		return ErrDenied
	}
	return ErrUnplugged
}
