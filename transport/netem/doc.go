//go:build linux

// Package netem is a bad network on demand, for tests and benchmarks: delay, jitter, random and bursty loss, a rate with a queue,
// blackouts, no UDP, and a change of address, between two network namespaces whose processes know nothing of it.
//
// A [Network] makes two namespaces, each with one TUN device, and carries the packets from one to the other in this process, after a
// [Profile] has decided on each. The kernels that the project is tested on have no sch_netem, and this emulator is the same everywhere
// and repeats itself for a seed. Namespaces have no name and end with the process.
//
// It needs root (CAP_NET_ADMIN and CAP_SYS_ADMIN), /dev/net/tun and the command ip; [Available] says what is missing.
package netem
