// Package sentences finds every sentence that the page says, and holds the catalogues in static/words to them: none is missing in a
// language, none is left over, and each takes the same arguments as the English one.
package sentences
