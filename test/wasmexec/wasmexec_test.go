package main

import (
	"testing"
	"time"
)

func TestTimeout(t *testing.T) {
	for _, c := range []struct {
		args []string
		want time.Duration
	}{
		{nil, defaultTimeout},
		{[]string{"-test.v", "-test.timeout=90s"}, 90 * time.Second},
		{[]string{"--test.timeout=1m30s"}, 90 * time.Second},
		{[]string{"test.timeout=5s"}, defaultTimeout},
		{[]string{"-test.timeout=0"}, defaultTimeout},
		{[]string{"-test.timeout=soon"}, defaultTimeout},
	} {
		if got := timeout(c.args); got != c.want {
			t.Errorf("timeout(%q) = %v, want %v", c.args, got, c.want)
		}
	}
}

func TestEnvironmentKeepsSecretsOut(t *testing.T) {
	env := environment([]string{"GOARCH=wasm", "GOPROXY=https://user:secret@host", "AWS_SECRET=x", "SEALCAM_LOG=debug", "HOME=/home/x", "TZ=UTC"})
	want := map[string]string{"GOARCH": "wasm", "SEALCAM_LOG": "debug", "TZ": "UTC", "HOME": tempDir, "TMPDIR": tempDir}
	if len(env) != len(want) {
		t.Errorf("got %v", env)
	}
	for name, value := range want {
		if env[name] != value {
			t.Errorf("%s = %q, want %q", name, env[name], value)
		}
	}
}
