// Command sealcam is the agent beside the cameras, the blind server, and the demo that runs both.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by build.sh release.
var version = "dev"

type cli struct {
	LogLevel string           `help:"What to log: debug, info, warn or error. The demo, whose terminal shows the link, logs from warn on, the others from info." enum:",debug,info,warn,error" default:"" env:"SEALCAM_LOG_LEVEL"`
	Version  kong.VersionFlag `help:"Print the version."`

	Demo   demoCmd   `cmd:"" help:"Run server and agent in one process and print a link to open."`
	Server serverCmd `cmd:"" help:"Run the server that introduces viewers and agents and carries what it cannot read."`
	Agent  agentCmd  `cmd:"" help:"Run the agent beside the cameras, or ask it something."`
	Decode decodeCmd `cmd:"" help:"Decode an H.264 stream with Sealcam's own decoder."`
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("sealcam"),
		kong.Description("See your cameras, and nobody else does."),
		kong.Vars{"version": version},
		kong.Writers(stdout, stderr),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "sealcam:", err)
		return 2
	}
	command, err := parser.Parse(longFlags(args))
	if err != nil {
		fmt.Fprintln(stderr, "sealcam:", err)
		return 2
	}
	level := slog.LevelInfo
	if command.Selected().Name == "demo" {
		level = slog.LevelWarn
	}
	if c.LogLevel != "" {
		if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
			fmt.Fprintln(stderr, "sealcam:", err)
			return 2
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env := environment{
		stdout: stdout,
		log:    slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})),
	}
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(env); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "sealcam:", err)
		return 1
	}
	return 0
}

// environment is what every command gets beside its context.
type environment struct {
	stdout io.Writer
	log    *slog.Logger
}

// longFlags lets every flag be written with one dash too, as Go's own tools have them: -listen as well as --listen.
func longFlags(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		if arg == "--" {
			break
		}
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' {
			out[i] = "-" + arg
		}
	}
	return out
}
