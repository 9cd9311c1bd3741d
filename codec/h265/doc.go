// Package h265 reads H.265 bitstreams (ITU-T H.265, 09/2023) as cameras send them: parameter sets, the beginning of slice segment
// headers and picture boundaries, and it assembles NAL units into access units that a browser can decode. All input is taken
// for hostile.
package h265
