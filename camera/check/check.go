package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/codec"
)

// Watch is how long Check looks at the stream.
const Watch = 6 * time.Second

// Check connects to the camera at an rtsp:// or rtsps:// address and watches it for Watch. See For.
func Check(ctx context.Context, address string) (Report, error) { return For(ctx, address, Watch) }

// For watches the camera for a while, and up to twice as long if no whole group of pictures came till then. Its errors are sentences
// for the owner that repeat nothing of the address but wrap an *rtsp.Error where there is one.
func For(ctx context.Context, address string, watch time.Duration) (Report, error) {
	a, err := rtsp.ParseAddress(address)
	if err != nil {
		return Report{}, err
	}
	report, err := try(ctx, a, false, watch)
	var problem *rtsp.Error
	if errors.As(err, &problem) && problem.Problem == rtsp.Transport {
		report, err = try(ctx, a, true, watch)
	}
	if errors.As(err, &problem) {
		return Report{}, fmt.Errorf("%s (%w)", problem.Advice(), problem)
	}
	return report, err
}

// try watches over one transport.
func try(parent context.Context, a rtsp.Address, udp bool, watch time.Duration) (Report, error) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	var (
		o       observer // used by the connection's goroutine until Play has returned
		offer   rtsp.Offer
		trouble *rtsp.Error
		timer   *time.Timer
	)
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	var began time.Time
	err := rtsp.Play(ctx, rtsp.PlayConfig{
		Address: a, UDP: udp, Clock: source.NewClock(),
		Offer: func(of rtsp.Offer) {
			offer = of
			timer = time.AfterFunc(2*watch, cancel) // connecting does not count
		},
		Picture: func(au codec.AccessUnit) {
			if began.IsZero() {
				began = time.Now()
			}
			o.picture(au)
			if time.Since(began) >= watch && o.keys >= 2 {
				cancel()
			}
		},
		Trouble: func(e *rtsp.Error) { trouble = e },
	})
	switch {
	case o.pictures > 0:
		r := o.report()
		r.UDP, r.Audio, r.Other = udp, offer.Audio, offer.Other
		return r, nil
	case err != nil:
		return Report{}, err
	case trouble != nil:
		return Report{}, trouble
	case errors.Is(parent.Err(), context.Canceled):
		return Report{}, parent.Err()
	case offer.Video == "":
		return Report{}, &rtsp.Error{Problem: rtsp.Unreachable, Detail: "timeout"}
	}
	return Report{}, &rtsp.Error{Problem: rtsp.Silent}
}
