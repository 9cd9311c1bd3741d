// Package nal reads what ITU-T H.264 and H.265 have in common: the byte stream format of their Annexes B, and the bits of a raw
// byte sequence payload with Exp-Golomb codes and emulation prevention. Every byte is taken for hostile: nothing here panics,
// and no input makes it take memory beyond its arguments. It imports the standard library only.
package nal
