// Package sound plays cameras' sound in the browser: AAC and Opus decoded by WebCodecs' AudioDecoder, G.711 by codec/g711, so that it works
// on insecure origins too; put onto the line of an AudioContext (Web Audio API) by viewer/soundline, block behind block, each at the frame where
// the last one ended. There is no worklet, since pages on insecure origins have none, and none is needed: blocks are scheduled ahead, and what
// keeps the page busy does not reach them.
//
// Browsers play nothing before a person has asked for it: Output.Start belongs into the handler of a click or a key.
package sound
