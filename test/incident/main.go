package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"time"
)

func main() {
	port := flag.Int("port", 8478, "port on localhost; 0 takes any free one")
	level := slog.LevelWarn
	flag.TextVar(&level, "log-level", level, "debug, info, warn or error")
	quiet := flag.Bool("no-browser", false, "do not open a browser")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := serve(ctx, *port, log, func(address string) {
		fmt.Printf("\nThe incident of January 2020, replayed: open %s in a browser on this machine. Stop it with Ctrl-C.\n\n", address)
		if !*quiet {
			openBrowser(ctx, address)
		}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "incident:", err)
		os.Exit(1)
	}
}

// serve runs the replay until ctx ends. ready is told the page's address.
func serve(ctx context.Context, port int, log *slog.Logger, ready func(address string)) error {
	r, err := newReplay(log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("localhost:%d", port))
	if err != nil {
		return fmt.Errorf("port %d is not free; choose another with -port: %w", port, err)
	}
	web := &http.Server{Handler: r.handler(), ReadHeaderTimeout: 10 * time.Second}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var serving sync.WaitGroup
	serving.Go(func() {
		<-ctx.Done()
		web.Close()
	})
	served := make(chan error, 1)
	serving.Go(func() {
		defer cancel()
		err := web.Serve(listener)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		served <- err
	})
	ready(fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port))
	err = r.run(ctx)
	cancel()
	serving.Wait()
	return errors.Join(err, <-served)
}

// openBrowser tries to open the page where there is a screen. That it cannot is no error: the address has been printed.
func openBrowser(ctx context.Context, address string) {
	var cmd *exec.Cmd
	switch {
	case runtime.GOOS == "darwin":
		cmd = exec.CommandContext(ctx, "open", address)
	case os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "":
		cmd = exec.CommandContext(ctx, "xdg-open", address)
	default:
		return
	}
	if cmd.Start() == nil {
		_ = cmd.Process.Release()
	}
}
