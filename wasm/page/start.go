//go:build js

package page

import (
	"log/slog"
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow fivefold between collections: it is small (about 5 MB), and each collection stops the page's one thread.
const gcPercent = 400

// Start is the beginning of each program that boot.js starts: it returns the page and the console's log. What the person at the page needs
// to know stands on the page; the console has the rest.
func Start() (*Boot, *slog.Logger) {
	debug.SetGCPercent(gcPercent)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := UseWords(); err != nil {
		log.Warn("the page speaks English", "error", err)
	}
	return NewBoot(), log
}
