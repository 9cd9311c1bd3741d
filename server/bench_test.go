package server

import (
	"context"
	"testing"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/signal"
)

// BenchmarkRelay measures one frame of a 3 Mbit/s, 30 fps stream from the agent through the server to every one of its viewers.
func BenchmarkRelay(b *testing.B) {
	for name, viewers := range map[string]int{"1 viewer": 1, "10 viewers": 10} {
		b.Run(name, func(b *testing.B) {
			s, err := New(Config{Listen: "127.0.0.1:0"})
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- s.Run(ctx) }()
			connect := func(role signal.Role, signer identity.Signer) *signal.Client {
				c, err := signal.Dial(ctx, signal.Options{URL: s.testURL(), Role: role, Signer: signer})
				if err != nil {
					b.Fatal(err)
				}
				return c
			}
			agentKey, err := identity.GenerateAgent(nil)
			if err != nil {
				b.Fatal(err)
			}
			clients := []*signal.Client{connect(signal.RoleAgent, agentKey.Signer())}
			topic := signal.Topic{1}
			came := make(chan struct{}, viewers)
			for range viewers {
				key, err := identity.GenerateDevice(nil)
				if err != nil {
					b.Fatal(err)
				}
				c := connect(signal.RoleViewer, key.Signer())
				c.Subscribe(topic, false, func(signal.RelayFrame) { came <- struct{}{} })
				c.Knock(ctx, identity.AgentID{}, [16]byte{}) // answered after the subscription
				clients = append(clients, c)
			}
			frame := make([]byte, 12_500)
			b.SetBytes(int64(len(frame)))
			for i := 0; b.Loop(); i++ {
				clients[0].Publish(topic, i%60 == 0, frame)
				for range viewers {
					select {
					case <-came:
					case <-time.After(wait):
						b.Fatal("a frame was lost")
					}
				}
			}
			for _, c := range clients {
				c.Close()
			}
			cancel()
			if err := <-done; err != nil {
				b.Error(err)
			}
		})
	}
}
