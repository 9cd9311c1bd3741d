// Package mp4 reads the index of an MP4 file's video track (ISO/IEC 14496-12 and -15), plain or fragmented: where each picture's
// bytes are and when it is decoded and shown. It reads pictures only on demand, so that a file of any length takes little memory.
// It bounds what it keeps and checks every offset, because files come from anywhere.
package mp4
