// Package axe runs axe-core, the checks of accessibility that browsers' own tools use, in a page of a test.
//
// axe.min.js is that of axe-core 4.14.1, unchanged, under the Mozilla Public License 2.0: see LICENSE and LICENSE-3RD-PARTY.txt beside it.
// It is a part of the tests alone.
package axe

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/sealcam/sealcam/test/browser"
)

//go:embed axe.min.js
var source string

// Violation is a rule that a page breaks.
type Violation struct {
	Rule   string   // its name, such as "color-contrast"
	Impact string   // "serious" or "critical"
	Help   string   // what is to be
	Places []string // CSS selectors of the elements, with what is wrong there
}

// String names the rule and the places.
func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t%s", v.Rule, v.Impact, v.Help, strings.Join(v.Places, "\n\t"))
}

// The rules are those of WCAG 2.2, levels A and AA, and axe's own good practices. One that axe itself calls experimental is left out: a
// tile's button is named by its camera and state, and not by the clock and the age that tick on it.
const run = `axe.run(document, { resultTypes: ["violations"], rules: { "label-content-name-mismatch": { enabled: false } }, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) => ({
	Checked: r.passes.length + r.violations.length,
	Violations: r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => ({
		Rule: v.id, Impact: v.impact, Help: v.help,
		Places: v.nodes.map((n) => n.target.join(" ") + ": " + n.failureSummary.replace(/\s+/g, " ")),
	})),
}))`

// minRules is how many rules a run must have looked at something for, so that an empty page passes for nothing.
const minRules = 5

// Check runs the rules on the page as it is now, and returns the serious and critical violations.
func Check(p *browser.Page) ([]Violation, error) {
	browser.Eval[bool](p, `typeof axe === "object" || (() => {`+source+`; return typeof axe === "object"; })()`)
	result := browser.Eval[struct {
		Checked    int
		Violations []Violation
	}](p, run)
	if result.Checked < minRules {
		return nil, fmt.Errorf("axe: only %d rules found anything to look at", result.Checked)
	}
	return result.Violations, nil
}
