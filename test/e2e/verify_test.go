//go:build e2e

package e2e

import (
	"testing"

	"github.com/sealcam/sealcam/camera/source"
	"github.com/sealcam/sealcam/test/browser"
)

// verifies makes crypto.subtle.verify do something else. The first three calls, which are known, are the page's test.
func verifies(source string) string {
	return `(() => {
		const original = SubtleCrypto.prototype.verify;
		let calls = 0;
		SubtleCrypto.prototype.verify = function (...args) {
			const known = ++calls <= 3, honest = () => original.apply(this, args), no = () => new DOMException("no", "OperationError");
			return (` + source + `)();
		};
	})()`
}

// Signatures are checked by the browser where it can, by Go where it cannot or gives no answer; what the browser calls forged is not shown.
func TestWhoVerifies(t *testing.T) {
	for _, test := range []struct {
		name, verify string
		want         string // what has to be true in the end
		blank        bool
	}{
		{"the browser", "honest", `sealcam.stats().verified > 10 && sealcam.stats().tiles[0].refused === (sealcam.stats().tiles[0].refusals.replayed ?? 0)`, false},
		{"fails later", "() => known ? honest() : Promise.reject(no())", `sealcam.stats().verified > 0`, false},
		{"answers no more", "() => known ? honest() : new Promise(() => {})", `sealcam.stats().verified === 0`, false},
		{"calls all forged", "async () => await honest() && known", `sealcam.stats().tiles[0].refusals["wrong signature"] > 10`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := startServer(t, nil)
			clock := source.NewClock()
			cam, _ := rtspCamera(t, 6, clock, nil)
			h := startAgent(t, n.address, nil, clock, cam)
			p := browser.Start(t).NewPage(browser.Script(verifies(test.verify)))
			p.Open(h.link(t))
			if test.blank {
				p.WaitFor(test.want, patience)
				p.WaitTiles(1, patience, browser.In(browser.Blank))
				return
			}
			p.WaitTiles(1, patience, browser.In(browser.Live))
			p.Sample(true)
			wantPictures(t, p.WaitSamples(patience, browser.Frames("", 2*clearly)), 6)
			p.WaitFor(test.want, patience)
			noExceptions(t, p)
		})
	}
}
