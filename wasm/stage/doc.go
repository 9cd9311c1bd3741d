// Package stage draws the pictures: one canvas, one ebiten game, one shader that turns the decoder's planes into RGB, scales them,
// puts them into their tile and rounds the tile's corners. Text and controls are HTML above the canvas and not here.
//
// It draws viewer.Picture values only, which nobody but the viewer's gate can make, and draws only what changed: a picture that
// is the same as before costs nothing, and a page on which nothing changes presents no frame.
package stage
