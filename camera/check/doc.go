// Package check asks an RTSP camera what it offers, watches its stream for some seconds, and says whether browsers can play it and
// what its owner could set better.
package check
