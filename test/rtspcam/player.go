package rtspcam

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/test/barcode"
)

// rtpClock is the RTP clock of video (RFC 6184 §8.2.1, RFC 7798 §7.1).
const rtpClock = 90000 // Hz

// player plays one stream for ever.
type player struct {
	clip      Clip // run's own, once it runs
	codec     codec.Codec
	every     time.Duration
	stream    *gortsplib.ServerStream
	media     *description.Media
	encode    func(nals [][]byte) ([]*rtp.Packet, error)
	firstTime uint32                // RTP time of the first picture
	number    func(picture int) int // of the clip
	main      bool
	journal   *journal
	log       *slog.Logger
	random    *rand.Rand

	began int // picture with which the clip began; run's own

	mu     sync.Mutex // guards what follows
	fault  Fault
	faulty int  // pictures
	next   Clip // begins with the next picture, if it has any
}

func newPlayer(clip Clip, s *server, main bool) (*player, error) {
	p := &player{
		clip: clip, codec: clip.Codec, every: clip.Every, main: main, firstTime: rand.Uint32(), journal: s.journal, log: s.config.Log,
		random: rand.New(rand.NewPCG(1, 2)), // the same faults in each run
	}
	offset, step := s.config.Offset, 1
	if !main {
		step = s.config.SubStep
	}
	p.number = func(picture int) int { return (offset + step*picture) % barcode.Numbers }

	forma, err := p.format(s.config.BareSDP)
	if err != nil {
		return nil, err
	}
	p.media = &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{forma}}
	p.stream = &gortsplib.ServerStream{Server: s.rtsp, Desc: &description.Session{Medias: []*description.Media{p.media}}}
	return p, p.stream.Initialize()
}

// format makes the session description's entry and the packetiser.
func (p *player) format(bare bool) (format.Format, error) {
	if p.clip.Codec == codec.H265 {
		f := &format.H265{PayloadTyp: 96}
		if !bare {
			f.VPS, f.SPS, f.PPS = p.clip.parameterSet(h265VPS), p.clip.parameterSet(h265SPS), p.clip.parameterSet(h265PPS)
		}
		encoder, err := f.CreateEncoder()
		if err != nil {
			return nil, err
		}
		p.encode = encoder.Encode
		return f, nil
	}
	f := &format.H264{PayloadTyp: 96, PacketizationMode: 1}
	if !bare {
		f.SPS, f.PPS = p.clip.parameterSet(h264SPS), p.clip.parameterSet(h264PPS)
	}
	encoder, err := f.CreateEncoder()
	if err != nil {
		return nil, err
	}
	p.encode = encoder.Encode
	return f, nil
}

func (p *player) inject(f Fault, pictures int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.faulty = f, pictures
}

func (p *player) turn(c Clip) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(c.Units) == 0 || c.Codec != p.codec || c.Every != p.every {
		return fmt.Errorf("rtspcam: %d pictures of %v every %v cannot go on in this stream", len(c.Units), c.Codec, c.Every)
	}
	p.next = c
	return nil
}

// prepare takes a new clip over, if there is one, and returns the fault of the next picture, or zero.
func (p *player) prepare(picture int) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.next.Units) > 0 {
		p.clip, p.began, p.next = p.next, picture, Clip{}
	}
	if p.faulty <= 0 {
		return 0
	}
	p.faulty--
	return p.fault
}

// run hands over picture after picture, the first at start, until ctx ends. After a stall it catches up.
func (p *player) run(ctx context.Context, start time.Time) {
	timer := time.NewTimer(time.Until(start))
	defer timer.Stop()
	for picture := 0; ; picture++ {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := p.play(picture); err != nil {
			p.log.Warn("rtspcam: picture not sent", "picture", picture, "err", err)
		}
		timer.Reset(time.Until(start.Add(time.Duration(picture+1) * p.clip.Every)))
	}
}

func (p *player) play(picture int) error {
	fault := p.prepare(picture)
	at := (picture - p.began) % len(p.clip.Units)
	unit := p.clip.Units[at]
	if fault == Silent {
		return nil
	}
	packets, err := p.encode(fault.spoil(p.clip.Codec, unit, p.random))
	if err != nil {
		return err
	}
	elapsed := time.Duration(picture) * p.clip.Every
	stamp := p.firstTime + uint32(elapsed*rtpClock/time.Second) // wraps, as RTP time does
	if fault == 0 {
		p.journal.add(entry{at: time.Now(), number: p.number(at), main: p.main})
	}
	for _, packet := range packets {
		packet.Timestamp = stamp
		if fault == Noise {
			for i := range packet.Payload {
				packet.Payload[i] = byte(p.random.Uint32())
			}
		}
		if err := p.stream.WritePacketRTP(p.media, packet); err != nil {
			return err
		}
	}
	return nil
}
