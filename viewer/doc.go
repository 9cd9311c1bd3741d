// Package viewer is everything of the viewer that is neither browser nor stage: sessions with the agents, epochs, the way of a frame
// from the transport to the decoder, freshness, and what each tile says. It runs natively in tests and in load generators, and in the
// browser as WebAssembly. It imports no syscall/js and no ebiten; decoders and peer connections are given to it.
//
// The way of a frame: transport → [seal.Pending], while its epoch's key has not come → [seal.Opener] → [seal.Chain] and the reorder
// buffer → decoder → [gate.Lane] → [gate.Shelf] → Snapshot. It runs on the goroutine that brought the frame, without a further one:
// in WebAssembly there is one thread, and a hop costs more than the bookkeeping. Only the signature, which costs more than all the rest,
// may be checked elsewhere (Config.Verifier): then the frame goes on, or is refused, when its [seal.Trial] has the verdict.
//
// An owner's device also rules: it mirrors each agent's grant log, verifies every entry and the agent's signed word for where the log
// ends, and raises an [Alarm] when that is not the log it saw before. Changes ([Viewer.Add], [Viewer.Change], [Viewer.Revoke],
// [Viewer.Invite]) count once the agent has signed that it keeps them. [Recover] does what is needed when no owner's device is left.
//
// One mutex, Viewer.mu, guards all state. Nothing blocks while it is held: messages to an agent go through a bounded queue that the
// session's writer empties, relay subscriptions through signal.Client's own queue, and decoders must not block. Functions of the
// configuration that may take long (Dial, NewPeer, Peer's methods, Remember, Self's Sign) are called without it.
package viewer
