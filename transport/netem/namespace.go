//go:build linux

package netem

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrUnavailable is wrapped by what Available and New return where there can be no emulator.
var ErrUnavailable = errors.New("netem: bad networks cannot be made here")

// Available returns nil where networks can be made, or an error that wraps ErrUnavailable and says what is missing.
func Available() error {
	ns, err := newNamespace()
	if err != nil {
		return err
	}
	defer ns.close()
	tun, err := ns.openTUN("probe0")
	if err != nil {
		return err
	}
	return tun.Close()
}

// namespace is a network namespace, kept alive by a file descriptor alone.
type namespace struct{ file *os.File }

func newNamespace() (*namespace, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: it takes root", ErrUnavailable)
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return nil, fmt.Errorf("%w: install iproute2", ErrUnavailable)
	}
	var file *os.File
	err := onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("%w: no new network namespace: %w", ErrUnavailable, err)
		}
		var err error
		file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		return nil, err
	}
	return &namespace{file}, nil
}

// onOwnThread runs f on a thread of its own, which ends with it, so that f may change what belongs to a thread.
func onOwnThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		err := errors.New("netem: the function ended its goroutine") // as testing's Fatal does
		defer func() { done <- err }()
		runtime.LockOSThread() // never unlocked: the runtime ends the thread with the goroutine
		err = f()
	}()
	return <-done
}

// do runs f in the namespace. Sockets that f opens and processes that it starts belong to the namespace for good; goroutines that it
// starts do not.
func (n *namespace) do(f func() error) error {
	return onOwnThread(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("netem: entering the namespace: %w", err)
		}
		return f()
	})
}

// run runs a command in the namespace and waits for it.
func (n *namespace) run(args ...string) error {
	return n.do(func() error {
		out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("netem: %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
		}
		return nil
	})
}

// openTUN makes a TUN device without packet information (Linux's Documentation/networking/tuntap.rst).
func (n *namespace) openTUN(name string) (file *os.File, err error) {
	err = n.do(func() error {
		fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("%w: /dev/net/tun: %w", ErrUnavailable, err)
		}
		request, err := unix.NewIfreq(name)
		if err == nil {
			request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
			err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
		}
		if err != nil {
			unix.Close(fd)
			return fmt.Errorf("%w: no TUN device: %w", ErrUnavailable, err)
		}
		file = os.NewFile(uintptr(fd), "/dev/net/tun")
		return nil
	})
	return file, err
}

func (n *namespace) close() error { return n.file.Close() }
