// Package camera is the agent: it takes access units from its sources, seals them beside the camera, and sends them to the viewers
// whom its owner's grants allow.
//
//	source → hub (current GOP, in the clear, in memory only) → sealedStream (sealed once an epoch and stream)
//	       → viewerSession → transport/rtp, or the relay
//
// A hub is one camera and is guarded by one mutex; a viewerSession is one viewer and belongs to the goroutine that reads it. The
// agent knows the cameras' passwords; nothing of them, and no key, reaches logs, errors or statuses.
package camera
