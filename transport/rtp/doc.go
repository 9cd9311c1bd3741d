// Package rtp carries sealed frames straight from an agent to a viewer: one WebRTC peer connection per viewer session (W3C WebRTC
// 1.0, RFC 8825), in which the agent offers a fixed number of send-only video tracks, the slots, and one data channel for
// acknowledgements. A camera uses slot = camera number mod slots, so that opening another camera needs no negotiation.
//
// A frame looks like a VP8 picture to the peer's RTP stack and to every middlebox, because browsers reassemble, NACK and hand over
// only what they know. Nothing in it is ever decoded as VP8: the browser's encoded transform takes the bytes away.
//
//	RTP packet (RFC 3550), SSRC and sequence numbers per slot, 90 kHz timestamp from the capture time, marker on the last packet:
//	  VP8 descriptor(1): 0x10 on a frame's first packet, else 0x00 (RFC 7741 §4.2) ‖ fragment
//
//	frame = the fragments in order, all integers big-endian:
//	  look-alike(10): 10 00 00 9d 01 2a 80 07 38 04 on key frames (RFC 6386 §9.1), the first byte 11 on others
//	  camera(1) ‖ number(4): from 1, counted per slot ‖ length(4) of what follows ‖ sealed
//
//	acknowledgement, viewer to agent, on the data channel "ack" (unordered, no retransmissions):
//	  { slot(1) ‖ number(4): highest frame number received complete }, at most one per slot, only slots with news
//
// A frame that Flush cuts short is ended by a marker on a one-byte fragment, because a browser keeps the packets of an unfinished
// frame until its buffer overflows and then throws away a good one; length tells the receiver that it is no frame.
//
// A frame with the number 0 holds nothing: padding. The viewer answers it by sending its last acknowledgement again. It goes out alone, now
// and then, while nothing comes from the viewer, so that the end of an outage is noticed at once; and in trains, to find out how fast the
// path is.
//
// Where packets get lost and a round trip is long, a frame goes in shards instead: each packet looks like a whole VP8 frame, so that the
// browser hands it over at once whatever became of the others, and holds
//
//	look-alike(10): 30 00 00 9d … ‖ camera(1) ‖ number(4) ‖ length(4) of the sealed frame ‖ index(2) ‖ shard
//
// The sealed bytes are cut into equal shards of at most 1139 bytes, only the last is shorter. Shard i is of block i mod blocks, of which there
// are so many that none has more than 24 shards; behind the shards of data come rows of parity (package erasure), one shard a block in each.
// A block is whole once as many of its shards have come as it has of data. How much parity there is follows from what the path lost of late.
//
// Other loss is mended by NACK (RFC 4585 §6.2.1) out of the sender's own memory of the last 1.5 s, and not by pion's responder, which would
// also retransmit what was flushed. How the path is, the sender learns from the viewer's RTP stack, which reports when each packet came
// (draft-holmer-rmcat-transport-wide-cc-extensions-01); package camera/ladder decides what to send on it. A packet that is sent again is the
// same to the bit, its number of the connection included: with AES-GCM (RFC 7714 §8.1) one nonce must not stand for two packets.
//
// SDP and candidates leave only through callbacks and belong into the sealed session. DTLS-SRTP is transport here, not the
// end-to-end protection. Addresses reach no log.
//
// Sender and the Receiver for native programs rest on pion/webrtc; the Receiver for browsers rests on pion's js build and on
// RTCRtpScriptTransform (W3C WebRTC Encoded Transform), or createEncodedStreams where that is missing. It may import transport,
// transport/erasure, e2ee/seal and codec.
package rtp
