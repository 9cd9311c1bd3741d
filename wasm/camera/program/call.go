//go:build js

package main

import (
	"context"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer/pair"
	"github.com/sealcam/sealcam/viewer/words"
)

// takeCall takes the link by which an owner's device called for a camera, if one was opened.
func (a *app) takeCall() {
	fragment := a.boot.TakeLink()
	if fragment == "" {
		return
	}
	secret, err := pairing.ParseCall(fragment)
	if err != nil {
		a.note = words.Say("The link that you opened is incomplete. Scan it again; the camera works all the same.")
		return
	}
	a.note, a.call = "", &secret
}

// answer tells the caller how to own this camera. The claim link stays on the page for the case that this fails.
func (a *app) answer(ctx context.Context, secret pairing.Secret, link pairing.Link) {
	err := pair.AnswerCall(ctx, a.dial, secret, pair.Called{Agent: link.Agent, Claim: link.Secret})
	if err != nil {
		a.log.Warn("the caller was not reached", "error", err)
		a.note = words.Say("The page that showed the code could not be reached. Scan a new code there, or let the one below be scanned.")
	}
	a.stir()
}

// dial is a pair.DialFunc.
func (a *app) dial(ctx context.Context, role signal.Role, self identity.Signer) (*signal.Client, error) {
	o := signal.Options{URL: a.origin, Role: role, Signer: self, Log: a.log}
	if server, carried := a.boot.Server(); carried {
		o.For = server
	}
	return signal.Dial(ctx, o)
}
