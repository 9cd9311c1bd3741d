package adversary

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/seal"
)

// The cast: two homes with an agent and a camera each; in the first an owner and a guest, who is revoked on the way; in the second an
// owner.
const (
	homes   = 2
	viewers = 3

	owner    = 0
	guest    = 1
	neighbor = 2
)

// homeOf returns which home a viewer belongs to.
func homeOf(viewer int) int {
	if viewer == neighbor {
		return 1
	}
	return 0
}

// tick is how long a wait lasts: a picture is live for none of them, drawn with its age for three, and gone after four.
const tick = 3 * time.Second

const (
	maxTicks = 5 // waits in one sequence
	// An agent lives at most twice in a sequence. Its second life is numbered by the tick in which it began, since what it seals
	// depends on that.
	lives    = 1 + maxTicks + 1
	lastStep = 3 // of a life
)

// shot is one entry of the script that every life of an agent follows: one step a tick.
type shot struct {
	step   uint8 // in which it is published
	epoch  uint8 // 0 or 1 of its life
	stream seal.Stream
	gop    uint32
	index  uint32
	taken  uint8 // the step in which the picture was taken; a reseal for a new epoch comes later
}

// revokeStep is when the guest is revoked and a new epoch begins for those who stay.
const revokeStep = 2

var script = []shot{
	{step: 0, epoch: 0, stream: seal.Main, gop: 1, index: 0, taken: 0},
	{step: 0, epoch: 0, stream: seal.Sub, gop: 1, index: 0, taken: 0}, // nobody watches it
	{step: 1, epoch: 0, stream: seal.Main, gop: 1, index: 1, taken: 1},
	{step: 2, epoch: 1, stream: seal.Main, gop: 1, index: 0, taken: 0}, // the current GOP again, under the new key
	{step: 2, epoch: 1, stream: seal.Main, gop: 1, index: 1, taken: 1},
	{step: 2, epoch: 1, stream: seal.Main, gop: 2, index: 0, taken: 2},
	{step: 3, epoch: 1, stream: seal.Main, gop: 2, index: 1, taken: 3},
}

// frameID names a sealed frame of a world: home, life and place in the script.
type frameID uint8

const frames = homes * lives * 7

func frameOf(home, life, at int) frameID { return frameID((home*lives+life)*len(script) + at) }

func (f frameID) home() int  { return int(f) / len(script) / lives }
func (f frameID) life() int  { return int(f) / len(script) % lives }
func (f frameID) shot() shot { return script[int(f)%len(script)] }

// began returns in which tick a life began.
func began(life int) int { return max(life-1, 0) }

// taken returns the tick in which the picture was truly taken.
func (f frameID) taken() int { return began(f.life()) + int(f.shot().taken) }

func (f frameID) String() string {
	s := f.shot()
	return fmt.Sprintf("home %d, life %d: %v %d/%d in epoch %d", f.home(), f.life(), s.stream, s.gop, s.index, s.epoch)
}

// ClockPlan is what the agents' clocks do when an agent starts anew.
type ClockPlan uint8

// The plans.
const (
	Steady  ClockPlan = iota // the second life's clock goes on from the first's
	SetBack                  // it shows once more what it showed when the first life began
)

// world is what never changes in a search: keys, epochs and sealed frames.
type world struct {
	plan   ClockPlan
	agents [homes]identity.AgentKey
	source [homes]seal.Source
	epochs [homes][lives][2]seal.Epoch
	sealed [frames][]byte
}

// clockStart is what the agents' capture clocks show when the sequence begins.
const clockStart = codec.Timestamp(1_750_000_000_000_000)

// start is the same instant on the viewers' devices.
var start = time.Unix(1_750_000_000, 0)

// clock returns what a life's capture clock shows at a tick.
func (w *world) clock(life, at int) codec.Timestamp {
	if w.plan == SetBack {
		at -= began(life)
	}
	return clockStart.Add(time.Duration(at) * tick)
}

// epochNumber grows over lives as the agent's does, which counts from its wall clock's seconds; with a clock that was set back it does
// not. Both homes use the same numbers.
func (w *world) epochNumber(life, epoch int) uint64 {
	if life == 0 {
		return uint64(100 + epoch)
	}
	if w.plan == SetBack {
		return uint64(10*life + epoch)
	}
	return uint64(100 + 10*life + epoch)
}

// secret makes 32 bytes from words, so that every run of a search is the same.
func secret(words ...any) [32]byte { return sha256.Sum256(fmt.Append(nil, words...)) }

// content is the access unit: the frame's own id, which the decoder of the search turns into a pixel.
func content(f frameID) []byte { return binary.BigEndian.AppendUint32(nil, 0xabcd0000|uint32(f)) }

func newWorld(plan ClockPlan) (*world, error) {
	w := &world{plan: plan}
	for h := range homes {
		seed := secret("agent", h)
		key, err := identity.AgentFromSeed(seed[:ed25519.SeedSize])
		if err != nil {
			return nil, err
		}
		camera := secret("camera", h)
		w.agents[h] = key
		w.source[h] = seal.Source{Agent: key.Public(), Camera: identity.CameraID(camera[:16])}
		for life := range lives {
			if err := w.sealLife(h, life); err != nil {
				return nil, err
			}
		}
	}
	return w, nil
}

func (w *world) sealLife(h, life int) error {
	type lane struct {
		epoch  uint8
		stream seal.Stream
	}
	sealers := map[lane]*seal.Sealer{}
	for e := range 2 {
		id := secret("epoch id", h, life, e)
		w.epochs[h][life][e] = seal.Epoch{
			Number: w.epochNumber(life, e), ID: seal.EpochID(id[:16]), Key: secret("epoch key", h, life, e),
		}
	}
	for i, s := range script {
		key := lane{s.epoch, s.stream}
		if sealers[key] == nil {
			var err error
			sealers[key], err = seal.NewSealer(w.agents[h].Signer().Sign, w.source[h], s.stream, w.epochs[h][life][s.epoch])
			if err != nil {
				return err
			}
		}
		f := frameOf(h, life, i)
		sealed, err := sealers[key].Seal(nil, &seal.Frame{
			Key: s.index == 0, GOP: s.gop, Index: s.index, Captured: w.clock(life, f.taken()),
			Config: codec.Config{Codec: codec.H264, Width: 2, Height: 2, Profile: "avc1.42E01E"}, Data: content(f),
		})
		if err != nil {
			return err
		}
		w.sealed[f] = slices.Clip(sealed)
	}
	return nil
}
