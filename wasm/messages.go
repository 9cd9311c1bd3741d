//go:build js

package main

import (
	"errors"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/page"
)

var messageWelcome = page.Message{
	Title:   "Welcome to Sealcam",
	Text:    "This device knows no cameras yet. Open the link that your agent prints when it starts, beside your cameras:",
	Code:    "sealcam agent",
	More:    "The link works once and for ten minutes; while nobody owns the agent it prints a new one. It makes this device the owner, whose keys are made here and never leave. If somebody invited you, open the link that you were sent.",
	Choices: true,
}

var messageNoOwner = page.Message{
	Title: "Open this on the owner’s device",
	Text:  "This is the code of a screen that waits to be let in. Scan it with the phone or computer whose browser manages the cameras, or type the code there: Devices, Add a screen.",
}

var messageBlocked = page.Message{
	Title:  "This window keeps nothing",
	Text:   "Your cameras’ keys live in this browser, but it does not let this page store any. Open the link in a normal, not a private window, and allow this site to store data.",
	More:   "The link was not used: it still works until it expires.",
	Action: "Try again",
}

// messageRefused says why the agent refused the link.
func messageRefused(l viewer.Link) page.Message {
	m := page.Message{Title: "This link does not open the cameras", Text: l.Sentence}
	switch l.Reason {
	case viewer.ReasonClaimUsed:
		m.Title = "This link was used before"
		m.Text = "Each link works once. If it was you, open Sealcam in the browser that used it. To begin anew, restart the demo, or stop the agent, move its state folder away and start it again: it then prints a new link."
	case viewer.ReasonClaimExpired:
		m.Title = "This link has expired"
		m.Text = "A link works for ten minutes. The agent has printed a new one: open that."
	case viewer.ReasonClaimWrong:
		m.Title = "This link is not the agent’s"
		m.Text = "Copy it again, whole, from where the agent printed it."
	case viewer.ReasonClaimed:
		m.Title = "These cameras have an owner"
	case viewer.ReasonInviteUsed:
		m.Title = "This invitation was used before"
	case viewer.ReasonInviteExpired:
		m.Title = "This invitation has expired"
	case viewer.ReasonInviteWrong:
		m.Title = "This invitation is not known"
	case viewer.ReasonInviteVoid:
		m.Title = "This invitation was taken back"
	case viewer.ReasonAgentOffline, viewer.ReasonClaimSilent, viewer.ReasonInviteSilent:
		m.Title = "Nobody answers yet"
	}
	return m
}

// restoreSentence says why a restoration failed.
func restoreSentence(err error) string {
	for _, known := range []error{signal.ErrUnreachable, signal.ErrNotSealcam, signal.ErrSilent, signal.ErrLost} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return viewer.Sentence(err)
}

// Shown while no server answers.
const (
	hintSocket = "This page itself did load. So if this lasts, an extension, a proxy or a virus scanner may be blocking WebSockets to this address: allow them."
)
