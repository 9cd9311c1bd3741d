package scan

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/sealcam/sealcam/wasm/scan/reader"
)

// actAs names what an instance of this test program is when the tests load it a second time, into the same page.
const actAs = "SCAN_TEST_ACT_AS"

func TestMain(m *testing.M) {
	switch os.Getenv(actAs) {
	case "reader":
		Serve(reader.Find)
	case "crashing reader":
		Serve(func([]byte, int, int) (string, error) { os.Exit(0); return "", nil })
	}
	// The runtime has a goroutine of its own for the browser's events.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("runtime.handleEvent"))
}
