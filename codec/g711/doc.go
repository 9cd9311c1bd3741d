// Package g711 turns ITU-T G.711 (11/1988) A-law and µ-law into samples and back, by its tables 1a to 2b. It imports the standard library
// only.
package g711
