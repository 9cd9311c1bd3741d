// Package catalogue reads the sentences of the languages that the page speaks: words/LANGUAGE/AREA.json, JSON objects with the English
// text as the key and its translation as the value. An area is a part of the program; all areas of a language make one catalogue.
//
// It imports the standard library only. Package static/pack packs what it reads, test/sentences checks it, viewer/words says it.
package catalogue
