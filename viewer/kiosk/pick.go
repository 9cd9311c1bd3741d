package kiosk

import (
	"strings"

	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
)

// Pick returns the tiles that a link names, in its order, and the names that mean none of them. A name may stand for several cameras
// of that name; letters' case and spaces around them do not count. Without names it returns all.
func Pick(names []string, tiles []viewer.Tile) (picked []viewer.Tile, unknown []string) {
	if len(names) == 0 {
		return tiles, nil
	}
	taken := make([]bool, len(tiles))
	for _, name := range names {
		found := false
		for i := range tiles {
			if !means(name, &tiles[i]) {
				continue
			}
			found = true
			if !taken[i] {
				taken[i] = true
				picked = append(picked, tiles[i])
			}
		}
		if !found {
			unknown = append(unknown, name)
		}
	}
	return picked, unknown
}

func means(name string, t *viewer.Tile) bool {
	return strings.EqualFold(name, strings.TrimSpace(t.Name)) || strings.EqualFold(name, t.Key.Camera.String())
}

// Unknown says which names of a link mean no camera, and which cameras there are.
func Unknown(unknown []string, tiles []viewer.Tile) string {
	names := make([]string, len(tiles))
	for i := range tiles {
		names[i] = tiles[i].Name
	}
	return words.Sayf("No camera here is called %s. There are: %s. Change the name in the address of this display.", quoted(unknown), quoted(names))
}

func quoted(names []string) string {
	const most = 12
	var all []string
	for i, name := range names {
		if i == most {
			all = append(all, "…")
			break
		}
		all = append(all, words.Sayf("“%s”", brief(name)))
	}
	return words.List(all)
}
