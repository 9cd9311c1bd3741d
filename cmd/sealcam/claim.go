package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer"
)

// errGivenUp ends a command whose question was not answered with yes.
var errGivenUp = errors.New("nothing was done")

func givenUp(err error) error {
	if err != nil {
		return err
	}
	return errGivenUp
}

type agentClaimCmd struct {
	Link string `arg:"" optional:"" help:"The link that the agent printed. It is asked for if left out, so that it stands in no list of processes."`
}

// Run makes this command line the first owner.
func (c *agentClaimCmd) Run(ctx context.Context, env environment, flags *agentFlags) error {
	console, err := openConsole(flags)
	if err != nil {
		return err
	}
	if console.home.Agent == console.agent {
		return &sentence{"This command line is an owner already: sealcam agent devices shows who else is."}
	}
	if c.Link == "" {
		if c.Link, err = env.ask(ctx, "Paste the link that the agent printed:"); err != nil {
			return err
		}
	}
	agent, secret, err := pairing.ParseFragment(fragment(c.Link))
	if err != nil {
		return linkError(err)
	}
	if agent != console.agent {
		return &sentence{"This link is of another agent than the one in this state folder: copy the link that this agent printed last, or name the right folder with -state."}
	}
	if err := console.named(); err != nil {
		return err
	}
	root, err := identity.GenerateRoot(nil)
	if err != nil {
		return err
	}
	if err := env.teachPhrase(ctx, root); err != nil {
		return err
	}
	genesis, err := grant.Genesis(root, console.key.Public(), console.name(), time.Now())
	if err != nil {
		return err
	}
	cfg := viewer.Config{Claim: &viewer.Claim{Agent: agent, Secret: secret, Genesis: genesis}}
	err = console.visit(ctx, env, cfg, func(ctx context.Context, v *viewer.Viewer) error {
		_, err := console.trust(ctx, v)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w\nNothing was claimed, so the 24 words are of no use: throw them away", err)
	}
	fmt.Fprintln(env.stdout, "Done: this command line owns these cameras. To see them, let your browser in as an owner:\n\n  sealcam agent invite \"My phone\" -role owner")
	return nil
}

// fragment returns what stands behind the # of a link, or all of it.
func fragment(link string) string {
	if _, after, ok := strings.Cut(link, "#"); ok {
		return after
	}
	return strings.TrimSpace(link)
}

// linkError makes what is wrong with a link fit to be shown.
func linkError(err error) error {
	if errors.Is(err, pairing.ErrNoLink) {
		return &sentence{"This is no link of that kind: copy the whole line that begins with https:// or http://."}
	}
	return &sentence{sentenceOf(strings.TrimPrefix(err.Error(), "pairing: "))}
}

func sentenceOf(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }

const (
	askedWords = 3
	wordTries  = 3
)

// teachPhrase shows the recovery phrase and asks for three of its words, so that it is on paper before it is needed. The words go to
// standard output and nowhere else; a terminal is cleared of them afterwards.
func (e *environment) teachPhrase(ctx context.Context, root identity.RootKey) error {
	words := strings.Fields(root.Phrase())
	fmt.Fprintf(e.stdout, "\nWrite these %d words on paper, in their order, and keep it where only you can get at it. They bring your cameras back\n"+
		"if every device is lost, and they give them to whoever else reads them. They are shown this once.\n\n", len(words))
	for row := range len(words) / 4 {
		for column := range 4 {
			n := row + column*len(words)/4
			fmt.Fprintf(e.stdout, "  %2d %-9s", n+1, words[n])
		}
		fmt.Fprintln(e.stdout)
	}
	fmt.Fprintln(e.stdout)
	asked, err := pick(askedWords, len(words))
	if err != nil {
		return err
	}
	for _, n := range asked {
		for try := 1; ; try++ {
			answer, err := e.ask(ctx, fmt.Sprintf("From your paper, word %d:", n+1))
			if err != nil {
				return err
			}
			if strings.EqualFold(answer, words[n]) {
				break
			}
			if try == wordTries {
				return &sentence{"That was not the word. Nothing was claimed; begin again, and write down the new words that are shown then."}
			}
			fmt.Fprintf(e.stderr, "That is not word %d. Look at your paper again.\n", n+1)
		}
	}
	if isTerminal(e.stdout) {
		fmt.Fprint(e.stdout, "\x1b[H\x1b[2J\x1b[3J") // the screen and what can be scrolled back to
	}
	return nil
}

// pick returns k different numbers below n, ascending.
func pick(k, n int) ([]int, error) {
	var picked []int
	for len(picked) < k {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
		if err != nil {
			return nil, err
		}
		if j := int(i.Int64()); !slices.Contains(picked, j) {
			picked = append(picked, j)
		}
	}
	slices.Sort(picked)
	return picked, nil
}
