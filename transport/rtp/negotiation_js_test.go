package rtp

import (
	"errors"
	"strings"
	"syscall/js"
	"testing"
	"time"
)

// What the browser is asked for ends with its answer, or with Close: a connection that is closed meanwhile never answers.
func TestSettle(t *testing.T) {
	promise := func(body string) func() js.Value {
		return func() js.Value {
			p := js.Global().Get("Promise")
			switch body {
			case "value":
				return p.Call("resolve", "value")
			case "nothing":
				return p.Call("resolve")
			case "error":
				return p.Call("reject", js.Global().Get("TypeError").New("from 192.0.2.1"))
			case "odd":
				return p.Call("reject", "192.0.2.1")
			case "throws":
				js.Global().Call("decodeURIComponent", "%") // a URIError
			}
			return js.Global().Get("Promise").New(js.Global().Get("Function").Get("prototype")) // never
		}
	}
	r := &Receiver{stop: make(chan struct{})}
	if v, err := r.settle(promise("value")); err != nil || v.String() != "value" {
		t.Errorf("%v, %v", v, err)
	}
	if v, err := r.settle(promise("nothing")); err != nil || !v.IsUndefined() {
		t.Errorf("%v, %v", v, err)
	}
	for body, want := range map[string]string{"error": "TypeError", "odd": "unknown", "throws": "URIError"} {
		if _, err := r.settle(promise(body)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "192.") {
			t.Errorf("%s: %v", body, err)
		}
	}
	ended := make(chan error, 1)
	go func() {
		_, err := r.settle(promise("never"))
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Errorf("ended by itself: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(r.stop)
	if err := <-ended; !errors.Is(err, errClosed) {
		t.Error(err)
	}
}

// The kinds of the pair in use are found in what browsers tell of a connection, whether its transport names the pair or the pair is marked.
func TestCandidateKinds(t *testing.T) {
	for _, c := range []struct{ name, stats, want string }{
		{"Chromium, Safari", `[["T", {type: "transport", selectedCandidatePairId: "B"}], ["A", {type: "candidate-pair", localCandidateId: "h", remoteCandidateId: "h"}],
			["B", {type: "candidate-pair", localCandidateId: "h", remoteCandidateId: "r"}], ["h", {type: "local-candidate", candidateType: "host", address: "192.0.2.1"}],
			["r", {type: "remote-candidate", candidateType: "relay"}]]`, "host,relay"},
		{"Firefox", `[["A", {type: "candidate-pair", selected: false, localCandidateId: "h", remoteCandidateId: "h"}], ["B", {type: "candidate-pair", selected: true,
			localCandidateId: "s", remoteCandidateId: "h"}], ["h", {type: "local-candidate", candidateType: "host"}], ["s", {type: "local-candidate", candidateType: "srflx"}]]`, "srflx,host"},
		{"no pair", `[["T", {type: "transport"}], ["A", {type: "candidate-pair", localCandidateId: "h", remoteCandidateId: "h"}]]`, ","},
		{"a pair that is gone", `[["T", {type: "transport", selectedCandidatePairId: "B"}]]`, ","},
		{"candidates that are gone", `[["B", {type: "candidate-pair", selected: true, localCandidateId: "h"}]]`, ","},
		{"nothing", `[]`, ","},
	} {
		local, remote := candidateKinds(js.Global().Call("eval", "new Map("+c.stats+")"))
		if got := local + "," + remote; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
