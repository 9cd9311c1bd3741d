package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/sealcam/sealcam/camera"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/camera/testcard"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/test/bench/trust/measure"
)

const (
	logEntries = 10_000
	logStarts  = 20
)

// start10k measures how long an agent with a grant log of 10,000 entries takes from its folder to being ready to run.
func start10k(ctx context.Context, log *slog.Logger, _ options) ([]measure.Result, error) {
	dir, err := os.MkdirTemp("", "sealcam-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	begin := time.Now()
	if err := writeLog(ctx, dir); err != nil {
		return nil, err
	}
	log.Info("log written", "entries", logEntries, "took", time.Since(begin).Round(time.Millisecond))
	var times []time.Duration
	for i := range 1 + logStarts {
		took, err := startOnce(dir)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			log.Info("first start, which checks every signature", "took", took.Round(time.Millisecond))
			continue
		}
		times = append(times, took)
	}
	r := measure.Of("log_10k_start", "native", times)
	r.Entries = logEntries
	return []measure.Result{r}, nil
}

// writeLog fills a state folder: an owner who lets a guest in and out, over and over.
func writeLog(ctx context.Context, dir string) error {
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	agent := s.Key().Public().ID()
	root, err := identity.GenerateRoot(nil)
	if err != nil {
		return err
	}
	owner, err := identity.GenerateDevice(nil)
	if err != nil {
		return err
	}
	issued := time.Now().Truncate(time.Second)
	genesis, err := grant.Genesis(root, owner.Public(), "Owner", issued)
	if err != nil {
		return err
	}
	l := grant.NewLog(agent)
	if err := l.AppendBytes(genesis); err != nil {
		return err
	}
	if err := s.Append(genesis); err != nil {
		return err
	}
	var subject identity.DevicePublic
	for n := 1; n < logEntries; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		kind := grant.Revoke
		if n%2 == 1 {
			guest, err := identity.GenerateDevice(nil)
			if err != nil {
				return err
			}
			kind, subject = grant.Add, guest.Public()
		}
		e := l.Next(kind, subject)
		e.Issued = issued
		if kind == grant.Add {
			e.Terms = grant.Terms{
				Name: fmt.Sprintf("Guest %d", n), Role: grant.Guest, Rights: grant.Live, NotBefore: issued, Expires: issued.Add(24 * time.Hour),
			}
		}
		if err := e.Sign(owner.Signer(), agent); err != nil {
			return err
		}
		if err := l.Append(e); err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
		encoded, err := e.MarshalBinary()
		if err != nil {
			return err
		}
		if err := s.Append(encoded); err != nil {
			return err
		}
	}
	return nil
}

func startOnce(dir string) (time.Duration, error) {
	begin := time.Now()
	s, err := store.Open(dir)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	clock := source.NewClock()
	_, err = camera.New(camera.Config{
		Name: "Home", Servers: []string{"http://localhost:1"}, Store: s, Clock: clock, Log: slog.New(slog.DiscardHandler),
		Cameras: []camera.Camera{{Name: "Camera", Source: testcard.New(clock)}},
	})
	return time.Since(begin), err
}
