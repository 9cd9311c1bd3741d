//go:build !js

package session

import (
	"testing"

	"go.uber.org/goleak"
)

// Not in the browser, where the runtime keeps a goroutine of its own for events.
func TestMain(m *testing.M) {
	// In a browser the runtime handles events in a goroutine of its own.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}
