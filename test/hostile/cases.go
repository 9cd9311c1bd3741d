package hostile

import "slices"

// Cases returns every misbehaviour that is tried on the page in a browser.
func Cases() []Case { return slices.Concat(pictureCases(), frameCases(), sessionCases(), linkCases()) }
