package rtp

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall/js"

	"github.com/pion/webrtc/v3"
)

// Receiver is the viewer's end of a peer connection, for browsers. Its methods may be called from any goroutine, but Accept and
// AddCandidate wait for the browser and so must not be called inside a js.Func.
//
// pion's js build knows no tracks, so these are reached through JSValue; and it starts a goroutine for each event, so whatever must
// stay in order has handlers of its own here.
type Receiver struct {
	log    *slog.Logger
	pc     *webrtc.PeerConnection
	worker js.Value
	remote candidates
	states stateReporter
	acks   *acker
	frames *delivery
	sent   atomic.Uint64
	stop   chan struct{}
	wg     sync.WaitGroup
	legacy bool // createEncodedStreams instead of RTCRtpScriptTransform

	closing  sync.Once
	handlers []handler

	mu  sync.Mutex
	ack js.Value // data channel; undefined before the agent's is there
}

// handler is an event handler that Close takes away again.
type handler struct {
	of    js.Value
	event string
	fn    js.Func
}

// NewReceiver makes a peer connection that waits for an offer. It returns ErrUnsupported where the browser lacks what is needed.
func NewReceiver(cfg ReceiverConfig) (*Receiver, error) {
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	pc, legacy, err := newPeerConnection(webrtc.Configuration{ICEServers: cfg.ICEServers})
	if err != nil {
		return nil, err
	}
	worker, err := newWorker(cfg.WorkerURL)
	if err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	acks := newAcker()
	r := &Receiver{
		log:    log,
		pc:     pc,
		states: stateReporter{report: cfg.OnState},
		acks:   acks,
		frames: newDelivery(acks),
		stop:   make(chan struct{}),
		legacy: legacy,
		worker: worker,
	}
	r.remote.add = r.addCandidate
	peer := pc.JSValue()
	r.handle(peer, "track", r.track)
	r.handle(peer, "datachannel", r.dataChannel)
	r.handle(peer, "icecandidate", func(event js.Value) { localCandidate(event, cfg.OnCandidate) })
	// Not pion's: its handler starts a goroutine that nobody waits for.
	changed := make(chan struct{}, 1)
	r.handle(peer, "connectionstatechange", func(js.Value) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	r.handle(r.worker, "message", func(event js.Value) { r.frame(event.Get("data")) })
	r.handle(r.worker, "error", func(js.Value) {
		r.frames.bad()
		r.log.Warn("the worker that takes pictures from the direct path failed", "url", cfg.WorkerURL)
	})
	r.wg.Go(func() { r.watch(changed) })
	r.wg.Go(func() { r.acks.run(r.stop, r.sendAck) })
	r.wg.Go(func() { r.frames.run(r.stop, cfg.OnFrame) })
	return r, nil
}

// newPeerConnection makes pion's connection, in Chromium without RTCRtpScriptTransform with the constructor flag that
// createEncodedStreams asks for and that pion does not know.
func newPeerConnection(cfg webrtc.Configuration) (pc *webrtc.PeerConnection, legacy bool, err error) {
	window := js.Global()
	constructor, receiver := window.Get("RTCPeerConnection"), window.Get("RTCRtpReceiver")
	if !constructor.Truthy() || !receiver.Truthy() || !window.Get("Worker").Truthy() {
		return nil, false, ErrUnsupported
	}
	if !window.Get("RTCRtpScriptTransform").Truthy() {
		if !receiver.Get("prototype").Get("createEncodedStreams").Truthy() {
			return nil, false, ErrUnsupported
		}
		legacy = true
		flagged := js.FuncOf(func(_ js.Value, args []js.Value) any {
			args[0].Set("encodedInsertableStreams", true)
			return constructor.New(args[0])
		})
		window.Set("RTCPeerConnection", flagged)
		defer func() {
			window.Set("RTCPeerConnection", constructor)
			flagged.Release()
		}()
	}
	if pc, err = webrtc.NewPeerConnection(cfg); err != nil {
		return nil, false, fmt.Errorf("rtp: peer connection: %w", err)
	}
	return pc, legacy, nil
}

func newWorker(url string) (w js.Value, err error) {
	defer recoverJS(&err)
	return js.Global().Get("Worker").New(url), nil
}

// AddCandidate takes one of the agent's candidates as RTCIceCandidateInit in JSON; "" means the last one was given. ErrSignaling
// says that this one cannot be used; the connection does not suffer.
func (r *Receiver) AddCandidate(candidate string) error { return r.remote.take(candidate) }

// Stats returns the counters.
func (r *Receiver) Stats() ReceiverStats {
	s := r.frames.snapshot()
	s.Acks = r.sent.Load()
	return s
}

// Close ends the connection and waits for everything that the Receiver started. It never fails; the error makes it an io.Closer.
func (r *Receiver) Close() error {
	r.closing.Do(func() {
		close(r.stop)
		for _, h := range r.handlers {
			h.of.Call("removeEventListener", h.event, h.fn)
			h.fn.Release()
		}
		r.worker.Call("terminate")
		_ = r.pc.Close() // throws for no state of the connection
		r.wg.Wait()
		r.states.close()
	})
	return nil
}

// handle adds an event handler. It runs inside the event, so it must not block.
func (r *Receiver) handle(of js.Value, event string, do func(event js.Value)) {
	fn := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if len(args) > 0 {
			do(args[0])
		}
		return nil
	})
	of.Call("addEventListener", event, fn)
	r.handlers = append(r.handlers, handler{of, event, fn})
}

// watch reports the changes of state.
func (r *Receiver) watch(changed <-chan struct{}) {
	for {
		select {
		case <-changed:
			r.states.look(func() State { return stateOf(r.pc.ConnectionState()) })
		case <-r.stop:
			return
		}
	}
}

// track puts the transform on a slot's receiver. It must be there before the event ends, or the first frames go to the decoder.
func (r *Receiver) track(event js.Value) {
	streams := event.Get("streams")
	if streams.Length() == 0 {
		r.frames.bad()
		return
	}
	slot, ok := slotOf(streams.Index(0).Get("id").String())
	if !ok {
		r.frames.bad()
		return
	}
	if err := r.transform(event.Get("receiver"), slot); err != nil {
		r.frames.bad()
		r.log.Warn("no pictures on the direct path", "slot", slot, "error", err)
	}
}

func (r *Receiver) transform(receiver js.Value, slot int) (err error) {
	defer recoverJS(&err)
	// Nothing is played out, but a jitter buffer may also delay what comes before it.
	for _, name := range []string{"jitterBufferTarget", "playoutDelayHint"} {
		if !receiver.Get(name).IsUndefined() {
			receiver.Set(name, 0)
		}
	}
	if !r.legacy {
		if !receiver.Get("transform").Truthy() {
			receiver.Set("transform", js.Global().Get("RTCRtpScriptTransform").New(r.worker, map[string]any{"slot": slot}))
		}
		return nil
	}
	readable := receiver.Call("createEncodedStreams").Get("readable")
	r.worker.Call("postMessage", map[string]any{"slot": slot, "readable": readable}, []any{readable})
	return nil
}

// frame takes what the worker sends.
func (r *Receiver) frame(message js.Value) {
	data, slot := message.Get("data"), message.Get("slot")
	if slot.Type() != js.TypeNumber || data.Type() != js.TypeObject {
		r.frames.bad()
		return
	}
	n, size := slot.Int(), data.Get("byteLength").Int()
	if n < 0 || n >= MaxSlots || size <= wireOverhead || size > wireOverhead+MaxSealed {
		r.frames.bad()
		return
	}
	b := make([]byte, size)
	js.CopyBytesToGo(b, js.Global().Get("Uint8Array").New(data))
	r.frames.push(n, b)
}

// dataChannel takes the agent's acknowledgement channel.
func (r *Receiver) dataChannel(event js.Value) {
	channel := event.Get("channel")
	if channel.Get("label").String() != AckLabel {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ack.IsUndefined() {
		r.ack = channel
	}
}

func (r *Receiver) sendAck(b []byte) {
	r.mu.Lock()
	channel := r.ack
	r.mu.Unlock()
	if channel.IsUndefined() || channel.Get("readyState").String() != "open" || channel.Get("bufferedAmount").Int() > maxAckBacklog {
		return
	}
	if sendBytes(channel, b) == nil {
		r.sent.Add(1)
	}
}

func sendBytes(channel js.Value, b []byte) (err error) {
	defer recoverJS(&err)
	array := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(array, b)
	channel.Call("send", array)
	return nil
}

// localCandidate hands one of the browser's candidates on.
func localCandidate(event js.Value, to func(string)) {
	if to == nil {
		return
	}
	c := event.Get("candidate")
	switch {
	case c.IsNull():
		to("")
	case c.Get("candidate").String() != "":
		to(js.Global().Get("JSON").Call("stringify", c).String())
	}
}

// recoverJS turns a JavaScript exception into an error. Its message is left out: it may quote addresses.
func recoverJS(err *error) {
	switch e := recover().(type) {
	case nil:
	case js.Error:
		*err = fmt.Errorf("rtp: browser: %s", e.Value.Get("name").String())
	default:
		panic(e)
	}
}
