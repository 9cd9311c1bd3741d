//go:build js

package main

import (
	"errors"

	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/page"
)

var messageWelcome = page.Message{
	Title: "Welcome to Sealcam",
	Text:  "This device knows no cameras yet. Open the link that your agent prints when it starts, beside your cameras:",
	Code:  "sealcam agent",
	More:  "The link works once and for ten minutes; while nobody owns the agent it prints a new one. It makes this device the owner, whose keys are made here and never leave.",
}

var messageBlocked = page.Message{
	Title:  "This window keeps nothing",
	Text:   "Your cameras’ keys live in this browser, but it does not let this page store any. Open the link in a normal, not a private window, and allow this site to store data.",
	More:   "The link was not used: it still works until it expires.",
	Action: "Try again",
}

// messageLink says what is wrong with a link that cannot be read.
func messageLink(err error) page.Message {
	m := page.Message{
		Title: "This link is incomplete",
		Text:  "A character is missing or wrong. Copy the whole link again from where the agent printed it.",
	}
	if errors.Is(err, pairing.ErrLinkVersion) {
		m = page.Message{
			Title:  "This link is newer than this page",
			Text:   "It was made by a later version of Sealcam. Reload the page; if that does not help, update the server.",
			Action: "Reload",
		}
	}
	return m
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
	}
	return m
}

// Hints for what the browser lacks, shown beside the cameras.
const (
	hintNoVideo  = "This browser has no video decoder (WebCodecs), so only cameras that send JPEG pictures can be shown. Use a current Chrome, Edge, Firefox or Safari."
	hintInsecure = "This page was opened without https, and browsers then switch their video decoder off, so only cameras that send JPEG pictures can be shown. Open it by an https address, or on this computer as http://localhost."
	hintSocket   = "This page itself did load. So if this lasts, an extension, a proxy or a virus scanner may be blocking WebSockets to this address: allow them."
)
