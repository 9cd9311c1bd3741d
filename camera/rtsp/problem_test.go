package rtsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"
)

func TestExplain(t *testing.T) {
	status := func(n base.StatusCode) error {
		return liberrors.ErrClientBadStatusCode{Code: n, Message: "no stream at /hidden for admin:topsecret"}
	}
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3)}, Err: err}
	}
	for _, tt := range []struct {
		err         error
		hasPassword bool
		want        Problem
	}{
		{status(401), true, Password},
		{status(401), false, NoPassword},
		{status(403), true, Password},
		{status(404), true, NotFound},
		{status(461), true, Transport},
		{status(453), true, Busy},
		{status(503), true, Busy},
		{status(302), true, Redirected},
		{status(500), true, Rejected},
		{status(451), true, Rejected},
		{dial(syscall.ECONNREFUSED), true, Refused},
		{dial(syscall.EHOSTUNREACH), true, Unreachable},
		{dial(context.DeadlineExceeded), true, Unreachable},
		{&net.DNSError{Name: "hidden.example", IsNotFound: true}, true, UnknownHost},
		{liberrors.ErrClientTCPTimeout{}, true, Silent},
		{liberrors.ErrClientUDPTimeout{}, true, Silent},
		{liberrors.ErrClientServerRequestedTCP{}, true, Transport},
		{liberrors.ErrClientSDPInvalid{Err: errors.New("topsecret")}, true, Rejected},
		{liberrors.ErrClientRequestTimedOut{}, true, NotRTSP},
		{io.EOF, true, Lost},
		{errors.New("something with topsecret"), true, Lost},
		{&Error{Problem: UnknownCodec, Detail: "VP8"}, true, UnknownCodec},
	} {
		e := explain(fmt.Errorf("wrapped: %w", tt.err), tt.hasPassword)
		if e.Problem != tt.want {
			t.Errorf("%v: %v, want %v", tt.err, e.Problem, tt.want)
		}
		said := fmt.Sprintf("%v %+v %#v %s", e, e, e, e.Advice())
		for _, secret := range []string{"topsecret", "hidden", "10.1.2.3", "admin:"} {
			if strings.Contains(said, secret) {
				t.Errorf("%v: says %s", tt.err, said)
			}
		}
	}
}

// Each problem has words of its own, and a sentence.
func TestAdviceIsComplete(t *testing.T) {
	texts, sentences := map[string]Problem{}, map[string]Problem{}
	for p := Password; p <= Rejected; p++ {
		if _, ok := texts[p.String()]; ok || p.String() == "" {
			t.Errorf("problem %d: %q", p, p.String())
		}
		if _, ok := sentences[p.Advice()]; ok || !strings.HasSuffix(strings.TrimRight(p.Advice(), "…@"), ".") && !strings.HasSuffix(p.Advice(), "…") {
			t.Errorf("problem %d: %q", p, p.Advice())
		}
		texts[p.String()], sentences[p.Advice()] = p, p
	}
	if len(problems) != int(Rejected) {
		t.Errorf("%d problems described of %d", len(problems), Rejected)
	}
}

func TestBackoff(t *testing.T) {
	b := backoff{timing: &usualTiming}
	want := 500 * time.Millisecond
	for range 10 {
		d := b.after(Unreachable, 0)
		if d < want*3/4 || d > want {
			t.Errorf("waits %v, want about %v", d, want)
		}
		want = min(2*want, 30*time.Second)
	}
	if d := b.after(Lost, 5*time.Second); d < 20*time.Second {
		t.Errorf("a connection of 5 s shortened the wait to %v", d)
	}
	if d := b.after(Lost, time.Minute); d > 500*time.Millisecond {
		t.Errorf("after a minute of pictures: %v", d)
	}
	if d := b.after(Password, time.Minute); d < 22*time.Second || d > 30*time.Second {
		t.Errorf("wrong password: %v", d)
	}
}
