//go:build js

package dialog

import (
	"context"
	"sync"
	"syscall/js"

	"github.com/sealcam/sealcam/wasm/dom"
)

// Dialog is the dialog of index.html.
type Dialog struct {
	node, title, body, back, live dom.Node
	scope                         dom.Scope
	work                          sync.WaitGroup

	mu     sync.Mutex // guards what follows, and everything that views hold
	views  []*View    // the last is seen
	closed func()
	cancel map[int]context.CancelFunc // of work that outlives its view
	number int                        // of the next such work
}

// View is one page of the dialog. Its methods run under the dialog's lock.
type View struct {
	d     *Dialog
	Body  dom.Node
	title string
	scope dom.Scope
	over  bool
	left  func()
	// scroll is how far the view was scrolled when another came over it, in CSS pixels.
	scroll int
}

// New returns the document's dialog.
func New() *Dialog {
	d := &Dialog{
		node: dom.ByID("panel"), title: dom.ByID("panel-title"), body: dom.ByID("panel-body"), back: dom.ByID("panel-back"),
		live: dom.ByID("panel-say"), cancel: map[int]context.CancelFunc{},
	}
	d.scope.On(d.back, "click", func(js.Value) { d.Do(d.Back) })
	d.scope.On(dom.ByID("panel-close"), "click", func(js.Value) { d.Do(d.Close) })
	// The browser closes it on Escape by itself. The event comes later, when the dialog may be open again.
	d.scope.On(d.node, "close", func(js.Value) {
		d.Do(func() {
			if !d.node.Get("open").Truthy() {
				d.leaveAll()
			}
		})
	})
	// A click on what lies behind hits the dialog's own element.
	d.scope.On(d.node, "pointerdown", func(e js.Value) {
		if e.Get("target").Equal(d.node.Value) {
			d.Do(d.Close)
		}
	})
	return d
}

// Release lets the document go and waits for work under way, whose contexts it ends.
func (d *Dialog) Release() {
	d.Do(func() {
		d.Close()
		for _, cancel := range d.cancel {
			cancel()
		}
	})
	d.scope.Close()
	d.work.Wait()
}

// Do runs f under the lock. f must not block.
func (d *Dialog) Do(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// Go runs work without the lock, also when its view has been left, and then done under the lock.
func (d *Dialog) Go(work func(ctx context.Context) error, done func(err error)) {
	ctx, cancel := context.WithCancel(context.Background())
	number := d.number
	d.number++
	d.cancel[number] = cancel
	d.start(ctx, work, func(err error) {
		cancel()
		delete(d.cancel, number)
		done(err)
	})
}

func (d *Dialog) start(ctx context.Context, work func(ctx context.Context) error, done func(err error)) {
	d.work.Go(func() {
		err := work(ctx)
		d.Do(func() { done(err) })
	})
}

// OnClose has f called, under the lock, whenever the dialog was closed.
func (d *Dialog) OnClose(f func()) { d.closed = f }

// IsOpen reports whether a view is seen. Like all that follows it needs the lock.
func (d *Dialog) IsOpen() bool { return len(d.views) > 0 }

// Shown returns the view that is seen; nil if the dialog is closed.
func (d *Dialog) Shown() *View {
	if len(d.views) == 0 {
		return nil
	}
	return d.views[len(d.views)-1]
}

// Push shows a view over those that are there, and opens the dialog if it is closed. The way back leads to the former one.
func (d *Dialog) Push(title string, body dom.Node) *View {
	v := &View{d: d, Body: body, title: title}
	if former := d.Shown(); former != nil {
		former.scroll = d.body.Get("scrollTop").Int()
		former.Body.Call("remove")
	}
	d.views = append(d.views, v)
	d.show(v)
	return v
}

// Replace shows a view in the place of the one that is seen.
func (d *Dialog) Replace(title string, body dom.Node) *View {
	if d.IsOpen() {
		d.drop()
	}
	return d.Push(title, body)
}

// Back leaves the view that is seen.
func (d *Dialog) Back() {
	if len(d.views) < 2 {
		d.Close()
		return
	}
	d.drop()
	d.show(d.Shown())
}

// Close closes the dialog.
func (d *Dialog) Close() {
	if !d.IsOpen() {
		return
	}
	d.leaveAll()
	d.node.Call("close")
}

// Say has a sentence read aloud.
func (d *Dialog) Say(text string) { d.live.SetText(text) }

func (d *Dialog) show(v *View) {
	d.title.SetText(v.title)
	d.back.Show(len(d.views) > 1)
	d.body.Add(v.Body)
	d.body.Set("scrollTop", v.scroll)
	d.Say("")
	if !d.node.Get("open").Truthy() {
		d.node.Call("showModal")
	}
	// The title is read first; on touch screens no keyboard jumps up.
	d.title.Focus()
}

// drop takes the last view away.
func (d *Dialog) drop() {
	v := d.Shown()
	d.views = d.views[:len(d.views)-1]
	v.Body.Call("remove")
	v.over = true
	v.scope.Close()
	if v.left != nil {
		v.left()
	}
}

func (d *Dialog) leaveAll() {
	if !d.IsOpen() {
		return
	}
	for d.IsOpen() {
		d.drop()
	}
	if d.closed != nil {
		d.closed()
	}
}
