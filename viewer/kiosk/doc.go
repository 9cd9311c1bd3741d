// Package kiosk is what a display on a wall shows and when: the link that asks for it, which cameras the link means, how bright the
// pictures are at night, and by how much they wander so that nothing burns in.
//
//	#kiosk                                   all cameras
//	#kiosk=Porch                             one, by its name or its id
//	#kiosk=Front%20door,Porch&night=22-7     several, in this order; darker from ten to seven
//
// It is arithmetic and text only, and imports package viewer for its tiles.
package kiosk
