package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sealcam/sealcam/camera/store"
)

type agentResetCmd struct {
	Yes bool `help:"Do not ask."`
}

// Run makes the agent a new one that nobody owns: for who lost every device and the 24 words.
func (c *agentResetCmd) Run(ctx context.Context, env environment, flags *agentFlags) error {
	dir := flags.State
	if dir == "" {
		conf, err := flags.configure()
		if err != nil {
			return err
		}
		dir = conf.State
	}
	if !c.Yes {
		answer, err := env.ask(ctx, fmt.Sprintf("This makes the agent in %s a new one, without an owner: every device that was let in loses its cameras, and the\n"+
			"24 words lose their use. (With the words use sealcam recover instead.) Stop the agent first. Type reset to go on:", dir))
		if err != nil || answer != "reset" {
			return givenUp(err)
		}
	}
	moved, err := store.Reset(dir, time.Now(), consoleKeyFile, consoleHomeFile)
	if err != nil {
		return err
	}
	if moved == "" {
		fmt.Fprintln(env.stdout, "There was nothing to reset.")
		return nil
	}
	fmt.Fprintf(env.stdout, "Done. What the agent was is kept in %s. Start the agent: it prints a link to claim it with.\n", moved)
	return nil
}
