// Package server is the blind server: it introduces agents and viewers to each other and carries what they seal.
//
// It knows public ids, sizes and times, and nothing else: login keys prove who connects, knock hashes say who may ring whom, pipes
// and relay topics carry bytes that it cannot open. It stores nothing. Routing and fan-out run over NATS, embedded in the
// process without a port or in a cluster, by one code path: two clients of one node meet through NATS as those of two nodes do.
//
// It also serves the page (the files of package static), STUN and TURN (RFC 8489, RFC 8656).
//
// It imports signal and e2ee/identity, and must reach no package that could open a picture: e2ee/seal, e2ee/sframe, codec, camera.
package server
