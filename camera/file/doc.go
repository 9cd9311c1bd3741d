// Package file is a camera source that plays a file over and over at its own pace: an H.264 or H.265 byte stream (Annex B), or an
// MP4 file with one of these. It serves the demo, tests, and homes that want to try Sealcam before they have a camera.
package file
