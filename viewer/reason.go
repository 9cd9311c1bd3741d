package viewer

import (
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/viewer/words"
)

// State is what a tile shows.
type State uint8

// The states of a tile.
const (
	Waiting State = iota // no picture yet, and nothing is known to be wrong: Progress says how far it is
	Live                 // the picture is at most 2 s old
	Stale                // 2 to 10 s
	Blank                // nothing is drawn: Reason says why
)

// String returns the state in lower case.
func (s State) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Live:
		return "live"
	case Stale:
		return "stale"
	case Blank:
		return "blank"
	}
	return "unknown"
}

// Reason says why a tile or a home is not as it should be.
type Reason uint8

// The reasons.
const (
	ReasonNone Reason = iota

	// The way to the agent.
	ReasonOffline       // nothing comes by this device's network any more
	ReasonServer        // no connection to the server comes about
	ReasonServerRestart // the connection to the server has just ended, by the server
	ReasonServerRefuses // the server lets this device not in just now
	ReasonAgentOffline  // the server has no such agent, or it does not know our knock
	ReasonAgentSilent   // the server answers, the agent does not any more
	ReasonSessionLost   // the session ended and is being made again
	ReasonBusy          // the agent has too many sessions
	ReasonWrongAgent    // somebody else answered
	ReasonProtocol      // the agent says things that make no sense
	ReasonVersion       // other protocol version

	// Who may see what.
	ReasonNotAllowed    // this device has no grant
	ReasonRevoked       // its grant was taken back
	ReasonExpired       // its grant has ended
	ReasonNotYet        // its grant has not begun
	ReasonAgentClock    // the agent does not know the time, and the grant ends some day
	ReasonRollback      // the agent's grant log lacks what it had before, or was changed
	ReasonClaimUsed     // the link was used
	ReasonClaimExpired  // the link expired
	ReasonClaimWrong    // the link's secret is wrong
	ReasonClaimed       // the agent has an owner already
	ReasonClaimSilent   // nobody answers to the link
	ReasonInviteUsed    // the invitation was used
	ReasonInviteExpired // the invitation expired
	ReasonInviteWrong   // the agent knows no such invitation
	ReasonInviteVoid    // the invitation was taken back
	ReasonInviteSilent  // nobody answers to the invitation
	ReasonCameraGone    // the camera is no longer among those that this device may watch

	// The camera and its pictures.
	ReasonCamera      // the camera does not deliver
	ReasonNoClock     // the agent's clock is not known
	ReasonForged      // frames come that are not proven to be of this camera
	ReasonLate        // pictures come too late
	ReasonFuture      // pictures come with times that the agent's clock has not reached
	ReasonUnsupported // this browser cannot decode the camera's coding
	ReasonDecoder     // the decoder breaks down again and again
	ReasonSlow        // this device decodes too slowly
	ReasonPath        // the network carries no more than a smaller picture, or key frames alone
	ReasonNoPeer      // no direct path, and the relay is not to be used
	ReasonNoFrames    // nothing comes
	reasonCount
)

var reasons = [reasonCount]struct{ name, sentence string }{
	ReasonNone:          {"none", ""},
	ReasonOffline:       {"offline", words.Later("Your connection is lost, nothing reaches this device any more. Check its network; the picture comes back by itself.")},
	ReasonServer:        {"server", words.Later("The server cannot be reached. Check this device's network, and that the server runs; the connection comes back by itself.")},
	ReasonServerRestart: {"server-restart", words.Later("The server ended the connection, as when it is started anew. The picture comes back by itself; if this lasts, check the server.")},
	ReasonServerRefuses: {"server-refuses", words.Later("The server refuses this device just now. Wait a minute, and close other pages that use it; this one tries again by itself.")},
	ReasonAgentOffline:  {"agent-offline", words.Later("The camera's agent is not connected. Check that it is switched on, runs and has a network; the picture comes back by itself.")},
	ReasonAgentSilent:   {"agent-silent", words.Later("The agent's connection is lost, only the server still answers. Check the agent's power and network; the picture comes back by itself.")},
	ReasonSessionLost:   {"session-lost", words.Later("The connection to the camera's agent was lost. It is being made again; if this lasts, restart the agent.")},
	ReasonBusy:          {"busy", words.Later("The camera's agent serves as many devices as it can. Close Sealcam on another one; this one tries again by itself.")},
	ReasonWrongAgent:    {"wrong-agent", words.Later("Somebody else answered in the place of the camera's agent, so nothing is shown. Check that the server can be trusted; this device tries again by itself.")},
	ReasonProtocol:      {"protocol", words.Later("The camera's agent sent something that this program does not understand. Update both to the same version; this device tries again by itself.")},
	ReasonVersion:       {"version", words.Later("The camera's agent speaks another version. Update it or reload this page, whichever is older.")},
	ReasonNotAllowed:    {"not-allowed", words.Later("This device may not watch here. Ask the owner to let it in, then reload this page.")},
	ReasonRevoked:       {"revoked", words.Later("An owner took this device's access back. If that was a mistake, ask to be let in again; the picture then comes back by itself.")},
	ReasonExpired:       {"expired", words.Later("This device's access has ended. Ask an owner to renew it; the picture then comes back by itself.")},
	ReasonNotYet:        {"not-yet", words.Later("This device's access has not begun yet. The picture comes by itself when it does; ask an owner if that should be earlier.")},
	ReasonAgentClock: {"agent-clock", words.Later("The camera's agent does not know what time it is, so it lets nobody in whose access ends some day. " +
		"Set the clock of the agent's machine; the picture comes back by itself.")},
	ReasonRollback: {"rollback", words.Later("The agent's list of who may watch is not the one that this device saw before: an old copy may have been restored, or somebody changed it. " +
		"An owner's device shows what differs; nothing is shown here until the list is right again.")},
	ReasonClaimUsed:     {"claim-used", words.Later("This link was used before. Open Sealcam on the device that used it; to begin anew, move the agent's state folder away and start it again.")},
	ReasonClaimExpired:  {"claim-expired", words.Later("This link has expired. The agent prints a new one: open that.")},
	ReasonClaimWrong:    {"claim-wrong", words.Later("This link is not the agent's, or a character is missing. Copy it again, whole, from where the agent printed it.")},
	ReasonClaimed:       {"claimed", words.Later("This agent has an owner already. Ask that person to let this device in.")},
	ReasonClaimSilent:   {"claim-silent", words.Later("The agent does not answer to this link. Check that it runs and has a network, and open the newest link that it printed: each is good for ten minutes and one device.")},
	ReasonInviteUsed:    {"invite-used", words.Later("This invitation was used before, and is good for one device. Open Sealcam on the device that used it, or ask for a new invitation.")},
	ReasonInviteExpired: {"invite-expired", words.Later("This invitation has expired. Ask the owner for a new one.")},
	ReasonInviteWrong:   {"invite-wrong", words.Later("The agent knows no such invitation. Open the link again, whole, as it was sent, or ask the owner for a new one.")},
	ReasonInviteVoid:    {"invite-void", words.Later("This invitation was taken back. Ask the owner for a new one.")},
	ReasonInviteSilent:  {"invite-silent", words.Later("The agent does not answer to this invitation: it is not connected, or the invitation is no longer good. Ask the owner; this device tries again by itself.")},
	ReasonCameraGone:    {"camera-gone", words.Later("This camera is no longer there, or no longer shared with this device. Ask its owner.")},
	ReasonCamera:        {"camera", words.Later("The camera's connection is lost, its agent gets nothing from it. Check its power and network; the picture comes back by itself.")},
	ReasonNoClock:       {"no-clock", words.Later("The agent has not told its time yet, so no picture can be known to be live. If this lasts, check the network.")},
	ReasonForged:        {"forged", words.Later("Something comes that is not proven to be from this camera, so nothing is shown. If this lasts, use another server or restart the agent.")},
	ReasonLate:          {"late", words.Later("Pictures come too late to be called live: the network is too slow. Watch fewer cameras at once or the small picture.")},
	ReasonFuture:        {"future", words.Later("The camera's pictures carry times that have not come yet. Restart the camera's agent.")},
	ReasonUnsupported:   {"unsupported", words.Later("This browser cannot play what the camera sends. Set the camera to H.264, or use a browser that plays H.265.")},
	ReasonDecoder:       {"decoder", words.Later("The camera's pictures cannot be decoded. Set the camera to plain H.264, or restart it.")},
	ReasonSlow:          {"slow", words.Later("This device is too slow for the picture. Watch fewer cameras at once, or give the camera a sub-stream.")},
	ReasonPath:          {"path", words.Later("The connection is slow, so smaller or fewer pictures come. They get better again with the connection; ending other downloads may help.")},
	ReasonNoPeer:        {"no-peer", words.Later("No direct path to the camera's agent could be made. Allow the relay, or check both ends' firewalls.")},
	ReasonNoFrames:      {"no-frames", words.Later("The camera's agent answers, but none of its pictures arrive. Check the camera and the agent's network; the picture comes back by itself.")},
}

// String returns a short name, such as "agent-offline".
func (r Reason) String() string {
	if r >= reasonCount {
		return "unknown"
	}
	return reasons[r].name
}

// Sentence says what is wrong and what to do, in the language in use. It is empty for ReasonNone.
func (r Reason) Sentence() string {
	if r >= reasonCount {
		return ""
	}
	return words.Say(reasons[r].sentence)
}

// interrupts tells that the reason is something that pictures do not get past, so that it is worth saying for how long none came.
func (r Reason) interrupts() bool {
	switch r {
	case ReasonOffline, ReasonServer, ReasonServerRestart, ReasonServerRefuses, ReasonAgentOffline, ReasonAgentSilent, ReasonSessionLost, ReasonBusy,
		ReasonCamera, ReasonNoFrames, ReasonNoPeer:
		return true
	}
	return false
}

// withoutPictures puts before a sentence for how long there have been no pictures.
func withoutPictures(d time.Duration, sentence string) string {
	return words.Sayf("No pictures for %s: %s", words.Duration(d), words.Continued(sentence))
}

// final tells that trying again without anybody doing something is in vain.
func (r Reason) final() bool {
	switch r {
	case ReasonVersion, ReasonNotAllowed, ReasonClaimUsed, ReasonClaimExpired, ReasonClaimWrong, ReasonClaimed,
		ReasonInviteUsed, ReasonInviteExpired, ReasonInviteWrong, ReasonInviteVoid:
		return true
	}
	return false
}

// slow tells that an owner may end it, but nobody soon: a screen without keyboard must come back by itself all the same.
func (r Reason) slow() bool {
	switch r {
	case ReasonRevoked, ReasonExpired, ReasonNotYet, ReasonAgentClock, ReasonRollback:
		return true
	}
	return false
}

// revoking tells that pictures shown so far must go at once, however young.
func (r Reason) revoking() bool {
	switch r {
	case ReasonNotAllowed, ReasonRevoked, ReasonExpired, ReasonNotYet, ReasonAgentClock, ReasonRollback, ReasonCameraGone:
		return true
	}
	return false
}

func refusalReason(r control.RefuseReason) Reason {
	switch r {
	case control.RefusedVersion:
		return ReasonVersion
	case control.RefusedDevice:
		return ReasonNotAllowed
	case control.RefusedRevoked:
		return ReasonRevoked
	case control.RefusedExpired:
		return ReasonExpired
	case control.RefusedNotYet:
		return ReasonNotYet
	case control.RefusedClock:
		return ReasonAgentClock
	case control.RefusedInvite:
		return ReasonInviteVoid
	case control.RefusedClaimUsed:
		return ReasonClaimUsed
	case control.RefusedClaimOld:
		return ReasonClaimExpired
	case control.RefusedClaimWrong:
		return ReasonClaimWrong
	case control.RefusedClaimed:
		return ReasonClaimed
	case control.RefusedBusy:
		return ReasonBusy
	}
	return ReasonProtocol
}
