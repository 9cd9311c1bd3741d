// Command incident replays January 2020: `./build.sh incident`. Two homes with a camera each are watched through one server, whose cache
// takes one viewer's connection for the other's while the network is bad. Its page shows side by side what a viewer without end-to-end
// encryption draws, a deliberately naive one that exists only here, and what Sealcam draws: the real client, agent and server, with the
// same cache between them. Counters tell how many wrong pictures were shown; they are read from the drawn pixels by the strip that each
// picture carries.
package main
