//go:build js

package main

import (
	"errors"

	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/keys"
	"github.com/sealcam/sealcam/wasm/page"
)

var messageWelcome = page.Message{
	Title:   words.Later("Welcome to Sealcam"),
	Text:    words.Later("This device knows no cameras yet. Open the link that your agent prints when it starts, beside your cameras:"),
	Code:    "sealcam agent",
	More:    words.Later("The link works once and for ten minutes; while nobody owns the agent it prints a new one. It makes this device the owner, whose keys are made here and never leave. If somebody invited you, open the link that you were sent."),
	Choices: true,
}

var messageNoOwner = page.Message{
	Title: words.Later("Open this on the owner’s device"),
	Text:  words.Later("This is the code of a screen that waits to be let in. Scan it with the phone or computer whose browser manages the cameras, or type the code there: Devices, Add a screen."),
}

var messageBlocked = page.Message{
	Title:  words.Later("This window keeps nothing"),
	Text:   words.Later("Your cameras’ keys live in this browser, but it does not let this page store any. Open the link in a normal, not a private window, and allow this site to store data."),
	More:   words.Later("The link was not used: it still works until it expires."),
	Action: words.Later("Try again"),
}

var messageFull = page.Message{
	Title:  words.Later("This browser has no room left"),
	Text:   words.Later("Your cameras’ keys live in this browser, but its storage is full. Free some space on this device, or clear what other sites keep, then try again."),
	More:   messageBlocked.More,
	Action: messageBlocked.Action,
}

// messageUnkept says why a key was not kept.
func messageUnkept(err error) page.Message {
	if errors.Is(err, keys.ErrFull) {
		return messageFull
	}
	return messageBlocked
}

// messageRefused says why the agent refused the link.
func messageRefused(l viewer.Link) page.Message {
	m := page.Message{Title: words.Later("This link does not open the cameras"), Text: l.Sentence}
	switch l.Reason {
	case viewer.ReasonClaimUsed:
		m.Title = words.Later("This link was used before")
		m.Text = words.Later("Each link works once. If it was you, open Sealcam in the browser that used it. To begin anew, restart the demo, or stop the agent, move its state folder away and start it again: it then prints a new link.")
	case viewer.ReasonClaimExpired:
		m.Title = words.Later("This link has expired")
		m.Text = words.Later("A link works for ten minutes. The agent has printed a new one: open that.")
	case viewer.ReasonClaimWrong:
		m.Title = words.Later("This link is not the agent’s")
		m.Text = words.Later("Copy it again, whole, from where the agent printed it.")
	case viewer.ReasonClaimed:
		m.Title = words.Later("These cameras have an owner")
	case viewer.ReasonInviteUsed:
		m.Title = words.Later("This invitation was used before")
	case viewer.ReasonInviteExpired:
		m.Title = words.Later("This invitation has expired")
	case viewer.ReasonInviteWrong:
		m.Title = words.Later("This invitation is not known")
	case viewer.ReasonInviteVoid:
		m.Title = words.Later("This invitation was taken back")
	case viewer.ReasonAgentOffline, viewer.ReasonClaimSilent, viewer.ReasonInviteSilent:
		m.Title = words.Later("Nobody answers yet")
	}
	return m
}

// restoreSentence says why a restoration failed.
func restoreSentence(err error) string {
	for _, known := range []error{signal.ErrUnreachable, signal.ErrNotSealcam, signal.ErrSilent, signal.ErrLost} {
		if errors.Is(err, known) {
			return words.Explain(known)
		}
	}
	return viewer.Sentence(err)
}

// Shown while no server answers.
var hintSocket = words.Later("This page itself did load. So if this lasts, an extension, a proxy or a virus scanner may be blocking WebSockets to this address: allow them.")
