package browser

import (
	"slices"
	"time"
)

// NoteTiles has the page note what each tile says from now on, whenever that changes, so that a state which passes by itself is not missed
// between two looks.
func (p *Page) NoteTiles() {
	p.tb.Helper()
	Eval[bool](p, `(() => {
		globalThis.__notedTiles?.observer.disconnect();
		const noted = globalThis.__notedTiles = { tiles: [], last: new Map(), observer: new MutationObserver(() => noted.look()) };
		noted.look = () => {
			for (const tile of `+tilesJS+`) {
				const key = [tile.State, tile.Reason, tile.Text].join("\n");
				if (noted.last.get(tile.Camera) === key) continue;
				noted.last.set(tile.Camera, key);
				noted.tiles.push(tile);
			}
		};
		noted.observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["data-state", "data-reason", "aria-label"] });
		noted.look();
		return true;
	})()`)
}

// WaitNoted waits until a tile satisfies the condition, or did since NoteTiles.
func (p *Page) WaitNoted(timeout time.Duration, condition func(Tile) bool) {
	p.tb.Helper()
	noted, ok := poll(p, timeout, func() ([]Tile, bool) {
		noted, err := tryEval[[]Tile](p, "__notedTiles.tiles")
		return noted, err == nil && slices.ContainsFunc(noted, condition)
	})
	if !ok {
		p.tb.Fatalf("no tile was as expected within %v: %+v", timeout, noted)
	}
}
