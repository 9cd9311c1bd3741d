// Package pair lets an owner approve a device that has no keyboard (docs/PROTOCOL.md, "Pairing"): both halves of the meeting in which
// the two show the same six digits.
//
// The display, [Screen], makes a short code and waits at the server under a key that follows from it, so the code is the address as
// well; whoever reads or scans it meets the display there, [Dial]. Inside the pipe runs TLS 1.3 between the two devices' own keys. The
// code is no secret to rely on: the server carries the pipe and may stand between the two with keys of its own. So both show six digits
// that follow from the TLS exporter and from two nonces, of which the owner's is committed to before the display's is known and revealed
// after it: who stands between has one try in a million at each meeting, and meetings are few. A scanned code names the display's key
// besides. A person at each end compares; the display believes nothing before its own has agreed.
//
// The package builds natively and for js/wasm, and imports neither syscall/js nor net/http. Goroutines end before Run, Dial's Close
// and failed calls return.
package pair
