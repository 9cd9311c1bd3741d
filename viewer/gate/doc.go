// Package gate is the only maker of the value that the stage can draw. A [Picture] comes out of a [Lane], which takes a frame that
// was opened and proven (seal.Opened, which only a seal.Opener makes) and, later, what the decoder made of it; it lets the picture
// through if the two belong together, if it is not older than what was shown before, and if it is young by the agent's own clock. A
// [Clock] bounds that clock from pings inside the session; a [Shelf] keeps the last picture and gives it out only while it is fresh.
//
// The package imports codec, e2ee/identity and e2ee/seal. It reads no clock: time is passed in. It starts no goroutines and takes no
// locks: whoever owns a camera's state guards it.
package gate
