package hostile

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/gate"
	"github.com/sealcam/sealcam/viewer/headless"
)

// slack is how much older than it says a picture may be when a test looks at it: a busy machine runs a goroutine late.
const slack = time.Second

// person is somebody with a device that watches whatever it may, through the relay. Every picture that would be drawn is checked: it is
// of the tile's camera, and live only if it is young.
type person struct {
	w       *town
	name    string
	key     identity.DeviceKey
	address string // of the server that the device uses
	viewer  *viewer.Viewer
	stop    func()

	mu    sync.Mutex
	homes map[identity.AgentID]viewer.Home
	last  viewer.Snapshot // without pictures
	seen  map[string]int  // pictures by the camera's name
	news  chan struct{}   // closed and made anew at each look
}

func (w *town) person(name string) *person {
	w.t.Helper()
	key, err := identity.GenerateDevice(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	return &person{
		w: w, name: name, key: key, address: w.server.Address(), stop: func() {},
		homes: map[identity.AgentID]viewer.Home{}, seen: map[string]int{}, news: make(chan struct{}),
	}
}

// claim founds a home with a link.
func (p *person) claim(l pairing.Link) *viewer.Claim {
	p.w.t.Helper()
	root, err := identity.GenerateRoot(rand.Reader)
	if err != nil {
		p.w.t.Fatal(err)
	}
	genesis, err := grant.Genesis(root, p.key.Public(), p.name, time.Now())
	if err != nil {
		p.w.t.Fatal(err)
	}
	return &viewer.Claim{Agent: l.Agent, Secret: l.Secret, Genesis: genesis}
}

// knows gives the device a home that an owner let it into.
func (p *person) knows(r *residence, a viewer.Added) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.homes[r.id] = viewer.Home{Agent: r.id, Knock: a.Knock, ID: a.Home}
}

func (p *person) dial(ctx context.Context) (*signal.Client, error) {
	return signal.Dial(ctx, signal.Options{URL: p.address, Role: signal.RoleViewer, Signer: p.key.Signer()})
}

// come starts watching; change may be nil.
func (p *person) come(change func(*viewer.Config)) {
	decoders := &headless.Decoders{}
	changed := make(chan struct{}, 1)
	c := viewer.Config{
		Dial: p.dial, Self: p.key.Signer(), DeviceName: p.name, Route: viewer.RelayOnly, NewDecoder: decoders.New,
		Changed: func() { put(changed) },
		Remember: func(h viewer.Home) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.homes[h.Agent] = h
		},
	}
	p.mu.Lock()
	for _, h := range p.homes {
		c.Homes = append(c.Homes, h)
	}
	p.last = viewer.Snapshot{}
	p.mu.Unlock()
	if change != nil {
		change(&c)
	}
	v := viewer.New(c)
	p.viewer = v
	p.stop = p.w.runUntil(p.name, func(ctx context.Context) error {
		var looking sync.WaitGroup
		looking.Go(func() { p.look(ctx, v, changed) })
		err := v.Run(ctx)
		looking.Wait()
		decoders.Wait()
		return err
	})
}

// leave closes the device.
func (p *person) leave() { p.stop() }

func (p *person) look(ctx context.Context, v *viewer.Viewer, changed <-chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	serials := map[viewer.TileKey]uint64{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-tick.C:
		}
		s := v.Snapshot()
		var wishes []viewer.Wish
		p.mu.Lock()
		for i := range s.Tiles {
			t := &s.Tiles[i]
			wishes = append(wishes, viewer.Wish{Key: t.Key, Stream: seal.Sub})
			if t.Picture != nil {
				if t.Picture.Serial() != serials[t.Key] {
					p.seen[t.Name]++
				}
				serials[t.Key] = t.Picture.Serial()
				p.judge(t)
			}
			t.Picture = nil
		}
		p.last = s
		close(p.news)
		p.news = make(chan struct{})
		p.mu.Unlock()
		v.Wish(wishes)
	}
}

// judge checks what would be drawn.
func (p *person) judge(t *viewer.Tile) {
	f := p.w.films
	f.mu.Lock()
	taken, ok := f.takes[[16]byte(t.Picture.Bytes())]
	f.mu.Unlock()
	age := time.Since(taken.at)
	switch {
	case !ok:
		p.w.t.Errorf("%s: %s shows what no camera took", p.name, t.Name)
	case taken.camera != t.Name:
		p.w.t.Errorf("%s: %s shows a picture of %s", p.name, t.Name, taken.camera)
	case t.State == viewer.Live && age > gate.LiveFor+slack:
		p.w.t.Errorf("%s: %s calls a picture live that is %v old", p.name, t.Name, age)
	case t.State != viewer.Live && t.State != viewer.Stale:
		p.w.t.Errorf("%s: %s shows a picture while it is %v", p.name, t.Name, t.State)
	}
}

// until waits for what the person's page is to show.
func (p *person) until(what string, condition func(*viewer.Snapshot) bool) {
	p.w.t.Helper()
	late := time.After(within)
	for {
		p.mu.Lock()
		s, news := p.last, p.news
		p.mu.Unlock()
		if condition(&s) {
			return
		}
		select {
		case <-news:
		case <-late:
			var tiles []string
			for _, t := range s.Tiles {
				tiles = append(tiles, t.Name+" "+t.State.String()+" "+t.Reason.String()+" "+t.Progress)
			}
			var homes []string
			for _, h := range s.Homes {
				homes = append(homes, h.Reason.String())
			}
			p.w.t.Fatalf("%s: it never came that: %s. Link %v %v, homes %v, tiles %q", p.name, what, s.Link.State, s.Link.Reason, homes, tiles)
		}
	}
}

// sees waits until the named cameras, and no others of the home, are live with new pictures.
func (p *person) sees(r *residence, names ...string) {
	p.w.t.Helper()
	before := p.pictures()
	p.until("sees "+join(names), func(s *viewer.Snapshot) bool {
		now := p.pictures()
		n := 0
		for _, t := range s.Tiles {
			if t.Key.Agent == r.id {
				if n++; t.State != viewer.Live || now[t.Name] < before[t.Name]+3 {
					return false
				}
			}
		}
		for _, name := range names {
			if now[name] < before[name]+3 {
				return false
			}
		}
		return n == len(names)
	})
}

// isTold waits until the home says why there is no session, and then sees to it that no picture is left.
func (p *person) isTold(r *residence, reasons ...viewer.Reason) {
	p.w.t.Helper()
	p.until("is told "+reasons[0].String(), func(s *viewer.Snapshot) bool {
		for _, h := range s.Homes {
			if h.Agent != r.id || h.Ready {
				continue
			}
			for _, reason := range reasons {
				if h.Reason == reason {
					return true
				}
			}
		}
		return false
	})
	p.until("shows nothing", func(s *viewer.Snapshot) bool {
		for _, t := range s.Tiles {
			if t.Key.Agent == r.id && (t.State == viewer.Live || t.State == viewer.Stale) {
				return false
			}
		}
		return true
	})
}

func (p *person) pictures() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := make(map[string]int, len(p.seen))
	for k, v := range p.seen {
		m[k] = v
	}
	return m
}

func (p *person) trust(r *residence) (viewer.Trust, bool) { return p.viewer.Trust(r.id) }

// list waits until the owner's device knows the list as it is, and returns it.
func (p *person) list(r *residence) (t viewer.Trust) {
	p.w.t.Helper()
	p.until("knows the list", func(*viewer.Snapshot) bool {
		var ok bool
		t, ok = p.trust(r)
		return ok && t.InStep && len(t.Pending) == 0
	})
	return t
}

// lets lets another person in, who comes and watches.
func (p *person) lets(r *residence, other *person, terms grant.Terms) {
	p.w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	added, err := p.viewer.Add(ctx, r.id, other.key.Public(), terms)
	if err != nil {
		p.w.t.Fatal(err)
	}
	other.knows(r, added)
	other.come(nil)
}

// revokes takes a device's or an invitation's access.
func (p *person) revokes(r *residence, key identity.DevicePublic) {
	p.w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	if err := p.viewer.Revoke(ctx, r.id, key); err != nil {
		p.w.t.Fatal(err)
	}
}

// cameraID finds a camera by its name.
func (p *person) cameraID(r *residence, name string) identity.CameraID {
	p.w.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.last.Tiles {
		if t.Key.Agent == r.id && t.Name == name {
			return t.Key.Camera
		}
	}
	p.w.t.Fatalf("no camera %q", name)
	return identity.CameraID{}
}

func join(names []string) (all string) {
	for i, n := range names {
		if i > 0 {
			all += ", "
		}
		all += n
	}
	return all
}
