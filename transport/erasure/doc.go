// Package erasure makes parity for blocks of equally long shards, so that as many shards as there is parity may get lost.
//
// The code is Reed and Solomon's with a Cauchy matrix over GF(2^8): "An XOR-Based Erasure-Resilient Coding Scheme" (Blömer et al., ICSI
// TR-95-048, 1995), with the field's polynomial x^8+x^4+x^3+x^2+1 and the columns scaled so that the first row of parity is the plain XOR.
// It is arithmetic only: no I/O, and the standard library alone. It is ours because the libraries that there are make the client larger by
// more than a hundred kilobytes, for speeds that packets do not need.
package erasure
