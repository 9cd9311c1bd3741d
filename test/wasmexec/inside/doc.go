// Package inside holds tests that run in the page of wasmexec and look at what it offers to programs.
package inside
