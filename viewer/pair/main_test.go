package pair

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// In a browser the runtime handles events in a goroutine of its own.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}
