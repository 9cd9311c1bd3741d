package viewer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
)

// failer is what a lab needs of a test, a benchmark or a property.
type failer interface {
	Helper()
	Fatal(args ...any)
}

// lab is a camera without a session: frames go in opened by its own opener, and come out at a decoder that notes them.
type lab struct {
	t      failer
	c      *camera
	agent  identity.AgentKey
	epoch  seal.Epoch
	sealer *seal.Sealer
	now    time.Time
	fed    [][2]uint32 // GOP and index
	full   bool        // the decoder has enough to do
}

func newLab(t failer) *lab {
	agent, err := identity.GenerateAgent(nil)
	if err != nil {
		t.Fatal(err)
	}
	id := identity.CameraID{1}
	l := &lab{t: t, agent: agent, now: time.Unix(1_700_000_000, 0)}
	v := New(Config{
		Now:        func() time.Time { return l.now },
		NewDecoder: func(codec.Config, func(Decoded)) (Decoder, error) { return l, nil },
	})
	h := newHome(v, Home{Agent: agent.Public().ID()})
	server := &testConn{topics: map[signal.Topic]func(signal.RelayFrame){}, cached: map[signal.Topic]bool{}}
	h.session = &agentSession{h: h, server: server, woken: make(chan struct{}, 1), stirred: make(chan struct{}, 1)}
	h.clock.Pong(l.now, l.now, codec.Timestamp(l.now.UnixMicro()))
	v.homes = append(v.homes, h)
	l.c = newCamera(h, id)
	h.cameras = append(h.cameras, l.c)
	l.c.offered, l.c.wanted, l.c.state = true, true, control.CameraRunning
	src := seal.Source{Agent: agent.Public(), Camera: id}
	l.c.opener = seal.NewOpener(src)
	if l.epoch, err = seal.NewEpoch(nil, 1); err != nil {
		t.Fatal(err)
	}
	if err := l.c.opener.AddEpoch(l.epoch); err != nil {
		t.Fatal(err)
	}
	l.c.epochs = []cameraEpoch{{number: l.epoch.Number, since: l.now}}
	if l.sealer, err = seal.NewSealer(agent.Signer().Sign, src, seal.Main, l.epoch); err != nil {
		t.Fatal(err)
	}
	return l
}

// Decode implements Decoder.
func (l *lab) Decode(u Unit) error {
	if l.full {
		return ErrBacklog
	}
	gop, index := binary.BigEndian.Uint32(u.Data), binary.BigEndian.Uint32(u.Data[4:])
	if u.Key != (index == 0) {
		return errors.New("test: key and index disagree")
	}
	l.fed = append(l.fed, [2]uint32{gop, index})
	return nil
}

// Close implements Decoder.
func (l *lab) Close() {}

func (l *lab) seal(gop, index uint32) []byte {
	data := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, gop), index)
	b, err := l.sealer.Seal(nil, &seal.Frame{
		Key: index == 0, GOP: gop, Index: index, Captured: codec.Timestamp(l.now.UnixMicro()) + codec.Timestamp(gop)*1000 + codec.Timestamp(index),
		Config: h264Main, Data: data,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return b
}

// Whatever the network does with frames short of keeping them for good, the decoder gets each once and in order; what is lost costs no
// more than the rest of its GOP, and never is anything decoded on top of a gap.
func TestReorder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, court := newLab(t), &court{}
		if rapid.Bool().Draw(t, "elsewhere") {
			l.c.v.cfg.Verifier = court
		}
		gops := rapid.IntRange(1, 4).Draw(t, "gops")
		length := rapid.IntRange(1, 12).Draw(t, "length")
		window := rapid.IntRange(0, 8).Draw(t, "window")
		var sent [][2]uint32
		var wire [][]byte
		lost := map[[2]uint32]bool{}
		for g := range uint32(gops) {
			for i := range uint32(length) {
				frame := [2]uint32{g + 1, i}
				sent = append(sent, frame)
				sealed := l.seal(frame[0], frame[1])
				switch rapid.IntRange(0, 19).Draw(t, "fate") {
				case 0:
					lost[frame] = true
				case 1:
					wire = append(wire, sealed, sealed)
				case 2: // sealed twice, as in two epochs
					wire = append(wire, sealed, l.seal(frame[0], frame[1]))
				default:
					wire = append(wire, sealed)
				}
			}
		}
		for i := range wire { // a frame overtakes at most window others
			j := min(i+rapid.IntRange(0, window).Draw(t, "swap"), len(wire)-1)
			wire[i], wire[j] = wire[j], wire[i]
		}
		for i, sealed := range wire {
			via := control.Relay
			if i%2 == 1 {
				via = control.Peer
			}
			l.c.arrive(l.now, via, seal.Main, sealed)
		}
		for _, verdict := range rapid.Permutation(court.verdicts).Draw(t, "verdicts") {
			verdict()
		}

		seen := map[[2]uint32]bool{}
		for i, f := range l.fed {
			if seen[f] {
				t.Fatalf("%v decoded twice", f)
			}
			seen[f] = true
			if f[1] != 0 && (i == 0 || l.fed[i-1] != [2]uint32{f[0], f[1] - 1}) {
				t.Fatalf("%v decoded after %v", f, l.fed[:i])
			}
			if f[1] == 0 && i > 0 && f[0] <= l.fed[i-1][0] {
				t.Fatalf("%v decoded after %v", f, l.fed[i-1])
			}
		}
		if window == 0 {
			broken := uint32(0)
			for _, f := range sent {
				if lost[f] {
					broken = f[0]
				}
				if want := broken != f[0]; seen[f] != want {
					t.Fatalf("%v decoded: %v, want %v; lost %v", f, seen[f], want, lost)
				}
			}
		}
		if gops == 1 && len(lost) == 0 && len(l.fed) != len(sent) {
			t.Fatalf("%d of %d decoded although none was lost", len(l.fed), len(sent))
		}
	})
}

// What waits before a decoder and behind a gap is bounded, and a younger key frame always gets through.
func TestLaneIsBounded(t *testing.T) {
	l := newLab(t)
	l.full = true
	for i := range uint32(maxQueue + 500) {
		l.c.arrive(l.now, control.Relay, seal.Main, l.seal(1, i))
	}
	lane := l.c.lanes[seal.Main]
	if lane.behind() > maxQueue || lane.queueSize > maxQueueSize {
		t.Errorf("%d frames wait", lane.behind())
	}
	if l.c.stats.Dropped == 0 || l.c.slowAt.IsZero() {
		t.Error("what was dropped is not counted")
	}
	l.c.arrive(l.now, control.Relay, seal.Main, l.seal(2, 0))
	for i := range uint32(maxHeld + 100) {
		l.c.arrive(l.now, control.Relay, seal.Main, l.seal(2, i+2))
	}
	if len(lane.held) > maxHeld {
		t.Errorf("%d frames are held", len(lane.held))
	}
	l.full = false
	l.c.arrive(l.now, control.Relay, seal.Main, l.seal(3, 0))
	if len(l.fed) != 1 || l.fed[0] != [2]uint32{3, 0} {
		t.Errorf("decoded %v", l.fed)
	}
	if len(lane.held) != 0 || lane.heldSize != 0 || lane.queueSize != 0 {
		t.Errorf("%d held (%d bytes), %d bytes queued", len(lane.held), lane.heldSize, lane.queueSize)
	}
}

// A decoder that has enough to do gets the same frame again when it has given something back.
func TestBacklog(t *testing.T) {
	l := newLab(t)
	for i := range uint32(3) {
		l.full = i > 0
		l.c.arrive(l.now, control.Relay, seal.Main, l.seal(1, i))
	}
	lane := l.c.lanes[seal.Main]
	if fmt.Sprint(l.fed) != "[[1 0]]" || lane.behind() != 2 {
		t.Fatalf("decoded %v, %d behind", l.fed, lane.behind())
	}
	l.full = false
	lane.decoded(lane.serial, Decoded{Captured: 1})
	if fmt.Sprint(l.fed) != "[[1 0] [1 1] [1 2]]" {
		t.Errorf("decoded %v", l.fed)
	}
	// A decoder that stays full is replaced at the next key frame.
	l.full = true
	l.c.arrive(l.now, control.Relay, seal.Main, l.seal(1, 3))
	serial := lane.serial
	l.now = l.now.Add(stallAfter + time.Second)
	lane.tick(l.now)
	l.full = false
	l.c.arrive(l.now, control.Relay, seal.Main, l.seal(2, 0))
	if lane.serial == serial || l.c.stats.Failures != 1 || l.fed[len(l.fed)-1] != [2]uint32{2, 0} {
		t.Errorf("decoded %v by decoder %d", l.fed, lane.serial)
	}
}

// BenchmarkFrame is the way of a frame of 12 kB, a 1080p30 stream's average at 3 Mbit/s, from the transport to the decoder.
func BenchmarkFrame(b *testing.B) {
	l := newLab(b)
	data := make([]byte, 12_500)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	gop := uint32(0)
	for b.Loop() {
		b.StopTimer()
		gop++
		binary.BigEndian.PutUint32(data, gop)
		sealed, err := l.sealer.Seal(nil, &seal.Frame{Key: true, GOP: gop, Captured: codec.Timestamp(l.now.UnixMicro()), Config: h264Main, Data: data})
		if err != nil {
			b.Fatal(err)
		}
		l.fed = l.fed[:0]
		b.StartTimer()
		l.c.arrive(l.now, control.Peer, seal.Main, sealed)
		if len(l.fed) != 1 {
			b.Fatal("not decoded")
		}
	}
}
