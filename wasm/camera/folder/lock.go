//go:build js

package folder

import (
	"context"
	"sync"
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/promise"
)

// lock takes the lock (W3C Web Locks API) that one page of the origin can have. It goes with the page, so a crash leaves none behind.
func lock(ctx context.Context) (release func(), err error) {
	locks := js.Global().Get("navigator").Get("locks")
	if !locks.Truthy() {
		return nil, ErrCrypto // pages without a secure context have neither
	}
	got := make(chan bool, 1)
	var free js.Value // ends the promise for whose time the lock is ours
	executor := js.FuncOf(func(_ js.Value, args []js.Value) any {
		free = args[0]
		return nil
	})
	granted := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if args[0].IsNull() {
			got <- false
			return nil
		}
		held := js.Global().Get("Promise").New(executor)
		got <- true
		return held
	})
	done := func() {
		granted.Release()
		executor.Release()
	}
	var over js.Value // settles when the lock is free again
	if err := promise.Try(func() { over = locks.Call("request", lockName, map[string]any{"ifAvailable": true}, granted) }); err != nil {
		done()
		return nil, ErrBlocked
	}
	select {
	case ours := <-got:
		defer done()
		if !ours {
			return nil, ErrTaken
		}
		return sync.OnceFunc(func() {
			free.Invoke()
			_, _ = promise.Await(context.Background(), over) // it is rejected only where the request is
		}), nil
	case <-ctx.Done():
		return nil, ctx.Err() // the callbacks are left to the browser, which may still call them
	}
}
