// Package rtsp is a camera source: RTSP 1.0 (RFC 2326) through gortsplib, with H.264 (RFC 6184), H.265 (RFC 7798) and motion JPEG
// (RFC 2435) as they come, without transcoding. It connects again by itself, gives every picture its capture time, and tells the
// owner in one sentence what to do when a camera gives no pictures.
//
// A camera is not trusted: what it sends is bounded before it is kept, pictures that cannot be decoded go no further, and nothing
// it says gets into a log or a status as it is. Addresses hold passwords, and often secrets in the path too; type Address shows
// neither, and no error of this package wraps one that could.
package rtsp
