package transport

import "time"

// Path is what a carrier knows of the way to a viewer.
type Path struct {
	// Known says that the viewer reports on packets. Without reports only RTT, Silent and Stalled mean something.
	Known bool
	// Silent says that nothing at all came from the viewer though it should have.
	Silent bool
	// Stalled says that the oldest picture on its way is not acknowledged for long.
	Stalled bool
	RTT     time.Duration // the smallest of late; 0: not known
	// Queue is how long packets wait somewhere on the way, beyond the moment's bursts.
	Queue time.Duration
	// Growing says that packets come slower than they are sent.
	Growing   bool
	Delivered Bitrate // as it came through of late; 0: not known
	// Capacity is how fast packets came that were sent together; 0: not known. Limited says that the path did not let them come as fast as
	// they were sent: it carries no more.
	Capacity Bitrate
	Limited  bool
	Loss     float64 // share of packets lost of late, 0 to 1
}
