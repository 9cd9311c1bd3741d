// Package opus reads the framing of Opus packets (RFC 6716 §3): how long they sound, and whether they are well formed. It decodes no
// sound. All input is taken for hostile. It imports codec and the standard library.
package opus
