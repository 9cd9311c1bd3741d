//go:build js

// Package display makes the page a display on a wall: no bar and no idle cursor, a screen that stays on, pictures that wander a little and
// are darker at night, and a watch that brings the page back from every failure (static/watch.js). What a link asks for, and when, is
// decided by viewer/kiosk; this is the document's part.
package display
