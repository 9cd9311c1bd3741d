// Package h264 reads H.264 bitstreams (ITU-T H.264, 08/2021) as cameras send them: parameter sets, slice headers and picture
// boundaries, and it assembles NAL units into access units that a browser can decode. All input is taken for hostile.
//
// Decoder decodes 8-bit 4:2:0 video of the Constrained Baseline, Main and High profiles, progressive and interlaced, in Go alone. The
// viewer uses it where the browser has no decoder of its own.
package h264
