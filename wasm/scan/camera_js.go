package scan

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dom"
	"github.com/sealcam/sealcam/wasm/promise"
)

// every is how often a picture is searched.
const every = 150 * time.Millisecond

// What Camera refuses, each a sentence for the person with the camera.
var (
	ErrDenied   = words.Error("the browser may not use this device's camera: allow it for this page, or type the code")
	ErrNoCamera = words.Error("this device has no camera that the browser can use: type the code")
	ErrInsecure = words.Error("the browser lends its camera to https pages only: type the code")
)

// Camera shows the picture of the device's camera in a video element until there is a QR code in it whose text match accepts, or ctx
// ends. program is the address of the program that reads codes. Camera blocks, so it must not be called in a js.FuncOf callback. The
// camera is off when it returns.
func Camera(ctx context.Context, video dom.Node, program string, match func(text string) bool) error {
	return camera(ctx, video, func(ctx context.Context) (*remote, error) { return load(ctx, program, map[string]any{}) }, match)
}

func camera(ctx context.Context, video dom.Node, load func(context.Context) (*remote, error), match func(text string) bool) error {
	devices := js.Global().Get("navigator").Get("mediaDevices")
	if !devices.Truthy() {
		return ErrInsecure
	}
	stream, err := openCamera(ctx, devices)
	if err != nil {
		return err
	}
	defer func() {
		tracks := stream.Call("getTracks")
		for i := range tracks.Length() {
			tracks.Index(i).Call("stop")
		}
		video.Set("srcObject", js.Null())
	}()
	video.Set("srcObject", stream)
	if _, err := promise.Await(ctx, video.Call("play")); err != nil {
		return fmt.Errorf("scan: playing the camera's picture: %w", err)
	}
	program, err := load(ctx) // while the person aims
	if err != nil {
		return err
	}
	eye := newEye(video)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if eye.look() {
			text, found, err := program.find(eye.luma)
			if err != nil || found && match(text) {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// openCamera asks for the camera at the back, if there are several (W3C Media Capture and Streams §10.2).
func openCamera(ctx context.Context, devices js.Value) (js.Value, error) {
	wanted := map[string]any{"audio": false, "video": map[string]any{"facingMode": "environment", "width": 1280, "height": 720}}
	var p js.Value
	err := promise.Try(func() { p = devices.Call("getUserMedia", wanted) })
	var stream js.Value
	if err == nil {
		stream, err = promise.Await(ctx, p)
	}
	var refused *promise.Error
	if errors.As(err, &refused) {
		switch refused.Name {
		case "NotAllowedError", "SecurityError":
			return stream, ErrDenied
		default:
			return stream, fmt.Errorf("%w (%s)", ErrNoCamera, refused.Name)
		}
	}
	return stream, err
}

// eye reads pictures off a video element.
type eye struct {
	video        dom.Node
	context      js.Value
	pixels, luma []byte
}

func newEye(video dom.Node) *eye {
	canvas := dom.Make("canvas")
	canvas.Set("width", side)
	canvas.Set("height", side)
	return &eye{
		video: video, context: canvas.Call("getContext", "2d", map[string]any{"willReadFrequently": true}),
		pixels: make([]byte, 4*side*side), luma: make([]byte, side*side),
	}
}

// look takes the square from the middle of what the camera sees now into luma. It returns false while there is no picture yet.
func (e *eye) look() bool {
	width, height := e.video.Get("videoWidth").Int(), e.video.Get("videoHeight").Int()
	if width == 0 || height == 0 {
		return false
	}
	square := min(width, height)
	e.context.Call("drawImage", e.video.Value, (width-square)/2, (height-square)/2, square, square, 0, 0, side, side)
	js.CopyBytesToGo(e.pixels, js.Global().Get("Uint8Array").New(
		e.context.Call("getImageData", 0, 0, side, side).Get("data").Get("buffer")))
	for i := range e.luma {
		p := e.pixels[4*i:][:4]
		e.luma[i] = byte((int(p[0]) + 2*int(p[1]) + int(p[2])) / 4)
	}
	return true
}
