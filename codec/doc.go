// Package codec says what a coded picture is: access unit, configuration, capture time. It imports the standard library only.
// Sub-packages read and repair the bitstreams of one standard each.
package codec
