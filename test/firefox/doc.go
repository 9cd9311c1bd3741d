// Package firefox starts Firefox for tests, on a screen of its own (Xvfb), always with the same preferences and an empty profile, and
// connects to it (package bidi). Firefox without a screen has no WebGL.
package firefox
