// Package diagnosis tells what is going on, for the diagnostics panel and for a report that people can give away: numbers, states and
// versions. No key, token, topic, link, address, name or whole id goes into it. The values are made from numbers and from words of this
// program's own; texts that come from elsewhere are either left out or, where the browser tells of itself, cleaned.
//
// It imports viewer, viewer/words and the standard library.
package diagnosis
