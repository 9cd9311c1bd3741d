// Package hostile is a server that does its worst. It is the real one behind a front that ends both WebSocket legs of every client, reads
// all envelopes and lets a Script deliver, drop, delay, replay, swap, rewrite and invent them, or answer in the place of either end, TLS
// included. Tests aim it at the real agent and the real viewer; whatever no script takes passes untouched. It is used by tests only.
//
// # On the page, in a browser
//
// Each of these is done to a page with a dozen cameras while the drawn pixels are read back by barcode (test/e2e): none is ever of another
// camera, mixed or invented, none is called live more than two seconds after it was sent, and none is left in a blank tile. Once the
// misbehaviour ends the pictures are back by themselves. The columns: name, what the server does, what the tile says (state: reason, or
// live), which counter of sealcam.stats() grows, and whether the session with the agent goes on meanwhile. A stale tile turns blank when no
// picture comes.
//
//	another camera | sends each of two cameras' frames in the place of the other's, as they are and under the key id that fits | blank: forged | refusals/not authentic | goes on
//	another home | sends another home's frames under the key id that fits | blank: forged | refusals/not authentic | goes on
//	another viewer | sends frames that are meant for another viewer | blank: forged | refusals/not authentic | goes on
//	main for sub | sends the camera's main stream in the place of its sub-stream | blank: forged | refusals/wrong stream | goes on
//	replay | sends each frame twice, and again a second later | live | refusals/replayed | goes on
//	last frame again | sends the same frame over and over | blank: no-frames | refusals/replayed | goes on
//	earlier session | cuts the session and then sends the frames of before | blank: no-frames | unknown | made anew
//	earlier session, page loaded again | sends the frames that the page saw before it was loaded again | blank: no-frames | unknown | goes on
//	stale key frame | withholds everything, and sends now and then a key frame that is six seconds old and was not seen yet | stale: no-frames | - | goes on
//	freeze | withholds all frames | blank: no-frames | resyncs | goes on
//	12 s delay | sends all frames twelve seconds late | blank: late | gate_refusals/too old | goes on
//	30 s delay | sends all frames thirty seconds late, and in the end at once | blank: no-frames | - | goes on
//	3 s delay of all | cuts the session and delays the new one with all that belongs to it, clock answers too, by three seconds | stale: no-frames or late or agent-silent | - | made anew
//	truncation | cuts the last byte off each frame | blank: forged | refusals/not authentic | goes on
//	half a frame | cuts each frame to its first hundred bytes | blank: forged | refusals/truncated | goes on
//	append | appends a byte to each frame | blank: forged | refusals/not authentic | goes on
//	splice | joins halves of two frames | blank: forged | refusals/not authentic | goes on
//	another frame's signature | puts the signature of one frame behind the next | blank: forged | refusals/wrong signature | goes on
//	unknown key id | puts an epoch that never was into each header | blank: no-frames | unknown | goes on
//	confused key id | puts the number of another stream into each header | blank: forged | refusals/wrong stream | goes on
//	another frame number | puts another number into each header | blank: forged | refusals/not authentic | goes on
//	header not in the shortest form | writes each header's numbers in eight bytes | blank: forged | refusals/malformed header | goes on
//	huge frame number | adds frames with numbers eight million ahead, to move the replay window | live | refusals/not authentic | goes on
//	another configuration | sends another camera's key frames, which hold the codec's configuration, before the camera's own pictures | blank: forged | refusals/not authentic | goes on
//	lies about frames | says of key frames that they are none and the reverse, that all come from its cache, and numbers them at random | live | - | goes on
//	reorder | turns the order of each four frames around | live | held | goes on
//	reorder beyond patience | sends every thirty-second frame three seconds late | live | outrun | goes on
//	dropped pictures | drops every thirty-second frame | live | resyncs | goes on
//	flood | adds eight frames of noise to each, of all sizes, under the right topic and under invented ones | live | refusals/malformed header | goes on
//	own key | ends the session's TLS itself, with a key of its own | stale: wrong-agent | - | made anew
//	stolen certificate | ends TLS itself and shows the agent's certificate, without having its key | stale: session-lost | - | made anew
//	TLS 1.2 | ends TLS itself, in version 1.2 | stale: protocol | - | made anew
//	another protocol | ends TLS itself and takes no part in ALPN | stale: protocol | - | made anew
//	weaker key exchange | ends TLS itself and knows X25519 alone | stale: protocol | - | made anew
//	another agent | joins the viewer to another agent than it asked for | stale: wrong-agent | - | made anew
//	handshake reflected | sends back to the viewer what it says | stale: session-lost | - | made anew
//	handshake replayed | answers with what the agent said at the beginning of an earlier session | stale: session-lost | - | made anew
//	connected before accepted | says that the agent is connected, sends frames, and lets the handshake wait | stale: session-lost | - | made anew
//	flipped bits | flips a bit in all that the agent says, in which descriptions and candidates of direct paths would be | stale: session-lost | - | made anew
//	bytes repeated | says twice what the agent says | stale: session-lost | - | made anew
//	crossed pipes | gives the viewer what another agent says in its session | stale: session-lost | - | made anew
//	more than the window | sends the viewer more than its window allows | stale: session-lost | - | made anew
//	unavailable | says that there is no such agent | stale: agent-offline | - | made anew
//	silence | passes nothing on to the page any more, and in the end everything at once | blank: offline or server | - | goes on or made anew
//	nonsense | sends bytes that are no envelope | stale: server | - | made anew
//	oversize | sends messages longer than any envelope | stale: server-restart or server | - | made anew
//	refusal | refuses the page, for every reason that there is in turn | stale: server-refuses or server-restart | - | made anew
//	slow | lets through 30 kB a second, for all cameras together | stale: no-frames or late or offline or server or agent-silent or session-lost | - | goes on or made anew
//	own STUN and TURN | names STUN and TURN servers of its own, with credentials of its own, which answer noise | live | direct | goes on
//
// # Around the grants
//
// These need no pixels. They are done to headless viewers, which check every picture all the same; the last column names the test.
//
//	invented devices | opens pipes to the agent by every knock hash it was given, and comes as viewer, owner or guest | refused; the list stays as it is | TestServerInventsDevices
//	forged grants | has a guest send entries in its own and in the owner's name, and ask for what owners may have | refused or the session ends; the list stays as it is | TestGuestForgesGrants
//	grant for another camera | sends a guest of camera A the frames of camera B | blank: forged | TestGrantForAnotherCamera
//	revoked guest with old keys | passes everything on to a guest that was revoked | revoked; opens nothing from then on | TestRevokedGuestWithOldKeys
//	expired guest, clock set back | sets the agent's clock back after a guest's time is over, and starts it with no clock at all | expired or agent-clock; owners go on | TestExpiredGuestAndTheClock
//	unknown clock at boot | starts the agent in 1970 | agent-clock for guests, until the clock is right | TestUnknownClockAtBoot
//	dropped revocation | drops what the owner sends | pending, never done | TestDroppedRevocation
//	replayed ack | answers a revocation with the agent's answer to another | never done; the session is made anew | TestReplayedAck
//	crash between keeping and ack | drops the ack, and the agent dies | the list tells; nothing is done twice | TestCrashBetweenKeepingAndAck
//	rollback of the list | puts an old copy of the agent's folder back | rollback, with the missing entries by name; can be repaired | TestLogRollback
//	fork of the list | shows two owners two copies of the agent | rollback, with both sides' entries by name | TestLogForkShownToTwoOwners
//	claim link reused | - | claim-used | TestClaimLinkReused
//	claim link expired | - | claim-expired | TestClaimLinkExpired
//	claim link guessed | lets every guess through to the agent | claim-wrong; after five the link is closed | TestClaimLinkGuessed
//	invite links | lets guesses through; links are used twice, taken back, too old | invite-used, -void, -wrong, -expired | TestInviteLinks
//	between owner and display | ends TLS on both sides of a meeting | the six digits differ; a scanned code is refused at once | TestServerBetweenOwnerAndDisplay
//	secrets at the server | logs all that it can, and keeps all that it is sent | no secret, name, fragment or address; no file | TestServerHoldsNoSecrets
package hostile
