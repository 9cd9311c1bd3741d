// Package grant owns the log of who may see what of a home: entries signed by its owners, chained by their hashes.
//
// Entry 0 is signed by the home's root key R and names the first owner device; every later one is signed by a device that is an owner
// at that place in the log, or by R. Owners neither begin later nor expire, so who may sign depends on the log alone and not on a
// clock. Guests and displays always expire, within [MaxTerm].
//
// An owner may also put an invitation into the log, which names a key: whoever holds its private half, out of a link, may add one device,
// once, with the terms that the invitation names. All entries but number 0 are bound to the agent that keeps the log.
//
// A [Log] takes no entry that breaks a rule, so whoever holds one may rely on it. It cannot know that entries were cut off its end:
// that shows in comparing it with one seen before, which [Log.Includes] and [Compare] do for the owner's devices.
//
// Keeping the log on disk is the agent's work. The package imports e2ee/identity and the standard library, does no I/O, reads no clock
// and starts no goroutine. Byte formats: docs/PROTOCOL.md, "Grants".
package grant
