// Command sealcam is the agent beside the cameras, what its owners ask of it, the blind server, and the demo that runs both.
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

	"github.com/sealcam/sealcam/static"
)

type cli struct {
	LogLevel string           `help:"What to log: debug, info, warn or error. Server and agent log from info on; demo and view, whose terminal shows a link, from warn on; the others, which answer in words, errors alone." enum:",debug,info,warn,error" default:"" env:"SEALCAM_LOG_LEVEL"`
	Version  kong.VersionFlag `help:"Print the version, and that of the page in it."`

	Demo    demoCmd    `cmd:"" help:"Run server and agent in one process and print a link to open."`
	Server  serverCmd  `cmd:"" help:"Run the server that introduces viewers and agents and carries what it cannot read."`
	Agent   agentCmd   `cmd:"" help:"Run the agent beside the cameras, or say who may see them."`
	View    viewCmd    `cmd:"" help:"Serve the page from this machine, so that no server need be trusted for it."`
	Recover recoverCmd `cmd:"" help:"Get cameras back with the 24 words, when every device is lost."`
	Decode  decodeCmd  `cmd:"" help:"Decode an H.264 stream with Sealcam's own decoder."`
}

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// interrupted is the exit code of a command that was not done when a signal ended it, as shells have it for Ctrl-C. Server and agent run
// until then, so to them it is no error.
const interrupted = 130

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("sealcam"),
		kong.Description("See your cameras, and nobody else does."),
		kong.Vars{"version": versionText(static.Client())},
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
	level := slog.LevelError
	switch command.Selected().Name {
	case "server", "run":
		level = slog.LevelInfo
	case "demo", "view":
		level = slog.LevelWarn
	}
	if c.LogLevel != "" {
		if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
			fmt.Fprintln(stderr, "sealcam:", err)
			return 2
		}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	env := environment{
		stdin: newInput(stdin), stdout: stdout, stderr: stderr,
		log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})),
	}
	command.BindTo(ctx, (*context.Context)(nil))
	switch err := command.Run(env); {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr)
		return interrupted
	default:
		fmt.Fprintln(stderr, "sealcam:", err)
		return 1
	}
}

// environment is what every command gets beside its context.
type environment struct {
	stdin  *input
	stdout io.Writer // what was asked for, secrets among it
	stderr io.Writer // questions and progress
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
