package viewer

import "github.com/sealcam/sealcam/viewer/words"

// briefs sum a reason up for tiles that have no room for its sentence. Reasons that no tile has are not here.
var briefs = map[Reason]string{
	ReasonOffline:       words.Later("This device is offline"),
	ReasonServer:        words.Later("No server"),
	ReasonServerRestart: words.Later("Server restarts"),
	ReasonServerRefuses: words.Later("Server refuses"),
	ReasonAgentOffline:  words.Later("Agent is offline"),
	ReasonAgentSilent:   words.Later("Agent is silent"),
	ReasonSessionLost:   words.Later("Connecting again"),
	ReasonBusy:          words.Later("Too many devices"),
	ReasonWrongAgent:    words.Later("Wrong agent"),
	ReasonProtocol:      words.Later("Not understood"),
	ReasonVersion:       words.Later("Other version"),
	ReasonNotAllowed:    words.Later("Not allowed"),
	ReasonRevoked:       words.Later("Access taken back"),
	ReasonExpired:       words.Later("Access has ended"),
	ReasonNotYet:        words.Later("Access not begun"),
	ReasonAgentClock:    words.Later("Agent’s clock"),
	ReasonRollback:      words.Later("Check the members"),
	ReasonCameraGone:    words.Later("No longer shared"),
	ReasonCamera:        words.Later("Camera is lost"),
	ReasonNoClock:       words.Later("Time not known"),
	ReasonForged:        words.Later("Not proven"),
	ReasonLate:          words.Later("Too late"),
	ReasonFuture:        words.Later("Wrong time"),
	ReasonUnsupported:   words.Later("Cannot be played"),
	ReasonDecoder:       words.Later("Cannot be decoded"),
	ReasonSlow:          words.Later("Device is too slow"),
	ReasonPath:          words.Later("Slow network"),
	ReasonNoPeer:        words.Later("No direct path"),
	ReasonNoFrames:      words.Later("No pictures come"),
}

// Brief sums the reason up in two or three words, in the language in use. It is empty where there is no reason or nothing to say.
func (r Reason) Brief() string {
	if brief := briefs[r]; brief != "" {
		return words.Say(brief)
	}
	return ""
}
