// Package relay names the topics under which the server fans out sealed frames to the viewers of a camera. The agent hands a random
// base to each viewer inside its session (control.Epoch) and both ends derive from it one topic per stream, so that the server can
// tell neither cameras nor streams apart by name and nobody else can guess a topic. Package signal carries the frames.
package relay
