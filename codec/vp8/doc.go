// Package vp8 reads the head of VP8 frames (RFC 6386 §9.1) as browsers encode them. All input is taken for hostile.
package vp8
