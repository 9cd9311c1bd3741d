// Package jpeg reads the headers of baseline and progressive JPEG files (ITU-T T.81) as cameras send them, and repairs the ones
// that cameras leave incomplete. It decodes nothing. All input is taken for hostile.
package jpeg
