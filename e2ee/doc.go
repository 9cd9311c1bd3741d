// Package e2ee holds nothing itself: its sub-packages are the only place in Sealcam where keys exist.
//
//   - identity: the long-term keys of agents, devices and homes, and the ids made from them
//   - sframe: RFC 9605
//   - seal: the sealed frame, made beside the camera and opened in the browser
//   - session: TLS 1.3 between a viewer and an agent
//   - pairing: the links, codes and proofs by which people let devices in
//   - grant: the owner-signed log of who may see what
//
// They take bytes and give bytes: no network (session is handed a net.Conn), no files, no log output, no goroutines that outlive
// a call, no clock of their own. The byte formats stand in docs/PROTOCOL.md. A test pins what they may import.
package e2ee
