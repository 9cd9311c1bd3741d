// Command trust measures what the product's promise costs: `./build.sh bench trust`. One JSON object a measurement goes to standard
// output, progress to standard error.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/sealcam/sealcam/test/adversary"
	"github.com/sealcam/sealcam/test/bench/trust/measure"
)

// patience bounds a failure; it measures nothing.
const patience = time.Minute

// options are the command line's.
type options struct {
	moves, claims, revocations int
}

// part is one of the measurements, which may give several results.
type part struct {
	name string
	run  func(context.Context, *slog.Logger, options) ([]measure.Result, error)
}

var parts = []part{
	{"core", func(ctx context.Context, _ *slog.Logger, _ options) ([]measure.Result, error) {
		return measure.Core(ctx, "native")
	}},
	{"network", network},
	{"page", inPage},
	{"start", start10k},
	{"claim", claimToPicture},
	{"revoke", revokeToBlank},
	{"states", states},
}

func main() {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	var o options
	flag.IntVar(&o.moves, "moves", 5, "longest sequence of the exhaustive search")
	flag.IntVar(&o.claims, "claims", 7, "how often to measure from claim to picture")
	flag.IntVar(&o.revocations, "revocations", 50, "how often to measure from revocation to blank")
	only := flag.String("only", "", "one of "+strings.Join(names, ", ")+"; all if empty")
	flag.Parse()
	if *only != "" && !slices.Contains(names, *only) {
		fmt.Fprintln(os.Stderr, "trust: -only takes one of", strings.Join(names, ", "))
		os.Exit(2)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	failed := false
	for _, p := range parts {
		if *only != "" && *only != p.name {
			continue
		}
		log.Info("measuring", "part", p.name)
		results, err := p.run(ctx, log, o)
		if err != nil {
			log.Error("not measured", "part", p.name, "error", err)
			failed = true
		}
		for _, r := range results {
			if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
				log.Error(err.Error())
				os.Exit(1)
			}
		}
	}
	if failed {
		os.Exit(1)
	}
}

// states searches what a hostile server can do, with steady clocks and with an agent's clock set back, and counts the states.
func states(ctx context.Context, _ *slog.Logger, o options) ([]measure.Result, error) {
	r := measure.Result{Bench: "trust", Name: "adversary_states", Target: "native", Moves: o.moves}
	begin := time.Now()
	for _, plan := range []adversary.ClockPlan{adversary.Steady, adversary.SetBack} {
		found, err := adversary.Search(ctx, adversary.Options{Moves: o.moves, Clocks: plan})
		if err != nil {
			return nil, err
		}
		r.Count += found.States
		if found.Broken != "" {
			r.Broken = found.Broken
			return []measure.Result{r}, fmt.Errorf("a promise was broken: %s", found.Broken)
		}
	}
	r.Seconds = time.Since(begin).Round(time.Millisecond).Seconds()
	return []measure.Result{r}, nil
}
