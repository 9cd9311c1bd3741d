//go:build js

// Package devices is the owner's view of who may see what: the list of devices and invitations with what can be done to them, the agent's
// journal, and the alarm when the agent's list is not the one that this device saw.
//
// Panel is given a viewer.Trust of each home whenever something may have changed; it changes in the document only what differs. What an
// owner does goes to Operations, which block until the agent's signed answer.
package devices
