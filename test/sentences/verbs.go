package sentences

import (
	"regexp"
	"slices"
	"strconv"
)

// verb is one of package fmt, with an index or without.
var verb = regexp.MustCompile(`%(?:\[(\d+)\])?([-+# 0-9.]*[a-zA-Z%])`)

// Verbs returns the arguments that a format takes, each as its number and its verb, sorted: "1s".
func Verbs(format string) []string {
	var verbs []string
	next := 1
	for _, m := range verb.FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		verbs = append(verbs, strconv.Itoa(next)+m[2])
		next++
	}
	slices.Sort(verbs)
	return slices.Compact(verbs)
}
