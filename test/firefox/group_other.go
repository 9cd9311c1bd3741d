//go:build !unix

package firefox

import "os/exec"

func ownGroup(*exec.Cmd) {}

func endGroup(command *exec.Cmd) { _ = command.Process.Kill() }
