//go:build js

package main

import (
	"context"
	"errors"
	"strings"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/keys"
	"github.com/sealcam/sealcam/wasm/page"
)

// link is what the opened link asks for. The zero value asks for nothing.
type link struct {
	claim   *viewer.Claim
	invite  *viewer.Invite
	met     *screenLink
	restore *identity.AgentID // the agent may be unknown: zero
	devices bool              // the list of devices is to be opened
	display bool              // this device is a screen that wants to be let in
}

// screenLink is the link of a screen that waits to be let in.
type screenLink struct {
	code pairing.Code
	pin  pairing.Pin
}

// The links without a secret, which the page itself offers.
const (
	linkDisplay = "display"
	linkRestore = "recover"
	linkDevices = "devices"
)

// readLink reads the link that opened the page, for a claim with what founds the home. refused says what is wrong with it.
func (a *app) readLink(ctx context.Context) (l link, refused *page.Message) {
	fragment := a.boot.TakeLink()
	kind, _, _ := strings.Cut(fragment, "=")
	refuse := func(err error) (link, *page.Message) {
		m := messageLink(err)
		return link{}, &m
	}
	switch kind {
	case "":
		return link{}, nil
	case linkDisplay:
		return link{display: true}, nil
	case linkDevices:
		return link{devices: true}, nil
	case "claim":
		agent, secret, err := pairing.ParseFragment(fragment)
		if err != nil {
			return refuse(err)
		}
		a.store.Persist()
		genesis, err := a.genesis(ctx)
		if err != nil {
			a.log.Error("no root key", "error", err)
			m := messageUnkept(err)
			return link{}, &m
		}
		return link{claim: &viewer.Claim{Agent: agent, Secret: secret, Genesis: genesis}}, nil
	case "invite":
		agent, secret, err := pairing.ParseInvite(fragment)
		if err != nil {
			return refuse(err)
		}
		a.store.Persist()
		return link{invite: &viewer.Invite{Agent: agent, Secret: secret}}, nil
	case "pair":
		code, pin, err := pairing.ParsePair(fragment)
		if err != nil {
			return refuse(err)
		}
		return link{met: &screenLink{code, pin}}, nil
	}
	var agent identity.AgentID
	if fragment != linkRestore {
		var err error
		if agent, err = pairing.ParseRecover(fragment); err != nil {
			return refuse(err)
		}
	}
	return link{restore: &agent}, nil
}

// messageLink says what is wrong with a link that cannot be read.
func messageLink(err error) page.Message {
	if errors.Is(err, pairing.ErrLinkVersion) {
		return page.Message{
			Title:  words.Later("This link is newer than this page"),
			Text:   words.Later("It was made by a later version of Sealcam. Reload the page; if that does not help, update the server."),
			Action: words.Later("Reload"),
		}
	}
	return page.Message{
		Title: words.Later("This link is incomplete"),
		Text:  words.Later("A character is missing or wrong. Copy the whole link again from where you have it."),
	}
}

// custodyText says how this browser keeps this device's key, and for how long.
func custodyText(c keys.Custody, persisted bool) (key, storage string) {
	switch c {
	case keys.Unexportable:
		key = words.Say("This device’s key was made in this browser, which signs with it and shows it to nobody, not even to this page. It never leaves the device.")
	case keys.Wrapped:
		key = words.Say("This browser cannot keep Ed25519 keys itself. This device’s key is stored encrypted, under a key that the browser shows to nobody; while this page is open it is in its memory.")
	default:
		key = words.Say("This page came without https, so the browser lends it no key store: this device’s key is stored as it is, and whoever can read this browser’s profile can read it. Open Sealcam by an https address for a better one.")
	}
	storage = words.Say("The browser has agreed to keep it until you clear this site’s data.")
	if !persisted {
		storage = words.Say("The browser may clear it when space runs out or when you have not come for long. Adding this page to the home screen or the bookmarks helps. If it is lost, this device needs a new invitation.")
	}
	return key, storage
}
