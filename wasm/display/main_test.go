//go:build js

package display_test

import (
	"syscall/js"
	"testing"

	"go.uber.org/goleak"
)

// The runtime has a goroutine of its own for the browser's events.
func TestMain(m *testing.M) {
	js.Global().Set("sealcam", map[string]any{}) // boot.js's
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}
