// Package adversary searches what a hostile server can do to viewers, exhaustively up to a number of moves: every order of delivering,
// dropping, replaying, swapping and reflecting what it carries, of restarting agents and connections, and of waiting, over two homes
// with three viewers. The frames are made by seal's Sealer and go through seal's Opener, Pending and Chain and viewer's gate; the
// messages go through e2ee/session's TLS. After each move the pictures on the three screens are held against what is true.
//
// Beside the search, its tests do to the real parts what cannot be enumerated: every bit flipped, forgeries by a guest together with
// the server, a relay that mixes a thousand cameras up, floods and garbage on every socket. It is used by tests and benchmarks only,
// and runs natively.
package adversary
