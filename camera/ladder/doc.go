// Package ladder decides what an agent sends of each camera on one viewer's direct path, for as long as that does not carry what the viewer
// wishes: main stream, sub-stream, key frames alone, stills.
//
//	main ──► sub ──► key frames of the smallest stream ──► stills
//	     ◄──     ◄──                                   ◄──
//
// Down it goes at once, on a queue that grows, on heavy loss, or on silence. What several cameras may take together is shared out anew then:
// first everybody gets the lowest step, then those with the largest pictures rise as far as it goes.
//
// Up it goes one camera and one step at a time, where the speed at which packets sent together came through says that there is room. The
// bigger stream then is sent beside the smaller one from its next key frame on, and only when it has run for a while without a queue the
// smaller one ends: what fails costs no picture. After a failure the next try waits twice as long.
//
// While nothing comes from the viewer nothing is sent, but for the carrier's own probes; with the first sign of life each camera begins
// again with the current group of pictures of its smallest stream, which is there soonest, and rises from there.
//
// The package is pure: instants and what is known of the path come in, plans go out. It imports transport and e2ee/seal for their types.
package ladder
