//go:build js

package diagnostics_test

import (
	"testing"

	"go.uber.org/goleak"
)

// The runtime has a goroutine of its own for the browser's events.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}
