//go:build js

// Package promise lets Go wait for JavaScript promises, and receive many of them without a new pair of callbacks for each.
// It imports the standard library only.
package promise

import (
	"context"
	"syscall/js"
	"time"
)

// late is how long callbacks may come after their object was closed: Firefox passes on what its decoders had made before.
const late = time.Second

// Error is what a promise was rejected with, or what a call threw.
type Error struct {
	Name    string // the error's name, such as "NotSupportedError" (Web IDL §2.8.1)
	Message string
}

// Error returns name and message.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Name
	}
	return e.Name + ": " + e.Message
}

// ErrorOf reads a thrown or rejected value, which may be anything.
func ErrorOf(v js.Value) *Error {
	if v.Type() != js.TypeObject {
		return &Error{Name: "Error", Message: v.String()}
	}
	e := &Error{Name: "Error"}
	if n := v.Get("name"); n.Type() == js.TypeString {
		e.Name = n.String()
	}
	if m := v.Get("message"); m.Type() == js.TypeString {
		e.Message = m.String()
	}
	return e
}

// Try runs f and returns what JavaScript threw in it, as an *Error. Panics of Go pass through.
func Try(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case js.Error:
			err = ErrorOf(r.Value)
		case *js.ValueError:
			err = &Error{Name: "TypeError", Message: "not available in this browser"}
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

// Get reads a property whose getter may throw, as those of storage do where the owner blocks it. js.Value.Get would end the program.
func Get(v js.Value, name string) (property js.Value, err error) {
	err = Try(func() { property = js.Global().Get("Reflect").Call("get", v, name) })
	return property, err
}

// Await waits until the promise settles or ctx ends. It must not be called in a js.FuncOf callback, which would block the page.
func Await(ctx context.Context, p js.Value) (js.Value, error) {
	type settled struct {
		value js.Value
		err   error
	}
	done := make(chan settled, 1)
	var h *Handler
	h = NewHandler(func(v js.Value) {
		h.Release()
		done <- settled{value: v}
	}, func(err error) {
		h.Release()
		done <- settled{err: err}
	})
	h.Then(p)
	select {
	case s := <-done:
		return s.value, s.err
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}

// Handler is a pair of callbacks that can follow any number of promises, one after the other.
type Handler struct {
	resolved, rejected js.Func
}

// NewHandler returns a Handler. Both functions run on the page's event loop and must not block.
func NewHandler(resolved func(js.Value), rejected func(error)) *Handler {
	first := func(args []js.Value) js.Value {
		if len(args) == 0 {
			return js.Undefined()
		}
		return args[0]
	}
	return &Handler{
		resolved: js.FuncOf(func(_ js.Value, args []js.Value) any {
			resolved(first(args))
			return nil
		}),
		rejected: js.FuncOf(func(_ js.Value, args []js.Value) any {
			rejected(ErrorOf(first(args)))
			return nil
		}),
	}
}

// Then follows p.
func (h *Handler) Then(p js.Value) { p.Call("then", h.resolved, h.rejected) }

// Ignore takes a promise's end, so that the console does not complain of it.
func Ignore(p js.Value) {
	if p.Truthy() {
		var h *Handler
		h = NewHandler(func(js.Value) { h.Release() }, func(error) { h.Release() })
		h.Then(p)
	}
}

// Release frees the callbacks. No promise may be open.
func (h *Handler) Release() {
	h.resolved.Release()
	h.rejected.Release()
}

// ReleaseLate frees the callbacks of an object that was closed, when none can come any more.
func ReleaseLate(callbacks ...js.Func) {
	time.AfterFunc(late, func() {
		for _, f := range callbacks {
			f.Release()
		}
	})
}
