// Package jpeg reads baseline and progressive JPEG files (ITU-T T.81) as cameras send them: it parses their headers, repairs the
// ones that cameras leave incomplete, and decodes them with Go's image/jpeg within bounds of its own. All input is taken for hostile.
package jpeg
