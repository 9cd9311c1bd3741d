package browser

import (
	"context"
	"time"
)

// engine is a running browser that opens tabs.
type engine interface {
	// open opens an empty tab, and passes on what its pages write to the console.
	open(ctx context.Context, o pageOptions, console func(Message)) (tab, error)
}

// tab is what a Page needs of a browser. Calls end when ctx does.
type tab interface {
	navigate(ctx context.Context, address string) error
	reload(ctx context.Context) error
	// evaluate evaluates JavaScript, whose promise it awaits, and returns the result as JSON; undefined is null.
	evaluate(ctx context.Context, expression string) ([]byte, error)
	// click clicks the middle of the first element that the CSS selector matches, as soon as it is visible.
	click(ctx context.Context, selector string) error
	clickAt(ctx context.Context, x, y float64) error
	press(ctx context.Context, keys string) error
	// write types into the first element that the CSS selector matches, as soon as it is visible.
	write(ctx context.Context, selector, text string) error
	resize(ctx context.Context, width, height int) error
	setOffline(ctx context.Context, offline bool) error
	screenshot(ctx context.Context) ([]byte, error) // a PNG
	// load measures what the page itself cannot: Load.Tasks and Load.Heap.
	load(ctx context.Context) (Load, error)
	// close closes the tab and waits until the console is read.
	close()
}

// Message is what a page wrote to its console, or an exception that nothing caught.
type Message struct {
	At        time.Time
	Text      string
	Exception bool
}
