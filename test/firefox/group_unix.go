//go:build unix

package firefox

import (
	"os/exec"
	"syscall"
)

// ownGroup makes the program lead a process group, to which its children belong.
func ownGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endGroup kills the program's group. One that is empty needs no killing.
func endGroup(command *exec.Cmd) { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
