package camera

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(appenderFolder); dir != "" {
		fmt.Fprintln(os.Stderr, appender(dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}
