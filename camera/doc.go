// Package camera is the agent: it takes access units from its sources, seals them beside the camera, and sends them to the viewers
// whom its owner's grants allow.
//
//	source → hub (current GOP, in the clear, in memory only) → sealedStream (sealed once an epoch and stream)
//	       → viewerSession → transport/rtp, or the relay of the server by which the viewer came
//
// A hub is one camera and is guarded by one mutex; a viewerSession is one viewer and belongs to the goroutine that reads it. The
// agent knows the cameras' passwords; nothing of them, and no key, reaches logs, errors or statuses.
//
// Who may see what is in the grant log alone, which only owners, the recovery key R and the holders of invitations can lengthen
// (grants.go, claim.go, invite.go). An entry is on the disk before anybody hears of it. Then doors.go says who may knock, and
// terms.go makes the running sessions and the cameras' keys keep to it; the latter looks once a second too, for access also ends by
// time. The time is wallClock's, which cannot be set back.
//
// Locks are taken in this order: Agent.appending, viewerSession.watching, Agent.mu, hub.mu; those of outbox, peer and wallClock come
// last and stand alone.
package camera
