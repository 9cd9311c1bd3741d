// Package page is the HTML around and above the pictures: the sheet that shows progress and what went wrong, the bar, and a button
// for each tile with its labels, so that names in any script are sharp and everything can be read aloud and reached by keyboard.
//
// It owns no data. Show compares a snapshot of the viewer with what stands in the document and changes only what differs.
package page
