//go:build !js

package rtp

import (
	"testing"
	"testing/synctest"
	"time"
)

// A page that is too slow loses frames, counted, and never holds up the one that pushes; what it gets is in order.
func TestDeliveryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDelivery(newAcker())
		stop, done := make(chan struct{}), make(chan struct{})
		gate := make(chan struct{})
		var got []byte
		go func() {
			defer close(done)
			d.run(stop, func(_ uint8, sealed []byte) {
				<-gate
				got = append(got, sealed[0])
			})
		}()
		const pushed = maxWaitingFrames + 50
		d.push(0, frameBytes(true, 1, 1, []byte{0}))
		synctest.Wait() // the first one is being delivered
		for i := range pushed {
			d.push(0, frameBytes(true, 1, uint32(i+2), []byte{byte(i + 1)}))
		}
		if s := d.snapshot(); s.Frames != pushed+1 || s.Dropped != pushed-maxWaitingFrames {
			t.Errorf("%+v", s)
		}
		for range maxWaitingFrames + 1 {
			gate <- struct{}{}
		}
		synctest.Wait()
		if len(got) != maxWaitingFrames+1 {
			t.Errorf("%d frames delivered", len(got))
		}
		for i := range got {
			if got[i] != byte(i) {
				t.Fatalf("frame %d came as number %d", got[i], i)
			}
		}
		close(stop)
		<-done
	})
}

func TestDeliveryIsBoundedInBytes(t *testing.T) {
	d := newDelivery(newAcker())
	for i := range 20 {
		d.push(0, frameBytes(true, 0, uint32(i+1), make([]byte, 1<<20)))
	}
	if s := d.snapshot(); s.Dropped != 20-maxWaitingBytes>>20 {
		t.Errorf("%+v", s)
	}
}

// When acknowledgements go out: at once after a pause, each 30 ms at most, and twice more when nothing follows.
func TestAckTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAcker()
		stop, done := make(chan struct{}), make(chan struct{})
		type message struct {
			at     time.Duration
			slot   uint8
			number uint32
		}
		var got []message
		start := time.Now()
		go func() {
			defer close(done)
			a.run(stop, func(b []byte) {
				if err := parseAcks(b, MaxSlots, func(slot uint8, number uint32) {
					got = append(got, message{time.Since(start), slot, number})
				}); err != nil {
					t.Error(err)
				}
			})
		}()
		at := func(ms int, slot int, number uint32) {
			<-time.After(time.Duration(ms)*time.Millisecond - time.Since(start))
			a.complete(slot, number)
		}
		at(100, 2, 1)
		at(110, 2, 2)
		at(115, 2, 4)
		at(120, 2, 3) // overtaken
		at(1000, 5, 9)
		at(1050, 2, 5)
		<-time.After(time.Minute)
		close(stop)
		<-done
		ms := time.Millisecond
		want := []message{
			{100 * ms, 2, 1},
			{130 * ms, 2, 4},
			{230 * ms, 2, 4},
			{330 * ms, 2, 4},
			{1000 * ms, 5, 9},
			{1050 * ms, 2, 5},
			{1050 * ms, 5, 9},
			{1150 * ms, 2, 5},
			{1150 * ms, 5, 9},
			{1250 * ms, 2, 5},
		}
		if len(got) != len(want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("record %d: %v, want %v", i, got[i], want[i])
			}
		}
	})
}
