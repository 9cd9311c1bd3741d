// Package transport says what is carried from an agent to a viewer: sealed frames, and the little that a carrier has to know about
// each in order to drop whole GOPs instead of single pictures. Carriers see ciphertext only.
//
// transport/rtp carries frames directly between agent and viewer over WebRTC. transport/relay names the topics under which the
// server fans them out where no direct path exists. The package imports codec and e2ee/seal for their types and does no I/O.
package transport
