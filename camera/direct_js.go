package camera

// newDirectPath refuses: a browser's peer connection carries what its own encoder made, and frames that were sealed elsewhere only behind
// such frames' backs, one for one. The relay carries everything.
func newDirectPath(directConfig) (directPath, error) { return nil, errNoDirect }
