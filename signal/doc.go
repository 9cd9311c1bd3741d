// Package signal is the language between a client (agent or viewer) and the blind server, and the client that speaks it.
//
// It owns the envelopes that the server sees (wire.go; docs/PROTOCOL.md, "Server envelopes"), the login, the byte pipes in which
// end-to-end sessions run, and the relay's publish and subscribe. It knows no keys but the login key's signer, and no pictures: what
// it carries is sealed. One WebSocket (RFC 6455) at /signal carries everything; each binary message is one envelope.
//
// A [Client] is one connection. It never dials again by itself: its owner does, with a [Backoff] between the tries.
//
// It may import e2ee/identity, signal/outbox and nhooyr.io/websocket, and builds natively and for js/wasm. The library's js build differs in three
// ways that this package works around:
//   - There is no ping there, so keep-alive is an envelope of ours, sent by the server and answered by the client. (The answer is
//     driven by the arriving message and not by a timer, since browsers slow the timers of hidden tabs down to one a minute.)
//   - Its Close waits, with a lock held that the handler of the browser's "error" event takes as well, and a blocked event handler
//     stops a Go program in the browser. So the client there says bye and lets the server close.
//   - Its context cancellation closes with a code that browsers refuse, so no read or write is given a context that ends.
package signal
