package rtp

import (
	"errors"
	"fmt"
	"syscall/js"

	"github.com/pion/webrtc/v3"
)

// errClosed says that the connection was closed while the browser was asked for something.
var errClosed = errors.New("rtp: closed")

// Accept takes the agent's offer and returns the answer to it. A later offer, of Sender.Restart, is taken likewise. ErrSignaling
// says that the offer cannot be used. Candidates follow through OnCandidate, possibly before Accept returns.
func (r *Receiver) Accept(offerSDP string) (string, error) {
	if err := checkSDP(offerSDP); err != nil {
		return "", err
	}
	peer := r.pc.JSValue()
	_, err := r.settle(func() js.Value {
		return peer.Call("setRemoteDescription", map[string]any{"type": "offer", "sdp": offerSDP})
	})
	switch {
	case errors.Is(err, errClosed):
		return "", err
	case err != nil:
		return "", fmt.Errorf("%w: offer refused", ErrSignaling) // the cause may quote the description
	}
	answer, err := r.settle(func() js.Value { return peer.Call("createAnswer") })
	if err != nil {
		return "", fmt.Errorf("rtp: create answer: %w", err)
	}
	if _, err := r.settle(func() js.Value { return peer.Call("setLocalDescription", answer) }); err != nil {
		return "", fmt.Errorf("rtp: set answer: %w", err)
	}
	r.remote.release()
	return answer.Get("sdp").String(), nil
}

func (r *Receiver) addCandidate(init webrtc.ICECandidateInit) error {
	candidate := map[string]any{"candidate": init.Candidate}
	if init.SDPMid != nil {
		candidate["sdpMid"] = *init.SDPMid
	}
	if init.SDPMLineIndex != nil {
		candidate["sdpMLineIndex"] = int(*init.SDPMLineIndex)
	}
	if init.UsernameFragment != nil {
		candidate["usernameFragment"] = *init.UsernameFragment
	}
	_, err := r.settle(func() js.Value { return r.pc.JSValue().Call("addIceCandidate", candidate) })
	return err
}

// settle waits for a promise, or until the receiver is closed: what a connection is asked for while it is closed is never answered (W3C
// WebRTC 1.0, "chain an asynchronous operation"), and pion would wait for ever.
func (r *Receiver) settle(ask func() js.Value) (result js.Value, err error) {
	defer recoverJS(&err)
	settled := make(chan struct{})
	done := func(to *js.Value) js.Func {
		return js.FuncOf(func(_ js.Value, args []js.Value) any {
			if len(args) > 0 {
				*to = args[0]
			}
			close(settled)
			return nil
		})
	}
	var reason js.Value
	resolved, rejected := done(&result), done(&reason)
	ask().Call("then", resolved, rejected)
	select {
	case <-settled:
		resolved.Release()
		rejected.Release()
	case <-r.stop:
		return js.Undefined(), errClosed // the functions stay, should it be answered all the same
	}
	if !reason.IsUndefined() {
		return js.Undefined(), fmt.Errorf("rtp: browser: %s", name(reason))
	}
	return result, nil
}

// name is the name of what was thrown. Its message is left out: it may quote addresses.
func name(thrown js.Value) string {
	if thrown.Type() != js.TypeObject {
		return "unknown"
	}
	return thrown.Get("name").String()
}
